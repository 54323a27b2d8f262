"""How many datagrams a second the agent takes without loss on one processor.

Each receiver runs in a process of its own, pinned to one processor; this process sends datagrams of
1.2 KB from another one, at rising rates. A rate holds when every datagram arrives and none waits
longer than 50 ms after the last was sent, so that the socket's buffer hides nothing. The machine
has to be quiet: what else runs on its processors lowers the rates at once, CPU a datagram less so.

asyncio reads into 256 KiB that it allocates for each datagram. Where the C library gives them back
to the kernel each time, two page faults a datagram make it four times as slow; whether it does
depends on the program's heap, so the faults are part of the table. To see the slow case, set
`MALLOC_TRIM_THRESHOLD_` and `MALLOC_MMAP_THRESHOLD_` to 131072.

Then `fluoro agent` is started without a server, and its memory read when idle and with a full
buffer.

    .venv/bin/python benchmarks/agent_receive.py
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import httpx2

from fluoro.agent.batcher import Batcher
from fluoro.agent.counts import Counts
from fluoro.agent.forwarder import Forwarder
from fluoro.agent.receiver import Receiver, granted_bytes, kernel_drops, open_socket
from fluoro.agent.settings import AgentSettings

DATAGRAM_BYTES = 1200
FIRST_RATE = 30_000
STEP_RATIO = 1.4
LARGEST_LAG_S = 0.05
TRIAL_S = 0.5
QUIET_S = 0.2
BURSTS_A_SECOND = 1000
MOST_AT_ONCE = 500
TRIES = 3
"""Others use this machine, too: a rate is lost when it was lost so often."""


class Trial(NamedTuple):
    """What came of one rate."""

    sent: int
    sent_rate: float
    received: int
    drops: int
    lag_s: float
    cpu_us: float
    """Of the receiving process, a datagram."""
    faults: float
    """Page faults of the receiving process, a datagram."""

    @property
    def is_held(self) -> bool:
        """Whether nothing was lost and nothing piled up."""
        return self.received == self.sent and self.lag_s < LARGEST_LAG_S


class Tally:
    """How many datagrams arrived, and when the last one did."""

    def __init__(self) -> None:
        self.received = 0
        self.last_s = 0.0

    def add(self, count: int) -> None:
        """Some more, now."""
        self.received += count
        self.last_s = time.monotonic()


def raise_(error: Exception) -> None:
    """What the agent logs ends a benchmark."""
    raise error


Run = Callable[[socket.socket, Tally, threading.Event], None]


def thread(opened: socket.socket, tally: Tally, stop: threading.Event) -> None:
    """The agent's receive thread alone."""
    receiver = Receiver(opened, lambda datagrams: tally.add(len(datagrams)), raise_)
    receiver.start()
    stop.wait()
    receiver.stop()


def protocol(opened: socket.socket, tally: Tally, stop: threading.Event) -> None:
    """What asyncio offers for the same."""

    class Counting(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002
            tally.add(1)

    async def run() -> None:
        opened.setblocking(False)  # noqa: FBT003  the standard library's own
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Counting, sock=opened
        )
        await asyncio.to_thread(stop.wait)
        transport.abort()

    asyncio.run(run())


def whole(opened: socket.socket, tally: Tally, stop: threading.Event) -> None:
    """Receive thread, header check, batches, JSON and zstd; only the network is missing."""

    def take(_request: httpx2.Request) -> httpx2.Response:
        headers = {"Accept-Encoding": "zstd"}
        return httpx2.Response(200, json={"UnprocessedTraceSegments": []}, headers=headers)

    async def run() -> None:
        settings, counts = AgentSettings(), Counts()
        batcher = Batcher(settings, settings.buffer_bytes, counts, time.monotonic)
        loop = asyncio.get_running_loop()

        def add(datagrams: list[bytes]) -> None:
            batcher.add(datagrams)
            tally.add(len(datagrams))

        def hand_over(datagrams: list[bytes]) -> None:
            loop.call_soon_threadsafe(add, datagrams)

        receiver = Receiver(opened, hand_over, raise_)
        transport = httpx2.MockTransport(take)
        async with httpx2.AsyncClient(transport=transport, base_url="http://nobody") as client:
            forwarder = Forwarder(client, batcher, counts)
            senders = [
                asyncio.create_task(forwarder.send_for_ever()) for _ in range(settings.senders)
            ]
            receiver.start()
            await asyncio.to_thread(stop.wait)
            await asyncio.to_thread(receiver.stop)
            batcher.flush()
            while counts.buffered:  # noqa: ASYNC110  at the end only
                await asyncio.sleep(0.01)
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
        if counts.forwarded != tally.received:
            sys.exit(f"the agent lost documents: {counts}")

    asyncio.run(run())


def receive(run: Run, processor: int, parent: Connection) -> None:
    """The receiving process: say the port, receive until told to stop, say what came."""
    os.sched_setaffinity(0, {processor})
    opened = open_socket("127.0.0.1", 0, AgentSettings().receive_buffer_bytes)
    tally, stop = Tally(), threading.Event()
    drops: list[int] = []

    def wait() -> None:
        parent.recv()
        drops.append(kernel_drops(opened))
        stop.set()

    threading.Thread(target=wait).start()
    parent.send((opened.getsockname()[1], granted_bytes(opened)))
    cpu_before_s, faults_before = time.process_time(), page_faults()
    run(opened, tally, stop)
    cpu_s, faults = time.process_time() - cpu_before_s, page_faults() - faults_before
    parent.send((tally.received, drops[0], tally.last_s, cpu_s, faults))


