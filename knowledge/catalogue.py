"""What the desk says, in each language.

English stands in the records and in `base/phrases/*.yml`; translations are
gettext catalogues, `catalogues/<language>.po`, whose `msgctxt` is the id of
the record.  A translation counts only while its English is still the record's:
where the English has changed, the new English is shown until the catalogue
follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.units import format_unit

from knowledge.base import BASE, KnowledgeBase, read_phrases
from knowledge.periods import Period
from knowledge.schema import Claim, Condition

CATALOGUES = Path(__file__).parent / "catalogues"
LANGUAGES = ("en", "ko", "ja", "zh", "vi", "ru", "th", "mn", "uz", "tl", "my", "km", "id", "ne")
"""The languages the desk understands."""
ANSWERED = ("en", "ko", "ja", "zh", "vi")
"""The languages it answers in; in the others English comes with one line that says so."""
_SPELLS_UNITS_OUT = ("en",)
_LOCALES = {"zh": "zh_Hans", "tl": "fil", "uz": "uz_Latn"}


class Catalogue:
    """The texts of one language, falling back to English one by one."""

    @staticmethod
    @cache
    def of(language: str) -> Catalogue:
        """The catalogue of an ISO 639 code; English for one the desk does not know."""
        return Catalogue(language if language in LANGUAGES else "en")

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = Locale.parse(_LOCALES.get(language, language))
        # Numbers and dates follow the language the sentence around them is in.
        self._writes = self._locale if language in ANSWERED else Locale.parse("en")
        self._phrases = read_phrases(BASE)
        self._texts = _read(CATALOGUES / f"{language}.po")

    @property
    def own_name(self) -> str:
        """What the language calls itself: 한국어, Tiếng Việt."""
        return str(self._locale.get_language_name() or self.language)

    @property
    def written_in(self) -> str:
        """The language the sentences are in: English where the desk does not answer in its own."""
        return self.language if self.language in ANSWERED else "en"

    def text(self, context: str, english: str) -> str:
        """A record's text; `context` is the record's id (see `messages`)."""
        return self._texts.get((context, english), english)

    def translates(self, context: str, english: str) -> bool:
        """Whether this text stands in the catalogue."""
        return (context, english) in self._texts

    def phrase(self, name: str, /, **values: object) -> str:
        """A sentence of the desk with `{names}` filled in; KeyError where there is none such."""
        text = self.text(name, self._phrases[name])
        return text.format(**values) if values else text

    def phrases(self, prefix: str) -> dict[str, str]:
        """All phrases whose id begins with `prefix`, by id."""
        return {name: self.phrase(name) for name in self._phrases if name.startswith(prefix)}

    def day(self, day: date) -> str:
        """A date written out: March 2, 2027, 2027년 3월 2일."""
        return format_date(day, "long", self._writes)

    def moment(self, moment: datetime) -> str:
        """A day of the week with its date and the time: Monday, March 2, 2027 09:00."""
        return f"{format_date(moment, 'full', self._writes)} {moment:%H:%M}"

    def as_of(self, printed: str) -> str:
        """A source's date as far as it is printed: 2021, June 2021, 1 January 2025."""
        parts = [int(part) for part in printed.split("-")]
        day = date(*(parts + [1] * (3 - len(parts))))
        if len(parts) == 3:
            return self.day(day)
        return str(format_skeleton(("y", "yMMMM")[len(parts) - 1], day, locale=self._writes))

    def won(self, amount: int) -> str:
        """A sum: 230,000 won."""
        return self.phrase("won", amount=format_decimal(amount, locale=self._writes))

    def period(self, period: Period) -> str:
        """A length of time: 2 years, 35 months, 16 days."""
        years, months = divmod(period.months, 12)
        if years and months:
            years, months = 0, period.months
        parts = ((years, "year"), (months, "month"), (period.days, "day"))
        # Only European languages tell long from short units in CLDR.
        length: Literal["long", "short"] = "short"
        if self._writes.language in _SPELLS_UNITS_OUT:
            length = "long"
        written = [
            format_unit(n, f"duration-{unit}", length, locale=self._writes)
            for n, unit in parts
            if n
        ]
        return " ".join(written or [format_unit(0, "duration-day", length, locale=self._writes)])

    def either(self, values: Sequence[str]) -> str:
        """One of several: "A, B or C"."""
        return format_list(values, style="or", locale=self._writes)

    def language_name(self, code: str) -> str:
        """A language's name by its ISO 639 code; the code where CLDR has no name."""
        return str(self._writes.languages.get(_LOCALES.get(code, code).partition("_")[0], code))

    def country(self, code: str) -> str:
        """A country's name by its ISO 3166 code; the code where CLDR has no name."""
        return str(self._writes.territories.get(code, code))


