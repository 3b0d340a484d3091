"""Plays a written dialogue against a running desk, through its public API alone.

A story is a list of steps.  `say` and `choose` send something; `answer` goes on
answering the desk's questions from a table (fact id -> words, or `=value` for
the button of that value) until none is open.  `in_words` is what is said instead
of a choice where a door shows no button for it.  `expect` is held against the
replies to its step:

    card, cards      a card of this type, or of each of these, is among them
    asks             the fact that is asked, or null where none may be
    service          of the card or cards
    outcome          of the verdict
    facts            what the desk has understood, as wire values
    requirements     id -> status in the verdict
    documents, no_documents, steps    ids that are, or are not, in the verdict
    fees, dates      amounts and computed dates in the verdict
    unlock           dates in the verdict
    disputed         ids of items that name both sides and the safe course
    urgency          of the conversation
    language         of every reply
    says, says_not   words that stand, or do not, in the text
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, Protocol

Json = dict[str, Any]
_ITEM_LISTS = ("requirements", "documents", "maybe_documents", "fees", "deadlines", "items")


class Api:
    """The public HTTP API of a desk."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """The decoded answer; urllib.error.HTTPError on an error status."""
        request = urllib.request.Request(self._base + path, method=method)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None


class Person:
    """Somebody talking to the desk over the API."""

    def __init__(self, api: Api, language: str | None = None) -> None:
        self._api = api
        opened = api.call("POST", "/v1/conversations", {"language": language} if language else {})
        self.id, self.token = opened["id"], opened["token"]
        self.transcript = [f"desk: {m['text']}" for m in opened["messages"]]
        self.asked: list[str] = []

    def say(self, text: str) -> list[Json]:
        return self._send({"text": text}, text)

    def choose(self, value: str, in_words: str | None = None) -> list[Json]:
        return self._send({"choice": value}, f"[{value}]")

    def state(self) -> Json:
        state: Json = self._api.call("GET", f"/v1/conversations/{self.id}", token=self.token)
        return state

    def _send(self, body: Json, shown: str) -> list[Json]:
        path = f"/v1/conversations/{self.id}/messages"
        replies: list[Json] = self._api.call("POST", path, body, self.token)["messages"]
        self.transcript.append(f"\nperson: {shown}")
        self.transcript += [f"desk: {reply['text']}" for reply in replies]
        self.asked += [c["fact"] for c in cards(replies) if c["type"] == "question"]
        return replies


def cards(replies: list[Json]) -> list[Json]:
    return [reply["card"] for reply in replies if reply["card"]]


class Talks(Protocol):
    """Somebody who talks to the desk through one of its doors."""

    transcript: list[str]
    asked: list[str]

    def say(self, text: str) -> list[Json]:
        """The replies to words, as messages of the API."""

    def choose(self, value: str, in_words: str | None = None) -> list[Json]:
        """The replies to a button, or to the words for it where there is no such button."""

    def state(self) -> Json:
        """The conversation as the API tells it."""


def play(api: Api, story: Json) -> Iterator[str]:
    """Play a story over the API; yields what went otherwise than written, in words."""
    yield from play_as(Person(api, story.get("language")), story)


def play_as(person: Talks, story: Json) -> Iterator[str]:
    """Play a story with somebody at any door; yields what went otherwise than written."""
    interrupted = False
    for step in story["steps"]:
        before = len(person.asked)
        if "say" in step:
            replies = person.say(step["say"])
        elif "choose" in step:
            replies = person.choose(step["choose"], step.get("in_words"))
        else:
            replies = _answer(person, step["answer"])
        interrupted |= bool(step.get("interrupts"))
        name = str(step.get("say") or step.get("choose") or step.get("answer"))[:60]
        for problem in _problems(replies, person, step.get("expect", {}), before):
            yield f"{name}: {problem}"
        yield from (f"{name}: {problem}" for problem in uncited(replies))
    asked_twice = {fact for fact in person.asked if person.asked.count(fact) > 1}
    if asked_twice and not interrupted:
        yield f"asked more than once: {', '.join(sorted(asked_twice))}"
    if story.get("show"):
        yield "\n" + "\n".join(person.transcript)


def _answer(person: Talks, answers: Json) -> list[Json]:
    """Take the offered check, and answer until no question is open or none of it fits."""
    replies = [m for m in person.state()["messages"] if m["role"] == "desk"][-1:]
    for _ in range(25):
        if any(c["value"] == "act:check" for reply in replies for c in reply["choices"]):
            replies = person.choose("act:check")
        open_question = next((c for c in cards(replies) if c["type"] == "question"), None)
        if open_question is None or open_question["fact"] not in answers:
            return replies
        answer = str(answers[open_question["fact"]])
        if answer.startswith("="):
            replies = person.choose(f"fact:{open_question['fact']}={answer[1:]}")
        else:
            replies = person.say(answer)
    raise AssertionError("the questions do not end")


def uncited(replies: list[Json]) -> Iterator[str]:
    """Statements shown without a source, and disputes that do not show both sides."""
    for card in cards(replies):
        for name in _ITEM_LISTS:
            for item in card.get(name, ()):
                if not item["citations"]:
                    yield f"{name} {item['id']} has no source"
                if item.get("disputed") and (len(item["claims"]) < 2 or not item["safe"]):
                    yield f"{name} {item['id']} is disputed and does not show both sides"


def _problems(replies: list[Json], person: Talks, expect: Json, before: int) -> Iterator[str]:
    shown = cards(replies)
    types = [card["type"] for card in shown]
    text = "\n".join(reply["text"] for reply in replies)
    if not replies or not all(reply["text"].strip() for reply in replies):
        yield "a reply without words"
    verdict = next((card for card in shown if card["type"] == "verdict"), None)
    for wanted in [*expect.get("cards", ()), *([expect["card"]] if "card" in expect else ())]:
        if wanted not in types:
            yield f"no {wanted} card among {types}"
    if "asks" in expect:
        asked = person.asked[-1] if len(person.asked) > before else None
        if asked != expect["asks"]:
            yield f"asks {asked}, not {expect['asks']}"
    services = {card.get("service") for card in shown} | {
        s for card in shown for s in card.get("services", ())
    }
    if "service" in expect and expect["service"] not in services:
        yield f"service is {services}, not {expect['service']}"
    if "facts" in expect:
        known = {name: fact["value"] for name, fact in person.state()["facts"].items()}
        for name, value in expect["facts"].items():
            if name not in known or known[name] != value:
                yield f"fact {name} is {known.get(name, 'not known')!r}, not {value!r}"
    if "urgency" in expect and person.state()["triage"]["urgency"] != expect["urgency"]:
        yield f"urgency is {person.state()['triage']['urgency']}, not {expect['urgency']}"
    for reply in replies:
        if "language" in expect and reply["language"] != expect["language"]:
            yield f"answered in {reply['language']}, not {expect['language']}"
    for words in expect.get("says", ()):
        if words not in text:
            yield f"does not say {words!r} in: {text}"
    for words in expect.get("says_not", ()):
        if words in text:
            yield f"says {words!r}"
    for name in expect.get("disputed", ()):
        items = [i for c in shown for key in _ITEM_LISTS for i in c.get(key, ()) if i["id"] == name]
        if not any(i["disputed"] and len(i["claims"]) > 1 and i["safe"] for i in items):
            yield f"{name} does not show both sides and the safe course"
    wants_verdict = {"outcome", "requirements", "documents", "no_documents", "fees", "dates"}
    if wants_verdict & set(expect):
        if verdict is None:
            yield f"no verdict among {types}; asked {person.asked}"
        else:
            yield from _verdict_problems(verdict, expect)


def _verdict_problems(verdict: Json, expect: Json) -> Iterator[str]:
    if verdict["outcome"] != expect.get("outcome", verdict["outcome"]):
        yield f"outcome is {verdict['outcome']}, not {expect['outcome']}"
    statuses = {r["id"]: r["status"] for r in verdict["requirements"]}
    for name, status in expect.get("requirements", {}).items():
        if statuses.get(name) != status:
            yield f"requirement {name} is {statuses.get(name, 'not shown')}, not {status}"
    papers = {d["id"] for d in verdict["documents"]}
    for name in expect.get("documents", ()):
        if name not in papers:
            yield f"document {name} is not among {sorted(papers)}"
    for name in expect.get("no_documents", ()):
        if name in papers:
            yield f"document {name} should not be there"
    sums = [fee["amount_krw"] for fee in verdict["fees"]]
    for amount in expect.get("fees", ()):
        if amount not in sums:
            yield f"fee {amount} is not among {sums}"
    dates = [d["date"] for d in verdict["deadlines"]]
    for day in expect.get("dates", ()):
        if str(day) not in dates:
            yield f"date {day} is not among {dates}"
    days = [change["date"] for change in verdict["unlock"]]
    for day in expect.get("unlock", ()):
        if str(day) not in days:
            yield f"unlock date {day} is not among {days}"
