"""Reads typed facts out of a message: what is said, of which fact, in which words."""

from __future__ import annotations

import hashlib
import os
import pickle
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import regex
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import ENTITIES, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.base import KnowledgeBase, asked_by, facts_of
from knowledge.encoder import DEFAULT, Encoder, Vectors, load_encoder
from knowledge.periods import seoul_today
from knowledge.router import embed_kept, read_examples
from knowledge.schema import Fact
from nlu.choices import find_choices, find_plain_words, told_along
from nlu.corrections import without_taken_back
from nlu.countries import find_countries
from nlu.dates import find_dates
from nlu.durations import find_durations
from nlu.folding import fold
from nlu.language import WRITTEN_IN
from nlu.learned_roles import FITS, NO_FACT, RoleModel, around
from nlu.mentions import Mention, without_overlaps
from nlu.money import find_money
from nlu.numbers import find_numbers
from nlu.places import find_places, place_facts
from nlu.roles import as_fact, assign_roles, mask
from nlu.router import SERVICES
from nlu.statements import UNLIKELY, Statement, StatementModel
from nlu.statuses import find_statuses
from nlu.told import sayings, told

# JSON, markup and Rasa's own syntax are no sentences: what was learned of people's says nothing.
_CODE = regex.compile(r"\{\s*[\"']|</|[\"']\s*:\s*[\"'\d\[{]")
# Long stories hold their facts in the first lines; the rest must not cost seconds.
_LONGEST = 4000
_REMEMBERED = 2000  # short messages
_LEARNED = "learned.pickle"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class FactReader(GraphComponent, EntityExtractorMixin):
    """Adds typed entities: `entity` is the kind, `role` the fact where the words tell it.

    `about` names the fact where it is only likely; `past` and `future` are the
    two readings of a day told without its year.  A wrong fact can cost a person
    their residence, so what may be meant otherwise has no role.  It comes after
    the router: what the services in question ask for is sooner believed.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"encoder": DEFAULT}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FactReader:
        return cls(config["encoder"], model_storage, resource, None)

    def __init__(
        self,
        encoder: str,
        model_storage: ModelStorage,
        resource: Resource,
        learned: Learned | None,
    ) -> None:
        self._encoder = encoder
        self._model_storage, self._resource, self._learned = model_storage, resource, learned
        self._base = KnowledgeBase.load()
        # Short answers are given alike by many, to the same questions.
        self._of_short = lru_cache(_REMEMBERED)(self._read)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """What Rasa does not see: the examples, and the readers that find quantities in them."""
        room = Path(__file__).parent
        files = sorted(p for p in room.rglob("*") if p.suffix in (".py", ".yml"))
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from `nlu/data/facts` and `nlu/data/told`; Rasa's own examples tell no facts."""
        folder = Path(os.environ.get("INDEX_FOLDER", "var/knowledge"))
        encoder = load_encoder(self._encoder)
        self._learned = Learned.fit(KnowledgeBase.load(), seoul_today(), encoder, folder)
        with self._model_storage.write_to(self._resource) as folder:
            # Rasa packs it once more, and takes four times as long for what is not packed.
            (folder / _LEARNED).write_bytes(zlib.compress(pickle.dumps(self._learned)))
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FactReader:
        with model_storage.read_from(resource) as folder:
            # Written by `train` into the desk's own model; nothing else is ever unpickled.
            learned = pickle.loads(zlib.decompress((folder / _LEARNED).read_bytes()))
        return cls(config["encoder"], model_storage, resource, learned)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith(INTENT_MESSAGE_PREFIX):
                continue
            state = (message.get(METADATA) or {}).get("state") or {}
            ranked, talked_of = message.get(SERVICES) or [], state.get("services") or []
            meant = [s["id"] for s in ranked[:_MEANT] if s["score"] >= _MEANT_AT_ALL]
            asked = state.get("asked")
            # Two words of an answer may look like another language; they count in both.
            spoken = (message.get(WRITTEN_IN), state.get("language") if asked else None)
            read = self._of_short if len(text) <= _SHORT else self._read
            facts = read(text, spoken, seoul_today(), asked, (*meant, *talked_of))
            entities = self.add_extractor_name([_entity(fact) for fact in facts])
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        # Nothing that comes later in training looks at facts.
        return training_data

    def _read(
        self,
        text: str,
        spoken: tuple[str | None, str | None],
        today: date,
        asked: str | None,
        services: tuple[str, ...],
    ) -> list[Mention]:
        topic = Topic.of(services, self._base)
        language, conversation = spoken
        embedding = None
        if self._learned:
            [embedding] = load_encoder(self._encoder).encode([text])  # which remembers it
        return read_facts(
            text, language, today, self._learned, asked, topic, conversation, embedding
        )


