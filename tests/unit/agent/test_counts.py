from fluoro.agent.counts import Counts, is_worth_a_line


def test_the_equation_holds_only_when_every_document_is_counted():
    """Received = forwarded + rejected + dropped + buffered."""
    counts = Counts(received=5, forwarded=1, buffered=1)
    counts.rejected["empty"] = 2
    assert not counts.is_closed
    counts.dropped["stopped"] = 1
    assert counts.is_closed


def test_a_flood_writes_few_lines():
    """A line at 1, 2, 4, 8, …, also when a count jumps over one of them."""
    worth = [count for count in range(1, 1001) if is_worth_a_line(count - 1, count)]
    assert worth == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert is_worth_a_line(3, 7)
    assert not is_worth_a_line(4, 7)
