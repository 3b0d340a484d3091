"""The knowledge base as a whole: read from `knowledge/base/`, checked, and held.

A record that does not fit stops the reading with a `RecordError` that names
file, line, field and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from knowledge.facts import decode_value
from knowledge.periods import Period
from knowledge.schema import (
    OPERATORS,
    Citation,
    Condition,
    Contact,
    Fact,
    Phrase,
    Service,
    Source,
    TriageRule,
    from_yaml,
)

BASE = Path(__file__).parent / "base"
NOT_OURS = ("not_covered", "unrelated")
"""What a message can be about besides the services, with examples as they have."""


class RecordError(ValueError):
    """A record that cannot be used, told so that its author finds the place."""

    def __init__(self, file: Path, line: int | None, field: str, problem: str) -> None:
        self.file, self.line, self.field, self.problem = file, line, field, problem
        place = f"{file.name}:{line}" if line else file.name
        super().__init__(f"{place}: {field or 'the record'}: {problem}")


class KnowledgeBase(NamedTuple):
    """Everything the desk knows, by id."""

    services: Mapping[str, Service]
    facts: Mapping[str, Fact]
    sources: Mapping[str, Source]
    contacts: Mapping[str, Contact]
    triage: tuple[TriageRule, ...]

    @classmethod
    def load(cls, folder: Path = BASE) -> KnowledgeBase:
        """The base in `folder`; RecordError on the first record that does not fit."""
        services: dict[str, Service] = {}
        for path in sorted((folder / "services").glob("*.yml")):
            service: Service = _read(path, Service)
            if service.id != path.stem:
                raise RecordError(path, 1, "id", f"is {service.id!r}, but the file is {path.name}")
            services[service.id] = service
        base = cls(
            services=services,
            facts=_by_id(folder / "facts.yml", Fact),
            sources=_by_id(folder / "sources.yml", Source),
            contacts=_by_id(folder / "contacts.yml", Contact),
            triage=tuple(_by_id(folder / "triage.yml", TriageRule).values()),
        )
        for service in services.values():
            _check(folder / "services" / f"{service.id}.yml", service, base)
        for contact in base.contacts.values():
            _check_citations(folder / "contacts.yml", contact.id, contact.cite, base)
        for fact in base.facts.values():
            for condition in (c for choice in fact.choices for c in conditions(choice.told_if)):
                _check_condition(folder / "facts.yml", condition, base, fact.id)
        for rule in base.triage:
            for condition in conditions(rule.when):
                _check_condition(folder / "triage.yml", condition, base, rule.id)
        return base


def read_phrases(folder: Path = BASE) -> dict[str, str]:
    """The desk's own sentences in English, by id."""
    phrases: dict[str, str] = {}
    for path in sorted((folder / "phrases").glob("*.yml")):
        phrases |= {phrase.id: phrase.text for phrase in _read(path, tuple[Phrase, ...])}
    return phrases


def conditions(node: Condition | None) -> Iterator[Condition]:
    """`node` and every condition below it, the tests of claims included."""
    if node is None:
        return
    yield node
    for child in node.children:
        yield from conditions(child)
    for claim in node.claims:
        yield from conditions(claim.test)


def facts_of(node: Condition | None) -> dict[str, None]:
    """The ids of the facts a condition rests on, in the order of the record."""
    return {c.fact: None for c in conditions(node) if c.fact}


def asked_by(service: Service) -> dict[str, None]:
    """The ids of the facts that a service's answers rest on, requirements first."""
    trees = [service.requires, *(item.when for item in service.items)]
    counted = {d.counted_from: None for d in service.deadlines if d.counted_from}
    return {fact: None for tree in trees for fact in facts_of(tree)} | counted


def _read(path: Path, kind: Any) -> Any:
    text = path.read_bytes()
    try:
        return from_yaml(text, kind)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise RecordError(path, line, "", f"is not readable YAML: {error.problem}") from error
    except msgspec.ValidationError as error:
        problem, _, field = str(error).partition(" - at `$")
        field = field.rstrip("`")
        raise RecordError(path, _line_of(text, field), field.strip("."), problem) from error


def _by_id(path: Path, kind: Any) -> dict[str, Any]:
    records: dict[str, Any] = {}
    for record in _read(path, tuple[kind, ...]):
        if record.id in records:
            raise RecordError(path, None, record.id, "stands here twice")
        records[record.id] = record
    return records


