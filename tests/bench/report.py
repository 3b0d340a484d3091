"""The figures of a run as one report: on the screen, and in var/bench/report.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from bot.settings import Settings

_written: list[str] = []


class Figure(NamedTuple):
    """A line: ours, what it is held against, and the bar for their ratio (`most` or `least`)."""

    name: str
    ours: float
    beside: float | None = None
    most: float | None = None
    least: float | None = None
    unit: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.beside if self.beside else None

    @property
    def verdict(self) -> str:
        if self.ratio is None or (self.most is None and self.least is None):
            return ""
        holds = self.ratio <= self.most if self.most is not None else self.ratio >= self.least
        return "holds" if holds else "MISSED"

    @property
    def cells(self) -> list[str]:
        bar = f"≤ {self.most:g}" if self.most is not None else ""
        bar = f"≥ {self.least:g}" if self.least is not None else bar
        beside = "" if self.beside is None else f"{self.beside:,.1f} {self.unit}".strip()
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return [
            self.name,
            f"{self.ours:,.1f} {self.unit}".strip(),
            beside,
            ratio,
            bar,
            self.verdict,
        ]


def show(title: str, beside: str, figures: Iterable[Figure]) -> None:
    """Print a table of figures, and add it to the report."""
    heads = ["", "the desk", beside, "ratio", "bar", ""]
    table = Table(title=title)
    for head in heads:
        table.add_column(head, justify="left" if not head else "right")
    lines = [f"## {title}", "", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for figure in figures:
        table.add_row(*figure.cells)
        lines.append("| " + " | ".join(figure.cells) + " |")
    Console(width=110).print(table)
    _written.extend([*lines, ""])
    path = Settings.load().folder / "bench" / "report.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["# Benchmarks of one run", "", *_written]))


def percentile(times: list[float], share: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[share - 1]
