"""One request of a signed-in counsellor: who it is, and how pages are made for them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from aiohttp import web
from babel import Locale
from babel.dates import format_skeleton, format_timedelta
from mako.lookup import TemplateLookup

from bot.api import BASE
from bot.cases.counsel import Cases
from bot.cases.ownership import Counsellor, NotAllowed
from bot.console.accounts import Account, Accounts, Session
from bot.opening import Opening
from knowledge.cards import Cards
from knowledge.catalogue import ANSWERED, Catalogue
from knowledge.periods import SEOUL
from knowledge.schema import Fact

ACCOUNTS = web.AppKey("accounts", Accounts)
CASES = web.AppKey("cases", Cases)
OPENING = web.AppKey("opening", Opening)
ROOT = "/console"

Id = Annotated[str, msgspec.Meta(max_length=128)]
"""A field of a form that names something."""

_LOOKUP = TemplateLookup(
    [str(Path(__file__).parent / "templates")],
    default_filters=["h"],
    strict_undefined=True,
    input_encoding="utf-8",
)


class NotUnderstood(ValueError):
    """A form that says nothing the page could have sent."""


class Reader:
    """Writes the console's words, days and times in one language, in Korean time."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.catalogue = Catalogue.of(language)
        self._locale = Locale.parse("zh_Hans" if language == "zh" else language)

    def say(self, name: str, /, **values: object) -> str:
        """A phrase of the console: `say("queue.title")` is `console.queue.title`."""
        return self.catalogue.phrase(f"console.{name}", **values)

    def at(self, moment: str) -> str:
        """A moment as messages carry it: the time, with the day where it is not today."""
        there = _moment(moment).astimezone(SEOUL)
        if there.date() == datetime.now(SEOUL).date():
            return there.strftime("%H:%M")
        return f"{self._day('MMMd', there)} {there:%H:%M}"

    def on_paper(self, moment: str) -> str:
        """A moment as messages carry it, with its whole date."""
        there = _moment(moment).astimezone(SEOUL)
        return f"{self.catalogue.day(there.date())} {there:%H:%M}"

    def day_and_time(self, moment: datetime) -> str:
        """A moment to come, with its weekday: Mon, 23 Nov 09:00."""
        there = moment.astimezone(SEOUL)
        return f"{self._day('MMMEd', there)} {there:%H:%M}"

    def _day(self, skeleton: str, there: datetime) -> str:
        return str(format_skeleton(skeleton, there, tzinfo=SEOUL, locale=self._locale))

    def since(self, moment: str) -> str:
        """How long ago a moment is: 12 min, 3 h."""
        return self.length(datetime.now(timezone.utc) - _moment(moment))

    def length(self, length: timedelta) -> str:
        """A length of time, to the minute at the finest."""
        return format_timedelta(
            max(length, timedelta(minutes=1)),
            granularity="minute",
            threshold=1.5,
            format="short",
            locale=self._locale,
        )


