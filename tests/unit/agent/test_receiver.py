import socket
import threading

import pytest

from fluoro.agent.receiver import DATAGRAM_BYTES, Receiver, granted_bytes, kernel_drops, open_socket

LIMIT_S = 10


class Heap:
    """What a receiver handed over, and how it failed."""

    def __init__(self):
        self.lists, self.failures = [], []
        self.changed = threading.Condition()

    def deliver(self, datagrams):
        with self.changed:
            self.lists.append(datagrams)
            self.changed.notify_all()

    def fail(self, error):
        with self.changed:
            self.failures.append(error)
            self.changed.notify_all()

    @property
    def datagrams(self):
        return [datagram for found in self.lists for datagram in found]

    def until(self, claim):
        with self.changed:
            assert self.changed.wait_for(claim, LIMIT_S)


@pytest.fixture
def opened():
    with open_socket("127.0.0.1", 0, 4 << 20) as opened:
        yield opened


@pytest.fixture
def sender(opened):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(opened.getsockname())
        yield sender


def test_everything_below_the_buffer_is_handed_over_in_order(opened, sender):
    """Also what was sent before the thread began and what lies in the socket when it ends."""
    heap = Heap()
    receiver = Receiver(opened, heap.deliver, heap.fail)
    sent = [b"%d" % number for number in range(600)]
    for datagram in sent[:300]:
        sender.send(datagram)
    receiver.start()
    heap.until(lambda: len(heap.datagrams) == 300)
    for datagram in sent[300:]:
        sender.send(datagram)
    receiver.stop()
    assert heap.datagrams == sent
    assert max(map(len, heap.lists)) <= 256
    assert kernel_drops(opened) == 0
    assert heap.failures == []


def test_datagrams_of_any_length_arrive_whole(opened, sender):
    """From none to the most that IPv4 carries."""
    heap = Heap()
    receiver = Receiver(opened, heap.deliver, heap.fail)
    receiver.start()
    sent = [b"", b"x", b"y" * 65_507]
    for datagram in sent:
        sender.send(datagram)
    receiver.stop()
    assert heap.datagrams == sent
    assert max(map(len, sent)) < DATAGRAM_BYTES


def test_a_single_datagram_waits_for_no_others(opened, sender):
    """A quiet service's segment goes on as soon as ten milliseconds are over."""
    heap = Heap()
    receiver = Receiver(opened, heap.deliver, heap.fail)
    receiver.start()
    sender.send(b"alone")
    heap.until(lambda: heap.lists)
    receiver.stop()
    assert heap.lists == [[b"alone"]]


def test_an_error_that_ends_the_thread_is_told(opened, sender):
    """Nobody would notice a deaf agent otherwise."""
    heap = Heap()
    error = RuntimeError("the loop is closed")

    def deliver(datagrams):
        raise error

    receiver = Receiver(opened, deliver, heap.fail)
    receiver.start()
    sender.send(b"hello")
    heap.until(lambda: heap.failures)
    receiver.stop()
    assert heap.failures == [error]


def test_it_ends_although_datagrams_keep_coming(opened, sender):
    """After the longest time it was given."""
    heap, ended = Heap(), threading.Event()

    def keep_sending():
        while not ended.is_set():
            sender.send(b"again")
            ended.wait(0.001)

    receiver = Receiver(opened, heap.deliver, heap.fail)
    sending = threading.Thread(target=keep_sending)
    receiver.start()
    sending.start()
    receiver.stop(longest_s=0.1)
    ended.set()
    sending.join()
    assert heap.failures == []


def test_drops_of_the_kernel_are_its_own(opened, sender):
    """What the socket's buffer had no room for is read from the kernel, who alone knows."""
    with open_socket("127.0.0.1", 0, 4096) as small:
        assert granted_bytes(small) < granted_bytes(opened)
        sender.connect(small.getsockname())
        for _ in range(100):
            sender.send(b"x" * 1000)
        heap = Heap()
        receiver = Receiver(small, heap.deliver, heap.fail)
        receiver.start()
        receiver.stop()
        assert kernel_drops(small) == 100 - len(heap.datagrams) > 0
    assert kernel_drops(opened) == 0
