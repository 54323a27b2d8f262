import pytest

from fluoro.graph.histogram import Histogram, bucket_of, lower_us, middle_us, upper_us


@pytest.mark.parametrize(
    ("us", "bucket"), [(0, 0), (1, 0), (2, 8), (3, 12), (1000, 79), (1024, 80), (2**40, 320)]
)
def test_a_doubling_has_eight_buckets(us, bucket):
    """Bucket floor(8·log2(max(us, 1)))."""
    assert bucket_of(us) == bucket


@pytest.mark.parametrize("us", [1, 2, 3, 7, 999, 1000, 60_000_000])
def test_a_duration_lies_within_its_bucket(us):
    """Lower bound in, upper bound out."""
    bucket = bucket_of(us)
    assert lower_us(bucket) <= us < upper_us(bucket)


def test_buckets_touch():
    """One ends where the next begins, and its middle is the geometric one."""
    assert upper_us(79) == lower_us(80)
    assert middle_us(80) ** 2 == pytest.approx(lower_us(80) * upper_us(80))


def test_a_total_adds_counts():
    """Keys of any side are in the sum, and ascend."""
    parts = [Histogram.of({3: 1, 1: 2}), Histogram(), Histogram.of({3: 4, 2: 1})]
    assert Histogram.total(parts) == Histogram([1, 2, 3], [2, 1, 5])


def test_what_counts_nothing_is_left_out():
    """A difference may make a key count 0."""
    assert Histogram.of({8: 0, 4: 1}) == Histogram([4], [1])
    assert Histogram.total([Histogram([4], [1]), Histogram([4], [-1])]) == Histogram()


def test_a_tally_counts_what_comes():
    """In any order."""
    assert Histogram.tally([7, 5, 7]) == Histogram([5, 7], [1, 2])


def test_a_quantile_is_the_middle_of_the_bucket_that_reaches_it():
    """Half of ten durations lies in the first bucket, nine tenths don't."""
    histogram = Histogram.of({80: 5, 88: 4, 96: 1})
    assert histogram.quantile_us(0.5) == middle_us(80)
    assert histogram.quantile_us(0.51) == middle_us(88)
    assert histogram.quantile_us(0.99) == middle_us(96)
    assert histogram.quantile_us(1) == middle_us(96)
    assert histogram.quantile_us(0) == middle_us(80)


def test_a_bucket_without_a_count_is_no_quantile():
    """Zero counts come from differences."""
    assert Histogram.of({8: 0, 16: 1}).quantile_us(0) == middle_us(16)


@pytest.mark.parametrize("counts", [{}, {8: 0}])
def test_nothing_has_no_quantile(counts):
    """None, not zero."""
    assert Histogram.of(counts).quantile_us(0.5) is None