class Visit(Reader):
    """A request of a counsellor who is signed in; `visit_of(request)` is the one of a request."""

    def __init__(self, request: web.Request, session: Session, token: str) -> None:
        super().__init__(session.account.language)
        self.request, self.session, self._token = request, session, token
        self.csrf = hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()
        self.account: Account = session.account
        self.base = request.app[BASE]
        self.cards = Cards(self.base, self.language)

    @property
    def me(self) -> Counsellor:
        return self.account.me

    @property
    def cases(self) -> Cases:
        return self.request.app[CASES]

    @property
    def accounts(self) -> Accounts:
        return self.request.app[ACCOUNTS]

    @property
    def path(self) -> str:
        """The page's address below the console's."""
        return self.request.path.removeprefix(ROOT)

    async def is_signed_in(self) -> bool:
        """Whether the session still lives; a sign of life is noted with it."""
        return await self.accounts.session(self._token) is not None

    def menu(self) -> list[tuple[str, str]]:
        """The pages this counsellor may open: path and phrase."""
        pages = [("/", "queue.title"), ("/closed", "closed.title")]
        if self.account.is_lead:
            pages += [
                ("/board", "board.title"),
                ("/accounts", "accounts.title"),
                ("/audit", "audit.title"),
            ]
        return pages

    async def names(self) -> dict[str, str]:
        """Every counsellor's name by the account's id."""
        return {account.id: account.name for account in await self.accounts.all()}

    def languages(self) -> tuple[str, ...]:
        """Those the console can be in."""
        return ANSWERED

    def title(self, service: str) -> str:
        """A service's title; its id where the base no longer has it."""
        known = self.base.services.get(service)
        return self.cards.title(known) if known else service

    def why(self, rules: Sequence[str]) -> str:
        """Which triage rules raised a case, in words."""
        known = {rule.id: rule.why for rule in self.base.triage}
        texts = [self.catalogue.text(f"triage.{r}", known[r]) for r in rules if r in known]
        return " · ".join(texts)

    def label(self, fact: Fact) -> str:
        return self.catalogue.text(f"fact.{fact.id}.label", fact.label)

    def choices(self, fact: Fact) -> list[tuple[str, str]]:
        """What a fact can be, as (value of a form, label)."""
        if fact.kind == "bool":
            return [(value, self.catalogue.phrase(name)) for value, name in _YES_NO]
        if fact.kind == "country":
            return countries(self.language)
        return [
            (choice.value, self.catalogue.text(f"fact.{fact.id}.{choice.value}", choice.label))
            for choice in fact.choices
        ]

    def as_field(self, value: object) -> str:
        """A fact's wire value as a form's field has it."""
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else str(value)

    def day(self, day: str) -> str:
        """A day in ISO 8601, written out."""
        return self.catalogue.day(date.fromisoformat(day))

    def kind(self, kind: str) -> str:
        """What kind of statement of the base something is: a paper, a fee."""
        return self.say(f"kind.{kind}" if kind in _KINDS else "kind.note")

    def action(self, name: str) -> str:
        """An action of the audit log in words; its name where it is a new one."""
        phrases = self.catalogue.phrases("console.audit.action.")
        return phrases.get(f"console.audit.action.{name}", name)

    def language_name(self, code: str) -> str:
        return self.catalogue.language_name(code)

    async def page(self, template: str, status: int = 200, **values: object) -> web.Response:
        """A whole page inside the frame that all pages share."""
        opening = self.request.app[OPENING]
        moment = datetime.now(timezone.utc)
        frame = {
            "online": await self.accounts.online(),
            "is_open": opening.is_open(moment),
            "opens": opening.opens(moment),
            "said": self._said(),
        }
        return html(render(template, visit=self, say=self.say, **frame, **values), status)

    def part(self, template: str, **values: object) -> web.Response:
        """A piece of a page, which the page's script puts in place."""
        return html(render(template, visit=self, say=self.say, **values))

    def _said(self) -> str:
        """What the last action came to, where the address names it."""
        name = f"console.said.{self.request.query.get('said', '')}"
        return self.catalogue.phrases("console.said.").get(name, "")


VISIT = web.RequestKey("visit", Visit)
_YES_NO = (("true", "yes"), ("false", "no"))
_KINDS = ("requirement", "document", "fee", "deadline", "office", "step")


@cache
def countries(language: str) -> list[tuple[str, str]]:
    """Every country by its code and its name in a language, in the order of the names."""
    locale = Locale.parse("zh_Hans" if language == "zh" else language)
    named = [(code, name) for code, name in locale.territories.items() if code.isalpha()]
    return sorted(named, key=lambda country: country[1])


def visit_of(request: web.Request, *, lead: bool = False) -> Visit:
    """The visit of a request; NotAllowed where only a `lead` may come."""
    visit = request[VISIT]
    if lead and not visit.account.is_lead:
        raise NotAllowed(request.path)
    return visit


def is_fetched(request: web.Request) -> bool:
    """Whether the page's script calls, which stays on its page, and not a form."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def done(request: web.Request, path: str, said: str = "") -> web.Response:
    """The answer to a form that worked: the page to show next."""
    if is_fetched(request):
        return web.Response(status=204)
    address = f"{ROOT}{path}" + (f"?said={said}" if said else "")
    return web.Response(status=303, headers={"Location": address})


def render(template: str, **values: object) -> str:
    """A template filled in; every value in it is escaped."""
    return str(_LOOKUP.get_template(template).render_unicode(root=ROOT, **values))


def html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


async def form_of(request: web.Request, kind: Any) -> Any:
    """The fields of a form as a `kind`; NotUnderstood where they do not fit."""
    sent = await request.post()
    fields: Mapping[str, object] = {
        name: value for name, value in sent.items() if isinstance(value, str)
    }
    return converted(fields, kind)


def converted(fields: Mapping[str, object], kind: Any) -> Any:
    """Fields of a form or of an address as a `kind`; NotUnderstood where they do not fit."""
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise NotUnderstood(str(error)) from error


def reader_of(request: web.Request) -> Reader:
    """The language of a page before anybody is signed in: the browser's, else Korean."""
    for tag in request.headers.get("Accept-Language", "").split(","):
        if (code := tag.strip()[:2].lower()) in ANSWERED:
            return Reader(code)
    return Reader("ko")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
