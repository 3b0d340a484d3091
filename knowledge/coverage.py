"""Which facts of a list the records carry: `ieum knowledge coverage FACTS.yaml`.

The list is a reader's extract of the sources, one fact an entry.  Records name
the ids they carry in `carries`; what no record needs to carry stands with its
reason in `base/left_out.yml`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from knowledge.base import BASE, KnowledgeBase, RecordError, conditions
from knowledge.schema import Record, Service, from_yaml

ENOUGH = 0.95
"""The share of the listed facts that the records have to carry."""


class ListedFact(msgspec.Struct, frozen=True):
    """One fact of the list; what else the list says of it does not matter here."""

    id: str
    service: str
    statement: str


class LeftOut(Record, frozen=True):
    """A listed fact that no record carries, and why not."""

    id: str
    reason: str


class Coverage(NamedTuple):
    """What became of the listed facts, by id.

    `carried` and `unknown` (named by a record but not listed) name the places,
    as in `reentry_permit/fee`.
    """

    listed: Mapping[str, ListedFact]
    carried: Mapping[str, Sequence[str]]
    left_out: Mapping[str, str]
    unknown: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, path: Path, base: KnowledgeBase, folder: Path = BASE) -> Coverage:
        """What the records carry of the list in `path`; RecordError where a file is wrong."""
        listed = {fact.id: fact for fact in _read(path, _List).facts}
        places = _places(base)
        left_out = _left_out(folder / "left_out.yml", listed, places)
        return cls(
            listed,
            {name: found for name, found in places.items() if name in listed},
            left_out,
            {name: found for name, found in places.items() if name not in listed},
        )

    @property
    def share(self) -> float:
        """The carried part of the list, 0 to 1."""
        return len(self.carried) / len(self.listed) if self.listed else 1.0

    @property
    def open(self) -> list[str]:
        """The listed facts that are neither carried nor left out."""
        return [
            name for name in self.listed if name not in self.carried and name not in self.left_out
        ]

    @property
    def complete(self) -> bool:
        """Whether enough is carried, every gap has its reason and every name is a listed one."""
        return self.share >= ENOUGH and not self.open and not self.unknown

    def by_service(self) -> list[tuple[str, int, int]]:
        """For each service of the list: how many of its facts are carried, and of how many."""
        listed = Counter(fact.service for fact in self.listed.values())
        carried = Counter(self.listed[name].service for name in self.carried)
        return [(service, carried[service], total) for service, total in sorted(listed.items())]


def report(coverage: Coverage, everything: bool) -> Iterator[str]:
    """The lines that the command prints; with `everything`, where each fact is carried too."""
    for service, carried, total in coverage.by_service():
        yield f"{service:36} {carried:3} of {total:3}"
    if everything:
        yield "\nCarried:"
        for name, places in coverage.carried.items():
            yield f"  {name}: {', '.join(places)}"
        yield "\nLeft out, with a reason:"
        for name, reason in coverage.left_out.items():
            yield f"  {name}: {reason}"
    if coverage.open:
        yield "\nNeither carried nor left out (name them in `carries`, or in left_out.yml):"
        for name in coverage.open:
            yield f"  {name}: {coverage.listed[name].statement}"
    if coverage.unknown:
        yield "\nNamed by a record but not in the list:"
        for name, places in coverage.unknown.items():
            yield f"  {name}: {', '.join(places)}"
    yield (
        f"\n{len(coverage.carried)} of {len(coverage.listed)} facts carried "
        f"({coverage.share:.1%}), {len(coverage.left_out)} left out, {len(coverage.open)} open"
    )


class _List(msgspec.Struct, frozen=True):
    facts: tuple[ListedFact, ...]


def _places(base: KnowledgeBase) -> dict[str, list[str]]:
    """Where each fact id is carried, in the order of the records."""
    places: dict[str, list[str]] = {}
    for service in base.services.values():
        for place, names in _carrying(service):
            for name in names:
                places.setdefault(name, []).append(place)
    return places


def _carrying(service: Service) -> Iterator[tuple[str, Sequence[str]]]:
    yield service.id, service.carries
    for condition in conditions(service.requires):
        yield f"{service.id}/{condition.id or 'requires'}", condition.carries
    for item in service.items:
        yield f"{service.id}/{item.id}", item.carries
        for condition in conditions(item.when):
            yield f"{service.id}/{item.id}", condition.carries


def _left_out(
    path: Path, listed: Mapping[str, ListedFact], carried: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for entry in _read(path, tuple[LeftOut, ...]) if path.exists() else ():
        if entry.id in reasons:
            raise RecordError(path, None, entry.id, "stands here twice")
        if entry.id not in listed:
            raise RecordError(path, None, entry.id, "is not in the list of facts")
        if entry.id in carried:
            raise RecordError(
                path, None, entry.id, f"is left out, but {', '.join(carried[entry.id])} carries it"
            )
        reasons[entry.id] = entry.reason
    return reasons


def _read(path: Path, kind: Any) -> Any:
    try:
        return from_yaml(path.read_bytes(), kind)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise RecordError(path, None, "", str(error)) from error