def language_named(text: str) -> str | None:
    """The language that a text names in any of the languages: "en español" names none of ours."""
    folded = text.casefold()
    return next((code for name, code in _language_names() if name in folded), None)


@cache
def _language_names() -> list[tuple[str, str]]:
    """CLDR's names of the languages in all of them, the longest first."""
    names = {}
    for reader in LANGUAGES:
        known = Locale.parse(_LOCALES.get(reader, reader)).languages
        for code in LANGUAGES:
            names[known[_LOCALES.get(code, code).partition("_")[0]].casefold()] = code
    return sorted(names.items(), key=lambda pair: -len(pair[0]))


def messages(base: KnowledgeBase) -> Iterator[tuple[str, str]]:
    """Every text that a translator translates, as (context, English), each once."""
    seen = set()
    for message in _messages(base):
        if message not in seen:
            seen.add(message)
            yield message


def _messages(base: KnowledgeBase) -> Iterator[tuple[str, str]]:
    yield from read_phrases(BASE).items()
    for fact in base.facts.values():
        yield f"fact.{fact.id}.label", fact.label
        yield f"fact.{fact.id}.question", fact.question
        yield f"fact.{fact.id}.why", fact.why
        yield f"fact.{fact.id}.find_out", fact.find_out
        for choice in fact.choices:
            yield f"fact.{fact.id}.{choice.value}", choice.label
    for source in base.sources.values():
        yield f"source.{source.id}", source.title
    for contact in base.contacts.values():
        yield f"contact.{contact.id}.name", contact.name
        yield f"contact.{contact.id}.hours", contact.hours
    for rule in base.triage:
        yield f"triage.{rule.id}", rule.why
    for service in base.services.values():
        yield f"{service.id}.title", service.title
        yield f"{service.id}.summary", service.summary
        for outcome, text in service.outcomes.items():
            yield f"{service.id}.{outcome}", text
        if service.requires:
            yield from _condition_messages(service.id, service.requires)
        for item in service.items:
            name = f"{service.id}.{item.id}"
            yield name, item.text
            if item.if_text:
                yield f"{name}.if", item.if_text
            if item.safe:
                yield f"{name}.safe", item.safe
            yield from _claim_messages(name, item.claims)
            for citation in item.cite:
                yield "section", citation.section


def _condition_messages(service: str, condition: Condition) -> Iterator[tuple[str, str]]:
    if condition.id and condition.text:
        name = f"{service}.{condition.id}"
        yield name, condition.text
        if condition.unlock:
            yield f"{name}.unlock", condition.unlock
        if condition.safe:
            yield f"{name}.safe", condition.safe
        yield from _claim_messages(name, condition.claims)
        for citation in condition.cite:
            yield "section", citation.section
    for child in condition.children:
        yield from _condition_messages(service, child)


def _claim_messages(name: str, claims: tuple[Claim, ...]) -> Iterator[tuple[str, str]]:
    for claim in claims:
        yield f"{name}.{claim.cite[0].source}", claim.says
        for citation in claim.cite:
            yield "section", citation.section


def _read(path: Path) -> dict[tuple[str, str], str]:
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file)
    return {
        (str(m.context), str(m.id)): str(m.string)
        for m in catalogue
        if m.id and m.string and not m.fuzzy
    }
