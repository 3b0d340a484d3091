"""What the readings of the evaluation messages come to, as numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import f1_score

from evaluation.messages import WRITTEN_ON, EvaluationMessage
from evaluation.reading import Reading
from knowledge.base import KnowledgeBase
from knowledge.facts import decode_value

FALSE_REFUSALS = 0.02
SHORT = 20  # characters

Pair = tuple[EvaluationMessage, Reading]


class Share(NamedTuple):
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else float("nan")

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.hits} of {self.of})"


class Found(NamedTuple):
    """Facts that were told and read, read and not told, told and not read."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else float("nan")

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else float("nan")

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed)


def act_f1(pairs: Sequence[Pair]) -> float:
    """Macro F1 over the acts; where several are right, reading one of them is."""
    right = [m.act if r.act not in m.acts else r.act for m, r in pairs]
    return float(f1_score(right, [r.act for _, r in pairs], average="macro", zero_division=0))


def service_at(pairs: Iterable[Pair], k: int) -> Share:
    """How often a right service is among the first `k`; "not ours" counts as one of them."""
    about = [(m, r) for m, r in pairs if m.services and not m.asked]
    return Share(sum(bool(m.services & set(_ranked(r)[:k])) for m, r in about), len(about))


def _ranked(reading: Reading) -> list[str]:
    return [service for service, _ in reading.services]


def facts_found(pairs: Iterable[Pair], base: KnowledgeBase) -> dict[str, Found]:
    """By kind of fact, and as "all": what was read of what the messages tell."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for message, reading in pairs:
        told, also = _decoded(message.facts, base), _decoded(message.facts_also, base)
        read = _decoded(reading.facts, base)
        if "city" in told and "province" not in told:
            read.pop("province", None)  # who says Bucheon has said Gyeonggi
        for name in told.keys() | read.keys():
            outcomes = []
            right = name in told and read.get(name) == told[name]
            may_be_read = name not in told and read.get(name) == also.get(name)
            if name in read and not right and not may_be_read:
                outcomes.append("wrong")
            if name in told:
                outcomes.append("right" if right else "missed")
            counts[base.facts[name].kind].update(outcomes)
            counts["all"].update(outcomes)
    return {
        kind: Found(count["right"], count["wrong"], count["missed"])
        for kind, count in sorted(counts.items(), key=lambda item: -sum(item[1].values()))
    }


def _decoded(facts: dict[str, Any], base: KnowledgeBase) -> dict[str, Any]:
    return {
        name: str(decode_value(base.facts[name], value, WRITTEN_ON)).casefold()
        for name, value in facts.items()
    }


def refused(pairs: Iterable[Pair], scope: str | None = None) -> Share:
    """How many messages of a scope (None: all that are not ours) the desk refuses as it stands."""
    first = [
        (m, r)
        for m, r in pairs
        if not m.asked and not m.urgent and (m.scope == scope if scope else m.scope != "ours")
    ]
    return Share(sum("out_of_scope" in r.cards for _, r in first), len(first))


def refused_at(pairs: Iterable[Pair], false_refusals: float = FALSE_REFUSALS) -> Share:
    """How much of what is not ours is found where at most this share of ours would be refused."""
    pairs = [(m, r) for m, r in pairs if not m.asked and (m.service or m.scope != "ours")]
    ours = sorted((r.not_ours for m, r in pairs if m.scope == "ours"), reverse=True)
    others = [r.not_ours for m, r in pairs if m.scope != "ours" and not m.urgent]
    threshold = ours[int(len(ours) * false_refusals)] if ours else 0.0
    return Share(sum(p > threshold for p in others), len(others))


def urgent_raised(pairs: Iterable[Pair]) -> Share:
    urgent = [r.urgent for m, r in pairs if m.urgent]
    return Share(sum(urgent), len(urgent))


def false_alarms(pairs: Iterable[Pair]) -> Share:
    calm = [r.urgent for m, r in pairs if not m.urgent]
    return Share(sum(calm), len(calm))


def language_right(pairs: Iterable[Pair], longest: int | None = None) -> Share:
    """How often the language is the one to answer in; answers to a question keep theirs."""
    own = [(m, r) for m, r in pairs if not m.asked and (not longest or len(m.text) <= longest)]
    return Share(sum(m.lang == r.language for m, r in own), len(own))


def reliability(pairs: Iterable[Pair], steps: int = 10) -> list[tuple[float, float, int]]:
    """(mean probability of the first service, how often it is right, how many), step by step."""
    scored = [
        (r.services[0][1], bool(m.services & {r.services[0][0]}) or r.services[0][0] == m.scope)
        for m, r in pairs
        if not m.asked and r.services and (m.services or m.scope != "ours")
    ]
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for probability, right in scored:
        bins[min(int(probability * steps), steps - 1)].append((probability, right))
    return [
        (float(np.mean([p for p, _ in b])), float(np.mean([ok for _, ok in b])), len(b))
        for _, b in sorted(bins.items())
    ]


def milliseconds(pairs: Sequence[Pair], share: int) -> float:
    return float(np.percentile([r.seconds for _, r in pairs], share)) * 1000
