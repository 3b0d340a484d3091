"""The whole base as a site to browse: `make docs`.

For counsellors and reviewers who check the records without reading YAML.  The
pages are plain files, one folder a language, and work from the disk.  The
templates are Mako's (Alembic brings it); every value in them is escaped.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from mako.lookup import TemplateLookup

from knowledge.base import KnowledgeBase, asked_by, conditions
from knowledge.cards import Cards
from knowledge.catalogue import ANSWERED
from knowledge.check import Boundary, boundaries
from knowledge.coverage import Coverage
from knowledge.decision_tree import Node, decision_tree
from knowledge.graph import graph
from knowledge.periods import Period
from knowledge.schema import Citation, Claim, Condition, Item, Outcome, Record, Service

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = ("documents", "fees", "deadlines", "offices", "steps", "notes")
_ASSETS = ("site.css", "search.js")
_LOOKUP = TemplateLookup(
    [str(TEMPLATES)], default_filters=["h"], strict_undefined=True, input_encoding="utf-8"
)


class Statement(NamedTuple):
    """What a citation stands on: a requirement, an item or a service as a whole."""

    service: Service
    text: str
    anchor: str = ""

    @property
    def href(self) -> str:
        """Where it stands, from the language's folder."""
        return f"services/{self.service.id}.html" + (f"#{self.anchor}" if self.anchor else "")


def write_site(
    base: KnowledgeBase,
    folder: Path,
    today: date,
    coverage: Coverage | None = None,
    languages: Sequence[str] = ANSWERED,
) -> Path:
    """Write all pages into `folder`, one folder a language; returns the first page."""
    folder.mkdir(parents=True, exist_ok=True)
    for asset in _ASSETS:
        shutil.copyfile(TEMPLATES / asset, folder / asset)
    for language in languages:
        shutil.rmtree(folder / language, ignore_errors=True)
        pages = Pages(base, language, today, coverage, languages)
        for path, text in pages.all():
            file = folder / language / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return folder / languages[0] / "index.html"


class Pages:
    """The pages of one language, and what their templates ask for."""

    def __init__(
        self,
        base: KnowledgeBase,
        language: str,
        today: date,
        coverage: Coverage | None,
        languages: Sequence[str],
    ) -> None:
        self.base, self.language, self.today, self.coverage = base, language, today, coverage
        self.languages = languages
        self.cards = Cards(base, language)
        self.catalogue = self.cards.catalogue
        self.say, self.text = self.catalogue.phrase, self.catalogue.text

    def all(self) -> Iterator[tuple[str, str]]:
        """Every file as its path inside the language's folder and its text."""
        yield "index.html", self.page("index", self.say("site.title"))
        for service in self.base.services.values():
            path = f"services/{service.id}"
            yield f"{path}.html", self.page("service", self.cards.title(service), path, service)
        for name, title in self.menu()[1:]:
            yield f"{name}.html", self.page(name, title)
        found = [[self.cards.title(s.service), s.href, s.text] for s in self.statements()]
        yield "statements.js", f"const statements = {json.dumps(found, ensure_ascii=False)};\n"

    def menu(self) -> list[tuple[str, str]]:
        """The pages that every page links to: name and title."""
        names = {
            "index": "site.services",
            "facts": "site.facts",
            "sources": "verdict.sources",
            "conflicts": "site.conflicts",
            "contacts": "site.contacts",
            "triage": "site.triage",
        }
        if self.coverage is not None:
            names["coverage"] = "site.coverage"
        return [(name, self.say(phrase)) for name, phrase in names.items()]

    def page(self, template: str, title: str, path: str = "", service: Any = None) -> str:
        path = path or template
        return str(
            _LOOKUP.get_template(f"{template}.html").render_unicode(
                pages=self,
                say=self.say,
                text=self.text,
                title=title,
                path=path,
                root="../" * path.count("/"),
                service=service,
            )
        )

    def tree(self, condition: Condition, owner: str) -> Node:
        return decision_tree(condition, owner, self.cards, {}, self.today)

    def picture(self, service: Service) -> str:
        return graph(service, self.cards, {}, self.today)

    def requirement(self, service: Service, name: str) -> Condition:
        return next(c for c in conditions(service.requires) if c.id == name)

    def item(self, service: Service, item: Item | Condition) -> dict[str, Any]:
        return self.cards.item(service, item, self.today)

    def counted(self, period: str | None, fact: str | None) -> str:
        """From which day a deadline counts, and how long it is."""
        if period is None or fact is None:
            return ""
        length = self.catalogue.period(Period.parse(period))
        return self.say("site.counted", label=self.label(fact), period=length)

    def label(self, fact: str) -> str:
        return self.text(f"fact.{fact}.label", self.base.facts[fact].label)

    def day(self, day: date) -> str:
        return self.catalogue.day(day)

    def cases(self, service: Service) -> list[tuple[Boundary, list[tuple[str, bool]]]]:
        """The boundary cases with their facts in words, and whether the first case has each too."""
        cases = boundaries(service.id)
        return [
            (
                case,
                [
                    (self.fact(name, raw, case.today), cases[0].facts.get(name) == raw)
                    for name, raw in case.facts.items()
                ],
            )
            for case in cases
        ]

    def fact(self, name: str, raw: object, today: date) -> str:
        value = self.cards.value(self.base.facts[name], raw, today)
        return self.say("condition.is", label=self.label(name), value=value)

    def headline(self, service: Service, outcome: Outcome) -> str:
        """The sentence that says an outcome of a service."""
        if outcome in service.outcomes:
            return self.text(f"{service.id}.{outcome}", service.outcomes[outcome])
        return self.say(f"outcome.{outcome}")

    def asking(self) -> dict[str, list[Service]]:
        """The services that ask each fact."""
        asking: dict[str, list[Service]] = defaultdict(list)
        for service in self.base.services.values():
            for fact in asked_by(service):
                asking[fact].append(service)
        return asking

    def resting(self) -> dict[str, dict[str, list[Statement]]]:
        """What rests on each source: the statements, by service."""
        resting: dict[str, dict[str, list[Statement]]] = defaultdict(lambda: defaultdict(list))
        for service in self.base.services.values():
            for record in self.records(service):
                statement = self.statement(service, record)
                for source in dict.fromkeys(c.source for c in _citations(record)):
                    resting[source][service.id].append(statement)
        return resting

    def statements(self) -> Iterator[Statement]:
        for service in self.base.services.values():
            for record in self.records(service):
                yield self.statement(service, record)

    def disputed(self) -> list[tuple[Service, list[Condition | Item]]]:
        """The services with what their sources disagree on."""
        found = []
        for service in self.base.services.values():
            records = [r for r in self.records(service) if not isinstance(r, Service) and r.claims]
            if records:
                found.append((service, records))
        return found

    def records(self, service: Service) -> Iterator[Service | Condition | Item]:
        """The service itself, its requirements with a text, and its items."""
        yield service
        yield from (c for c in conditions(service.requires) if c.id)
        yield from service.items

    def statement(self, service: Service, record: Service | Condition | Item) -> Statement:
        if isinstance(record, Service):
            summary = self.text(f"{service.id}.summary", service.summary)
            return Statement(service, summary)
        text = self.text(f"{service.id}.{record.id}", record.text or "")
        return Statement(service, text, record.id or "")


def _citations(record: Record) -> Iterable[Citation]:
    claims: tuple[Claim, ...] = getattr(record, "claims", ())
    own: tuple[Citation, ...] = getattr(record, "cite", ())
    return (*own, *(citation for claim in claims for citation in claim.cite))