class Topic(NamedTuple):
    """What services ask for, the statuses of those whom they are for, and those they end in.

    `near` are the facts that related services ask for, and what makes a case urgent;
    `held` the statuses that can only be held by those whom the first service is for.
    """

    asked: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()
    statuses: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[str], base: KnowledgeBase) -> Topic:
        """The topic that several services make together; unknown ones say nothing."""
        services = [base.services[name] for name in names if name in base.services]
        related = [base.services.get(name) for service in services for name in service.related]
        return cls(
            frozenset(fact for service in services for fact in asked_by(service)),
            frozenset(fact for other in related if other for fact in asked_by(other))
            | {fact for rule in base.triage for fact in facts_of(rule.when)},
            tuple(status for service in services for status in service.statuses),
            tuple(status for service in services for status in service.leads_to),
            tuple(
                status
                for service in services[:1]
                for status in service.statuses
                if status not in service.leads_to
            ),
        )

    def believes_from(self, fact: str, kind: str) -> float:
        """The probability from which a statement of `fact` is taken."""
        if fact == DANGER:
            return _SURE_DANGER
        if fact in self.asked:
            return _SURE_IF_ASKED[kind]
        return _SURE_IF_NEAR[kind] if fact in self.near else _SURE_STATEMENT

    def suspects_from(self, fact: str) -> float:
        """The probability from which a statement of `fact` is to be confirmed."""
        if fact == DANGER:
            return _LIKELY_DANGER
        return _LIKELY_IF_ASKED if fact in self.asked else _LIKELY_STATEMENT

    def believes_plain_words_from(self, fact: str, question: str | None) -> float:
        """The probability from which plain words that tell `fact` are taken for it."""
        if fact == question:
            return 0
        return _PLAIN_IF_ASKED if fact in self.asked else _PLAIN_IF_NEAR

    def speaks_for(self, fact: str, mention: Mention) -> float:
        """How many times as likely it makes that a quantity tells `fact`."""
        if fact == "status" and _is_one_of(mention, self.held):
            return _MATTERS**2
        if mention.kind == "status" and _is_one_of(mention, self.leads_to):
            return {"status": 1 / _MATTERS}.get(fact, _MATTERS if fact in self.asked else 1)
        if fact == "status" and _is_one_of(mention, self.statuses):
            return _MATTERS
        return _MATTERS if fact in self.asked else 1


DANGER = "danger"
EVERYTHING = Topic()
"""No service in particular."""


def _is_one_of(status: Mention, statuses: Iterable[str]) -> bool:
    """D-4 and D-4-6 may be the same person's: the longer is only told more exactly."""
    told = str(status.value)
    return any(told.startswith(one) or one.startswith(told) for one in statuses)


class Learned(NamedTuple):
    """What was learned from examples, beside the word lists."""

    facts: Mapping[str, Fact]
    roles: RoleModel
    statements: StatementModel

    @classmethod
    def fit(cls, base: KnowledgeBase, today: date, encoder: Encoder, folder: Path) -> Learned:
        """Learn from `nlu/data`; embeddings are kept in `folder`, as the router's are."""

        def find(text: str, language: str) -> list[Mention]:
            return _quantities(text, _reading_languages(text, language), today)

        said, messages = list(sayings(base)), told()
        shared = {m.text for m in messages} & {e.text for e in read_examples()}
        # Danger is worth embeddings of its own.
        texts = sorted(shared | {saying.text for saying in said if saying.fact == DANGER})
        embeddings = dict(zip(texts, embed_kept(texts, encoder, folder), strict=True))
        with ThreadPoolExecutor() as beside:  # the solver lets go of Python's lock
            statements = beside.submit(StatementModel.fit, base, said, messages, embeddings)
            roles = RoleModel.fit(base, said, messages, find, embeddings)
        return cls(base.facts, roles, statements.result())


