"""One turn of a conversation: what was heard, what is remembered, what is replied.

Read from the tracker's last message when an action begins; what the gateway is
to remember goes back with the one utterance that ends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from knowledge.assessment import Verdict, assess
from knowledge.base import NOT_OURS, KnowledgeBase
from knowledge.cards import Card, Cards
from knowledge.catalogue import ANSWERED, LANGUAGES
from knowledge.facts import Facts, decode_value
from knowledge.periods import seoul_today
from knowledge.schema import Signal, TriageRule
from knowledge.triage import Situation, level_of, triage
from knowledge.wording import Wording

ASKS_A_RULE = (
    "ask_what",
    "ask_documents",
    "ask_fee",
    "ask_deadline",
    "ask_office",
    "ask_procedure",
    "ask_time",
)


# Acts by which nobody tells of themselves, and from which confidence they are only that.
_SMALL_TALK = (
    "out_of_scope",
    "greet",
    "thanks",
    "goodbye",
    "complain",
    "language_switch",
    "start_over",
    "delete_data",
    "why",
)
_SURELY_TALK = 0.95

QUANTITIES = ("duration", "date", "money", "number")


@lru_cache(maxsize=1)
def knowledge_base() -> KnowledgeBase:
    """The base, read once for the life of the action server."""
    return KnowledgeBase.load()


class Heard(NamedTuple):
    """The last message as the NLU read it.

    `services` are (id, probability) from the router, `items` are (service id,
    item id, score) from search, each the likeliest first.  `passages` are what
    the organisation's own documents say of it, as items of a card.  `choice` is
    the value of a button.  `reminder` is how long before a day the person wants
    to be reminded ("" where that is not said), None where they do not.
    """

    text: str
    act: str
    confidence: float
    language: str | None
    entities: Sequence[Mapping[str, Any]]
    services: Sequence[tuple[str, float]]
    items: Sequence[tuple[str, str, float]]
    passages: Sequence[Mapping[str, Any]]
    choice: str | None
    reminder: str | None = None

    @property
    def is_bare(self) -> bool:
        """Whether the message is little more than one length of time, date, sum or number."""
        quantities = [e for e in self.entities if e["entity"] in QUANTITIES]
        longest = max((e.get("end", 0) - e.get("start", 0) for e in quantities), default=0)
        return bool(quantities) and longest >= 0.6 * len(self.text.strip())

    @property
    def tells_of_danger(self) -> bool:
        """Whether there is danger in a message that was taken for small talk, and not surely."""
        told = any(e.get("role") == "danger" and e["value"] != "none" for e in self.entities)
        return told and self.act in _SMALL_TALK and self.confidence < _SURELY_TALK

    @property
    def not_ours(self) -> str | None:
        """`not_covered` or `unrelated`, where the router finds that likelier than any service."""
        first = self.services[0][0] if self.services else None
        return first if first in NOT_OURS else None

    @classmethod
    def of(cls, tracker: Tracker) -> Heard:
        message = tracker.latest_message
        entities = message.get("entities") or []
        intent = message.get("intent") or {}
        return cls(
            text=message.get("text") or "",
            act=intent.get("name") or "out_of_scope",
            confidence=float(intent.get("confidence") or 0.0),
            language=message.get("language"),
            # A button comes as the intent `choose` with its value as the one entity.
            entities=[] if intent.get("name") == "choose" else entities,
            services=[(s["id"], s["score"]) for s in message.get("services") or []],
            items=[(i["service"], i["id"], i["score"]) for i in message.get("items") or []],
            passages=message.get("passages") or [],
            choice=entities[0]["value"] if intent.get("name") == "choose" and entities else None,
            reminder=message.get("reminder"),
        )


@dataclass
class Turn:
    """What an action works with."""

    heard: Heard
    base: KnowledgeBase
    today: date
    facts: dict[str, dict[str, Any]]
    topic: list[str]
    asked: str | None
    misses: int
    told: dict[str, str]
    language: str
    language_chosen: bool
    handoff: str | None
    signals: list[Signal]
    consent: str | None
    consent_asked: bool
    reminders: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    # Verdicts by service and the facts they rest on: several replies of a turn need the same.
    _found: dict[object, Verdict] = field(default_factory=dict)

    @classmethod
    def of(cls, tracker: Tracker) -> Turn:
        """The turn that the tracker's last message opens."""
        heard = Heard.of(tracker)
        metadata = tracker.latest_message.get("metadata") or {}
        state, chosen = metadata.get("state") or {}, metadata.get("language")
        told = dict(state.get("told") or {})
        language = state.get("language")
        # "3年" tells no more than "OK": what could be several languages changes none.
        telling = language is None or tracker.latest_message.get("language_sure")
        if chosen in LANGUAGES:
            language = chosen
        elif telling and not state.get("language_chosen") and heard.language in LANGUAGES:
            language = heard.language
        return cls(
            heard=heard,
            base=knowledge_base(),
            today=seoul_today(),
            facts=dict(state.get("facts") or {}),
            topic=[s for s in state.get("services") or [] if s in knowledge_base().services],
            asked=state.get("asked"),
            misses=state.get("misses") or 0,
            told=told,
            language=language or "en",
            language_chosen=bool(state.get("language_chosen") or chosen),
            handoff=state.get("handoff"),
            reminders=list(state.get("reminders") or []),
            signals=list(state.get("signals") or []),
            consent=state.get("consent"),
            consent_asked=told.pop("consent", None) is not None,
        )

    @property
    def cards(self) -> Cards:
        return Cards(self.base, self.language)

    @property
    def typed_facts(self) -> Facts:
        """The facts as the engine wants them."""
        return {
            name: decode_value(self.base.facts[name], fact["value"], self.today)
            for name, fact in self.facts.items()
        }

    def verdict(self, service: str) -> Verdict:
        """How the service of this id stands for the person, by the facts as they are now."""
        facts = self.typed_facts
        known = service, tuple(facts.items())
        if known not in self._found:
            self._found[known] = assess(self.base.services[service], facts, self.today)
        return self._found[known]

    def say(self, text: str, choices: Sequence[Mapping[str, str]] = (), **more: Any) -> None:
        """Reply with a sentence; `card=` where there is one."""
        self.messages.append(
            {"text": text, "language": self.written_in, "choices": list(choices), "card": None}
            | more
        )

    def phrase(self, name: str, **values: object) -> str:
        return self.cards.catalogue.phrase(name, **values)

    def show(self, card: Card, before: str = "", choices: Sequence[Mapping[str, str]] = ()) -> None:
        """Reply with a card and its text, after a sentence where one leads to it."""
        text = Wording(self.cards.catalogue).of(card)
        self.say(
            "\n".join(filter(None, [before, text])), choices or card.get("choices", ()), card=card
        )

    @property
    def asks_a_rule(self) -> bool:
        """Whether the message asks for papers, fees, dates ...; nobody's facts are needed."""
        return self.heard.act in ASKS_A_RULE

    @property
    def asks(self) -> bool:
        """Whether the message is a question; "45 million won" while one of ours is open is none."""
        if self.asked and self.heard.is_bare:
            return False
        return self.asks_a_rule or self.heard.act == "ask_eligibility"

    @property
    def ways_out(self) -> list[dict[str, str]]:
        """The buttons that are always right: a person, or from the beginning."""
        return [
            {"label": self.phrase("talk.human"), "value": "act:human"},
            {"label": self.phrase("talk.restart"), "value": "act:restart"},
        ]

    @property
    def triage(self) -> list[TriageRule]:
        """The triage rules that hold as things stand, the gravest first."""
        verdicts = [self.verdict(name) for name in self.topic]
        situation = Situation(self.typed_facts, verdicts, self.signals)
        return triage(self.base, situation, self.today)

    def signal(self, name: Signal) -> None:
        """Note what showed in the conversation, for the triage."""
        if name not in self.signals:
            self.signals.append(name)

    @property
    def written_in(self) -> str:
        """The language of the replies: English where the desk has no other words yet."""
        return self.language if self.language in ANSWERED else "en"

    def send(self, dispatcher: CollectingDispatcher) -> None:
        """Utter the replies, and where the dialogue stands now."""
        if self.language not in ANSWERED and self.messages and not self.told.get("english"):
            line = self.phrase("answered_in_english")
            self.messages[0]["text"] = f"{line}\n\n{self.messages[0]['text']}"
            self.told["english"] = "said"
        held = self.triage
        state = {
            "language": self.language,
            "language_chosen": self.language_chosen,
            "facts": self.facts,
            "services": self.topic,
            "triage": {"urgency": level_of(held), "reasons": [rule.id for rule in held]},
            "handoff": self.handoff,
            "asked": self.asked,
            "misses": self.misses,
            "told": self.told,
            "reminders": self.reminders,
            "signals": self.signals,
            "consent": self.consent,
        }
        dispatcher.utter_message(json_message={"messages": self.messages, "state": state})