def page_faults() -> int:
    """Of this process so far, those that needed no disk."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def memory() -> tuple[int, int, int]:
    """Resident bytes of a running agent: idle, with a full buffer; and that buffer's size."""
    free, buffer_bytes = "127.0.0.1:0", AgentSettings().buffer_bytes
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        upstream = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    program = [str(Path(sys.executable).with_name("fluoro")), "agent", "--json"]
    doors = [f"--{door}-address={free}" for door in ("udp", "tcp", "admin")]
    process = subprocess.Popen(
        [*program, *doors, f"--upstream={upstream}", "--flush-deadline-s=0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        if process.stdout is None or not (line := process.stdout.readline()):
            sys.exit("the agent did not start")
        port = int(json.loads(line)["agent"].rpartition(":")[2])
        time.sleep(QUIET_S)
        idle_bytes = resident_bytes(process.pid)
        for _ in range(int(buffer_bytes * 1.2 / DATAGRAM_BYTES / FIRST_RATE / TRIAL_S) + 1):
            send(port, FIRST_RATE)
        time.sleep(QUIET_S)
        return idle_bytes, resident_bytes(process.pid), buffer_bytes
    finally:
        process.terminate()
        process.wait(60)


def resident_bytes(pid: int) -> int:
    """Memory of a process that is not swapped out."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def send(port: int, rate: int) -> tuple[int, float, float]:
    """Send at a rate, as far as this processor can: count, seconds, moment of the end."""
    datagram = b'{"format":"json","version":1}\n{"pad":"'.ljust(DATAGRAM_BYTES - 2, b"x") + b'"}'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        put, now, sent = sender.send, time.monotonic, 0
        least = max(1, rate // BURSTS_A_SECOND)
        began = now()
        while (elapsed := now() - began) < TRIAL_S:
            due = min(int(elapsed * rate) - sent, MOST_AT_ONCE)
            if due >= least:
                for _ in range(due):
                    put(datagram)
                sent += due
        end = now()
    return sent, end - began, end


def trial(run: Run, rate: int, processor: int) -> Trial:
    """One rate against a fresh receiver."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=receive, args=(run, processor, theirs))
    process.start()
    theirs.close()
    port, _ = ours.recv()
    time.sleep(QUIET_S)
    sent, took_s, end_s = send(port, rate)
    time.sleep(QUIET_S)
    ours.send(None)
    received, drops, last_s, cpu_s, faults = ours.recv()
    process.join()
    each = max(received, 1)
    lag_s, cpu_us = last_s - end_s, cpu_s / each * 1e6
    return Trial(sent, sent / took_s, received, drops, lag_s, cpu_us, faults / each)


def best(run: Run, most_rate: int, processor: int) -> tuple[Trial | None, str]:
    """The trial with the highest rate that held, and what the limit was."""
    held, rate = None, FIRST_RATE
    while rate <= most_rate:
        for _ in range(TRIES):
            found = trial(run, rate, processor)
            is_sent = found.sent_rate > rate / STEP_RATIO
            if found.is_held and is_sent:
                break
        else:
            return held, "the receiver" if is_sent else "the sender"
        held, rate = found, int(rate * STEP_RATIO)
    return held, "--most-rate"


def main() -> None:
    """Measure each receiver and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--most-rate", type=int, default=500_000, help="datagrams a second")
    arguments = options.parse_args()
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) == 1:
        sys.exit("sender and receiver need a processor each")
    os.sched_setaffinity(0, {processors[-1]})
    rows: tuple[tuple[str, Run, str], ...] = (
        ("asyncio DatagramProtocol", protocol, "20k/s, 19 µs"),
        ("receive thread", thread, "130-200k/s, 1.5-2.9 µs"),
        ("whole agent but the network", whole, "under 10 µs"),
    )
    print(f"datagrams of {DATAGRAM_BYTES} B, one processor for the receiver\n")
    print("| receiver | without loss | limit | ratio | CPU, page faults a datagram | prototype |")
    print("| --- | --- | --- | --- | --- | --- |")
    first = None
    for name, run, prototype in rows:
        found, limit = best(run, arguments.most_rate, processors[0])
        if found is None:
            print(f"| {name} | below {FIRST_RATE:,}/s | {limit} | | | {prototype} |")
            continue
        first = first or found
        cost = f"{found.cpu_us:.1f} µs, {found.faults:.1f}"
        print(
            f"| {name} | {found.sent_rate:,.0f}/s | {limit} "
            f"| {found.sent_rate / first.sent_rate:.1f} | {cost} | {prototype} |",
            flush=True,
        )
    idle_bytes, full_bytes, buffer_bytes = memory()
    print(
        "\n| resident memory of `fluoro agent` | measured | prototype |\n| --- | --- | --- |\n"
        f"| idle | {idle_bytes / 1e6:.0f} MB | not measured |\n"
        f"| buffer of {buffer_bytes / 1e6:.0f} MB full | {full_bytes / 1e6:.0f} MB | not measured |"
    )


if __name__ == "__main__":
    main()