def read_facts(
    text: str,
    language: str | None,
    today: date,
    learned: Learned | None = None,
    asked: str | None = None,
    topic: Topic = EVERYTHING,
    conversation: str | None = None,
    embedding: Vectors | None = None,
) -> list[Mention]:
    """What `text` says, in the order in which it says it.

    `language` is the one the message is written in, None where its words do
    not tell; `conversation` the one spoken so far.  `asked` is the fact that was
    asked for just before, `topic` what the services in question look for.
    Without `learned` only the word lists are used; `embedding` is the message's.
    """
    folded = fold(text[:_LONGEST])
    languages = _reading_languages(folded.text, language, conversation)
    quantities = _quantities(folded.text, languages, today)
    standing = without_taken_back(folded, quantities, languages)
    if standing is not folded:
        folded, quantities = standing, _quantities(standing.text, languages, today)
    found = assign_roles(folded.text, quantities, languages, today)
    alone = is_little_more_than(folded.text, [(q.start, q.end) for q in quantities])
    choices = find_choices(folded.text, quantities, languages)
    in_question = topic.asked | topic.near | ({asked} if asked else set())
    plain = find_plain_words(folded.text, quantities, languages, in_question)
    in_words = regex.search(r"\p{L}", mask(folded.text, quantities).text)
    if learned and in_words and not _CODE.search(folded.text):
        if not (asked and alone):  # a bare quantity answers what was asked
            found = _with_learned_roles(folded.text, found, learned, embedding, topic, today)
        told = {choice.role for choice in choices}
        along = told_along(found, learned.facts, topic.asked, today)
        choices += [choice for choice in along if choice.role not in told]
        read = learned.statements.read(folded.text, embedding)
        choices += _learned_choices(read, choices, plain, asked, topic, len(folded.text) <= _SHORT)
    said = [*found, *choices]
    kept = [m for m in said if m.role or m.about or m.kind not in _ONLY_WITH_ROLE or alone]
    return [
        m._replace(start=folded.place(m.start), end=folded.place(m.end))
        for m in sorted(kept, key=lambda m: (m.start, m.end))
    ]


def is_little_more_than(text: str, spans: list[tuple[int, int]]) -> bool:
    """Whether there is little in `text` but these pieces: an answer to a question."""
    covered = sum(end - start for start, end in spans)
    words = len(regex.findall(r"[\p{L}\p{N}]", text))
    return bool(spans) and words - covered <= 12


# From which probability a learned reading is taken; from the lower one it is to be confirmed,
# or answers the question that was asked.
_SURE_ROLE, _LIKELY_ROLE = 0.5, 0.3
_SURE_STATEMENT, _LIKELY_STATEMENT = 0.9, 0.5
_SURE_IF_NEAR = {"bool": 0.8, "choice": 0.8}
_SURE_IF_ASKED = {"bool": 0.6, "choice": 0.6}
_SURE_DANGER, _LIKELY_DANGER = 0.86, 0.6  # the act of the message says it too, where it is so
_LIKELY_IF_ASKED = 0.25
_PLAIN_IF_ASKED, _PLAIN_IF_NEAR = 0.03, 0.3
# "I am married to a Korean" is spelled much like "never married to a Korean": what denies is
# believed of word lists and of answers alone.
_DENIALS = ("never", "none")
_ALONE = 2  # times as likely as the next value a statement is that is taken
_MATTERS = 8  # times as likely is a role that the services in question ask for
_MEANT, _MEANT_AT_ALL = 3, 0.15  # services of the router's, and from which probability
# A short message after a question answers it, if it tells one value much sooner than the others.
_SURE_ANSWER = {"bool": 0.6, "choice": 0.08}
_ANSWER, _CLEARLY, _SHORT = 0.04, 8, 60


def _with_learned_roles(
    text: str,
    found: list[Mention],
    learned: Learned,
    embedding: Vectors | None,
    topic: Topic,
    today: date,
) -> list[Mention]:
    told = {mention.role for mention in found if mention.role}
    contexts = list(around(text, found))
    mentions = []
    roles_of_each = learned.roles.roles(contexts, embedding)
    for (mention, _), roles in zip(contexts, roles_of_each, strict=True):
        fitting = {
            fact: probability * topic.speaks_for(fact, mention)
            for fact, probability in roles.items()
            if fact == NO_FACT or learned.facts[fact].kind in FITS[mention.kind]
        }
        name = max(fitting, key=lambda fact: fitting[fact])
        likely = fitting[name] / sum(fitting.values())
        if mention.kind == "text":
            mentions += _home(mention, 1 - fitting[NO_FACT] / sum(fitting.values()), told)
            continue
        fact = learned.facts.get(name)
        settled = mention.role or mention.about or name in told
        if fact and not settled and likely >= _LIKELY_ROLE and not _lies_elsewhere(mention, fact):
            sure = likely >= _SURE_ROLE
            mention = as_fact(mention, name, fact.kind, sure, fact.lies == "past", today)
            told.add(name)
        mentions.append(mention)
    return mentions


