"""Metrics as text for a scraper. Source: Prometheus text exposition format, version 0.0.4."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})


class Sample(msgspec.Struct, frozen=True):
    """One number of a metric; its labels tell it from the others."""

    value: float
    labels: Mapping[str, str] = {}


class Metric(msgspec.Struct, frozen=True):
    """A metric and its numbers; a counter's name ends in `_total`."""

    name: str
    kind: Literal["counter", "gauge"]
    text: str
    """What it counts, one sentence."""
    samples: Sequence[Sample]


def render(metrics: Iterable[Metric]) -> str:
    """The page that a scraper reads; a metric without numbers is there by its head."""
    return "".join(line for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterable[str]:
    yield f"# HELP {metric.name} {metric.text.translate(_HELP_ESCAPES)}\n"
    yield f"# TYPE {metric.name} {metric.kind}\n"
    for sample in metric.samples:
        labels = ",".join(
            f'{name}="{value.translate(_ESCAPES)}"' for name, value in sample.labels.items()
        )
        place = f"{{{labels}}}" if labels else ""
        yield f"{metric.name}{place} {sample.value!r}\n"
