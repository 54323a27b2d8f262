"""The UDP door: one thread that blocks in `recv` and hands over lists of datagrams.

A plain blocking loop costs less than half the CPU of asyncio's DatagramProtocol, and no work of the
event loop delays it. Source: spec of the performance design, section 1;
`benchmarks/agent_receive.py` measures it again.
"""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

DATAGRAM_BYTES = 65_536
_BATCH_DATAGRAMS = 256
_BATCH_S = 0.01
_LONGEST_END_S = 2.0
"""Some senders never pause: their kernel keeps sending to an agent that ends."""

_SO_RCVBUFFORCE = 33
_BATCH, _QUIET = struct.pack("ll", 0, 10_000), struct.pack("ll", 0, 200_000)
"""10 ms and 200 ms as the kernel's timeval."""

Deliver = Callable[[list[bytes]], None]
Failed = Callable[[Exception], None]


def open_socket(host: str, port: int, receive_buffer_bytes: int) -> socket.socket:
    """A bound UDP socket with as large a buffer as the kernel grants; `::` takes IPv4 as well.

    Raises:
        OSError: The address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET  # a name is that of the TCP door
    found = socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM)
    _, kind, protocol, _, address = found[0]
    opened = socket.socket(family, kind, protocol)
    try:
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_buffer_bytes)
        except PermissionError:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        opened.bind(address)
    except BaseException:
        opened.close()
        raise
    return opened


def granted_bytes(opened: socket.socket) -> int:
    """The socket's buffer, the kernel's own overhead included."""
    return opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def kernel_drops(opened: socket.socket) -> int:
    """Datagrams that the kernel dropped because the socket's buffer was full."""
    inode = str(os.fstat(opened.fileno()).st_ino)
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[9] == inode:
                    return int(fields[12])
    return 0


class Receiver:
    """Receives until it is stopped.

    On the receiving thread `deliver` is called with what came, and `failed` with the error that
    ends the thread although nobody stopped it.
    """

    def __init__(self, opened: socket.socket, deliver: Deliver, failed: Failed) -> None:
        self._socket = opened
        self._deliver = deliver
        self._failed = failed
        self._end_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()

    def stop(self, longest_s: float = _LONGEST_END_S) -> None:
        """Take what the socket still holds, until it has been empty for 200 ms; then end.

        Args:
            longest_s: End after this time even if datagrams keep coming.
        """
        self._end_s = time.monotonic() + longest_s
        self._thread.join()

    def _wait_at_most(self, timeout: bytes) -> None:
        """Let the kernel end a `recv`: Python's own time-outs cost a second call a datagram."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)

    def _run(self) -> None:
        try:
            self._receive()
        except Exception as error:  # noqa: BLE001  the supervisor hears of any
            self._failed(error)

    def _receive(self) -> None:
        receive, now = self._socket.recv, time.monotonic
        while self._end_s is None or now() < self._end_s:
            self._wait_at_most(_QUIET)
            try:
                datagrams = [receive(DATAGRAM_BYTES)]
            except BlockingIOError:
                if self._end_s is not None:
                    return
                continue
            self._wait_at_most(_BATCH)
            until_s = now() + _BATCH_S
            with contextlib.suppress(BlockingIOError):
                while len(datagrams) < _BATCH_DATAGRAMS and now() < until_s:
                    datagrams.append(receive(DATAGRAM_BYTES))
            self._deliver(datagrams)
