"""`ieum knowledge check`: the records, their boundary cases, and what is due for review."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import yaml

from knowledge.assessment import assess
from knowledge.base import BASE, KnowledgeBase, RecordError
from knowledge.facts import decode_facts
from knowledge.periods import seoul_today
from knowledge.schema import Outcome, Record, from_yaml


class Boundary(Record, frozen=True):
    """One case of `base/boundaries/<service>.yml`: facts, and what must come out."""

    case: str
    facts: dict[str, Any]
    outcome: Outcome
    today: date = date(2026, 11, 21)
    requirements: dict[str, str] = msgspec.field(default_factory=dict)
    documents: tuple[str, ...] = ()
    no_documents: tuple[str, ...] = ()
    fee_krw: int | None = None
    deadline: date | None = None
    missing: tuple[str, ...] | None = None


def boundaries(service: str, folder: Path = BASE) -> tuple[Boundary, ...]:
    """The boundary cases written for a service; RecordError where they are not readable."""
    path = folder / "boundaries" / f"{service}.yml"
    if not path.exists():
        return ()
    try:
        cases: tuple[Boundary, ...] = from_yaml(path.read_bytes(), tuple[Boundary, ...])
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise RecordError(path, None, "", str(error)) from error
    return cases


def mismatches(base: KnowledgeBase, service: str, boundary: Boundary) -> Iterator[str]:
    """What comes out otherwise than the case says, in words."""
    facts = decode_facts(boundary.facts, base.facts, boundary.today)
    verdict = assess(base.services[service], facts, boundary.today)
    if verdict.outcome != boundary.outcome:
        still = f"; missing {', '.join(verdict.missing)}" if verdict.missing else ""
        yield f"outcome is {verdict.outcome}, not {boundary.outcome}{still}"
    statuses = {r.condition.id: r.status for r in verdict.requirements}
    for name, status in boundary.requirements.items():
        if statuses.get(name) != status:
            yield f"requirement {name} is {statuses.get(name, 'not shown')}, not {status}"
    papers = {d.id for d in verdict.applying(verdict.service.documents)}
    for name in set(boundary.documents) - papers:
        yield f"document {name} is not among {', '.join(sorted(papers)) or 'none'}"
    for name in set(boundary.no_documents) & papers:
        yield f"document {name} should not be asked of this person"
    if boundary.fee_krw is not None:
        fees = verdict.applying(verdict.service.fees)
        sums = [fee.amount_krw for fee in verdict.service.fees if fee in fees]
        if boundary.fee_krw not in sums:
            yield f"fee {boundary.fee_krw} is not among {sums}"
    if boundary.deadline is not None:
        days = [d.day for d in verdict.deadlines() if d.day]
        if days[:1] != [boundary.deadline]:
            yield f"first deadline is {days[:1]}, not {boundary.deadline}"
    if boundary.missing is not None and set(boundary.missing) != set(verdict.missing):
        yield f"missing is {list(verdict.missing)}, not {list(boundary.missing)}"


def overdue(base: KnowledgeBase, today: date) -> list[str]:
    """The services past the day by which somebody should hold them against their sources."""
    return [service.id for service in base.services.values() if service.review_by < today]


def main() -> int:
    """Print what is wrong; 1 where anything is, else 0."""
    try:
        base = KnowledgeBase.load()
    except RecordError as error:
        print(error)
        return 1
    wrong = cases = 0
    for service in base.services:
        for boundary in boundaries(service):
            cases += 1
            try:
                found = list(mismatches(base, service, boundary))
            except ValueError as error:
                found = [str(error)]
            for mismatch in found:
                wrong += 1
                print(f"boundaries/{service}.yml: {boundary.case}: {mismatch}")
    for service in overdue(base, seoul_today()):
        print(f"services/{service}.yml: was due for a check against its sources")
    print(
        f"{len(base.services)} services, {len(base.facts)} facts, {len(base.sources)} sources; "
        f"{cases} boundary cases, {wrong} wrong"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