def _lies_elsewhere(mention: Mention, fact: Fact) -> bool:
    """Whether a day is surely past where the fact's is ahead, or the other way round.

    Yesterday is the last day of a stay only where the words say so (`nlu/roles.py`).
    """
    if mention.kind != "date" or fact.lies is None:
        return False
    return (mention.future if fact.lies == "future" else mention.past) is None


_HOME = ("city", "province")


def _home(mention: Mention, probability: float, told: set[str]) -> list[Mention]:
    """A place as where one lives: Bucheon is a city, and tells the province as well."""
    homes = []
    for fact, name in place_facts(str(mention.value)).items():
        if fact not in told and probability >= _LIKELY_ROLE:
            sure = probability >= _SURE_ROLE
            home = mention._replace(value=name)
            homes.append(home._replace(role=fact) if sure else home._replace(about=fact))
            told.add(fact)
    return homes


def _learned_choices(
    read: list[Statement],
    known: list[Mention],
    plain: list[Mention],
    asked: str | None,
    topic: Topic,
    short: bool,
) -> list[Mention]:
    told = {m.role for m in known if m.role}
    probability: dict[tuple[str, object], float] = {
        (s.told.fact, s.told.value): s.probability for s in read
    }
    mentions = []
    for mention in plain:
        fact = mention.role
        if fact is None or fact in told:
            continue
        believed = topic.believes_plain_words_from(fact, asked)
        if probability.get((fact, mention.value), 0) >= believed:
            mentions.append(mention)
            told.add(fact)
    surest: dict[str, list[float]] = defaultdict(list)
    for statement in read:  # the surest first
        surest[statement.told.fact].append(statement.probability)
    for statement in read:
        fact, value = statement.told
        if fact in told or statement.probability < _ANSWER:
            continue
        if value in _DENIALS and fact != asked:
            continue
        kind = "bool" if isinstance(value, bool) else "choice"
        first, second = (*surest[fact], UNLIKELY)[:2]  # of what is not mentioned, the most
        times = first / second
        likely, surely = topic.suspects_from(fact), topic.believes_from(fact, kind)
        if fact == asked and times > _CLEARLY and short:
            likely, surely = _ANSWER, _SURE_ANSWER[kind]
        told.add(fact)  # the surest value alone
        if statement.probability < likely:
            continue
        # Who is beaten and robbed of the passport is in danger twice over.
        sure = statement.probability >= surely and (times > _ALONE or fact == DANGER)
        mentions.append(
            Mention(
                kind,
                value,
                statement.start,
                statement.end,
                role=fact if sure else None,
                about=None if sure else fact,
            )
        )
    return mentions


# Plain numbers and countries stand in every other sentence; without a role they tell nothing.
_ONLY_WITH_ROLE = ("number", "country", "text")


def _reading_languages(
    text: str, language: str | None, conversation: str | None = None
) -> tuple[str, ...]:
    """In which languages to look: codes and English words stand in messages of all."""
    wanted = [language or conversation or "en", conversation or "en", "en"]
    if language in ("ja", "zh", None) and regex.search(r"\p{Han}", text):
        wanted += ["ja", "zh"]  # "2年" is written alike
    return tuple(dict.fromkeys(wanted))


def _quantities(text: str, languages: tuple[str, ...], today: date) -> list[Mention]:
    found: list[Mention] = []
    for language in languages:
        durations = find_durations(text, language)
        found += find_statuses(text, language)
        found += find_dates(text, language, today, durations)
        found += find_money(text, language)
        found += durations
        found += find_countries(text, language)
    kept = without_overlaps([*found, *find_places(text)])
    return without_overlaps(kept + find_numbers(text, kept, languages))


def _entity(fact: Mention) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "entity": fact.kind,
        "value": fact.value,
        "start": fact.start,
        "end": fact.end,
    }
    for name in ("role", "about", "past", "future"):
        if (told := getattr(fact, name)) is not None:
            entity[name] = told
    if fact.kind == "date" and fact.precision != "day":
        entity["precision"] = fact.precision
    return entity