def _line_of(text: bytes, field: str) -> int | None:
    """The line of a field that msgspec names as `.requires.all[0].cite[...]`."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    line: int | None = None
    for name, index in re.findall(r"\.([\w-]+)|\[(\d+|\.\.\.)\]", field):
        if node is None:
            break
        line = int(node.start_mark.line) + 1
        if name and isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if name not in pairs:
                return line
            key, node = pairs[name]
            line = key.start_mark.line + 1
        elif index.isdigit() and isinstance(node, yaml.SequenceNode):
            node = node.value[int(index)]
            line = node.start_mark.line + 1
        else:
            break
    return line or 1


def _check(path: Path, service: Service, base: KnowledgeBase) -> None:
    """What one record alone cannot know: that the names in it exist."""
    _check_citations(path, service.id, service.cite, base)
    for other in service.related:
        # A link may run ahead of its record, but never to a name outside the contract's form.
        if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)?", other):
            raise RecordError(path, None, "related", f"{other!r} is no service id")
    seen: set[str] = set()
    for condition in conditions(service.requires):
        _check_condition(path, condition, base)
        if condition.id:
            _check_unique(path, condition.id, seen)
    for item in service.items:
        _check_unique(path, item.id, seen)
        _check_citations(path, item.id, item.cite, base)
        for claim in item.claims:
            _check_citations(path, item.id, claim.cite, base)
        for condition in conditions(item.when):
            _check_condition(path, condition, base, item.id)
    for deadline in service.deadlines:
        if (deadline.counted_from is None) != (deadline.period is None):
            raise RecordError(
                path, None, deadline.id, "`counted_from` and `period` belong together"
            )
        if deadline.counted_from is not None:
            fact = base.facts.get(deadline.counted_from)
            if fact is None or fact.kind != "date":
                raise RecordError(
                    path, None, deadline.id, f"{deadline.counted_from!r} is not a date fact"
                )
        for period in (deadline.period, *(claim.period for claim in deadline.claims)):
            if period is not None:
                _parse(path, deadline.id, period)
    for office in service.offices:
        if office.contact is not None and office.contact not in base.contacts:
            raise RecordError(path, None, office.id, f"there is no contact {office.contact!r}")


def _check_unique(path: Path, name: str, seen: set[str]) -> None:
    if name in seen:
        raise RecordError(path, None, name, "this id stands twice in the service")
    seen.add(name)


def _check_citations(
    path: Path, name: str, citations: tuple[Citation, ...], base: KnowledgeBase
) -> None:
    for citation in citations:
        if citation.source not in base.sources:
            raise RecordError(
                path, None, name, f"there is no source {citation.source!r} in sources.yml"
            )


def _check_condition(
    path: Path, condition: Condition, base: KnowledgeBase, inside: str = "requires"
) -> None:
    name = condition.id or inside
    _check_citations(path, name, condition.cite, base)
    for claim in condition.claims:
        _check_citations(path, name, claim.cite, base)
    if condition.fact is None:
        return
    fact = base.facts.get(condition.fact)
    if fact is None:
        raise RecordError(path, None, name, f"there is no fact {condition.fact!r} in facts.yml")
    if (condition.measure != "value") != (fact.kind == "date"):
        raise RecordError(
            path, None, name, f"`measure: ago` or `ahead` is for dates; {fact.id} is a {fact.kind}"
        )
    operator = next(o for o in OPERATORS if getattr(condition, o) not in (None, ()))
    operand = getattr(condition, operator)
    if fact.kind in ("date", "duration"):
        if operator in ("equals", "one_of"):
            raise RecordError(path, None, name, f"a {fact.kind} is compared with at_least and kin")
        _parse(path, name, str(operand))
        return
    if operator not in ("equals", "one_of") and fact.kind not in ("number", "money"):
        raise RecordError(path, None, name, f"a {fact.kind} is compared with equals or one_of")
    for value in operand if operator == "one_of" else (operand,):
        try:
            decode_value(fact, value, date(2000, 1, 1))
        except ValueError as error:
            raise RecordError(path, None, name, str(error)) from error


def _parse(path: Path, name: str, period: str) -> None:
    try:
        Period.parse(period)
    except ValueError as error:
        raise RecordError(path, None, name, str(error)) from error
