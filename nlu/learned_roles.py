"""Which fact a quantity is about, learned from messages: "F-6" one holds, or one wants.

Patterns (`nlu/roles.py`) know the plain cases.  Here the letters before and
after a quantity, and the rest of the message, are weighed by a logistic
regression over the examples of `nlu/told.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from knowledge.base import KnowledgeBase
from nlu.folding import fold
from nlu.mentions import Mention
from nlu.roles import Masked, mask
from nlu.told import Saying, Told

NO_FACT = ""
FITS = {
    "duration": ("duration", "date", "number"),
    "date": ("date", "duration"),
    "money": ("money",),
    "number": ("number", "duration"),
    "country": ("country",),
    "status": ("status",),
    "text": ("text",),
}
"""Kinds of quantity, and the kinds of fact that they can tell."""
_REACH = 25  # letters on each side
_NEAR = 8
_LONGEST = 5  # letters that are looked at together
_SLIGHT = 0.05  # weights below this change nothing and cost memory

Find = Callable[[str, str], list[Mention]]
"""Finds the quantities of a folded text in a language."""


class Context(NamedTuple):
    """A quantity and what stands around it."""

    mention: Mention
    signs: list[str]


class RoleModel:
    """Says of each quantity of a message which fact it is likely about."""

    def __init__(self, words: CountVectorizer, facts: list[str], weights: csr_matrix) -> None:
        self._words, self._facts, self._weights = words, facts, weights

    @classmethod
    def fit(
        cls, base: KnowledgeBase, said: Sequence[Saying], messages: Sequence[Told], find: Find
    ) -> RoleModel:
        """Learn from quantities whose fact is known."""
        signs: list[list[str]] = []
        facts: list[str] = []
        look_alikes: list[list[str]] = []
        for saying in said:
            if saying.end == 0:
                continue  # no quantity
            for context in contexts(saying.text, saying.language, find):
                if not _overlap(context.mention, saying.start, saying.end):
                    continue
                if saying.value is None:
                    look_alikes.append(context.signs)
                elif base.facts[saying.fact].kind in FITS[context.mention.kind]:
                    signs.append(context.signs)
                    facts.append(saying.fact)
        for message in messages:
            for context in contexts(message.text, message.language, find):
                signs.append(context.signs)
                facts.append(_fact_of(context.mention, message, base))
        model = cls._learn(signs, facts)
        # What only seems to tell one fact may tell another; a first model says which.
        second = [_likeliest(roles) for roles in model._roles(look_alikes)]
        return cls._learn(signs + look_alikes, facts + second)

    @classmethod
    def _learn(cls, signs: list[list[str]], facts: list[str]) -> RoleModel:
        words = CountVectorizer(analyzer=list, min_df=2, binary=True, dtype=np.float32)
        features = normalize(words.fit_transform(signs))
        model = LogisticRegression(
            C=30, solver="liblinear", dual=True, fit_intercept=False, tol=5e-2, max_iter=60
        )
        model.fit(features, facts)
        weights = model.coef_.T.astype(np.float32)
        weights[np.abs(weights) < _SLIGHT] = 0
        return cls(words, [str(fact) for fact in model.classes_], csr_matrix(weights))

    def roles(self, found: Sequence[Context]) -> list[dict[str, float]]:
        """For each quantity: fact id (`NO_FACT` too) -> probability."""
        return self._roles([context.signs for context in found])

    def _roles(self, signs: Sequence[list[str]]) -> list[dict[str, float]]:
        if not signs:
            return []
        features = normalize(self._words.transform(signs))
        rows = 1 / (1 + np.exp(-(features @ self._weights).toarray()))
        rows /= rows.sum(axis=1, keepdims=True)
        return [dict(zip(self._facts, map(float, row), strict=True)) for row in rows]


def _likeliest(roles: dict[str, float]) -> str:
    best = max(roles, key=lambda fact: roles[fact])
    return best if roles[best] >= 0.5 else NO_FACT


def contexts(text: str, language: str, find: Find) -> Iterator[Context]:
    """The quantities of a message, with places in the message as it was written."""
    folded = fold(text)
    found = find(folded.text, language)
    for context in around(folded.text, found):
        mention = context.mention
        place = mention._replace(start=folded.place(mention.start), end=folded.place(mention.end))
        yield context._replace(mention=place)


def around(text: str, mentions: list[Mention]) -> Iterator[Context]:
    """The quantities of a folded text, with what stands around each."""
    masked = mask(text, mentions)
    whole = _threes(masked)
    seen: Counter[str] = Counter()
    for place, mention in sorted(masked.marks.items()):
        seen[mention.kind] += 1
        before = masked.text[max(0, place - _REACH) : place].casefold()[::-1]
        after = masked.text[place + 1 : place + 1 + _REACH].casefold()
        signs = [*whole, *_pieces("<", before), *_pieces(">", after)]
        signs += [f"kind {mention.kind}", f"kind {mention.kind} {seen[mention.kind]}"]
        if mention.kind == "status":
            signs += [f"status {mention.value}", f"status {str(mention.value)[:3]}"]
        yield Context(mention, signs)


def _pieces(side: str, text: str) -> Iterator[str]:
    for start in range(len(text)):
        near = "!" if start <= _NEAR else ""
        for end in range(start + 1, min(start + _LONGEST, len(text)) + 1):
            yield f"{side}{near}{text[start:end]}"


def _threes(masked: Masked) -> list[str]:
    text = masked.text.casefold()
    return [f"={text[start : start + 3]}" for start in range(len(text) - 2)]


def _fact_of(mention: Mention, message: Told, base: KnowledgeBase) -> str:
    for fact, words in message.facts.items():
        if isinstance(words, str) and base.facts[fact].kind in FITS[mention.kind]:
            start = message.text.find(words)
            if _overlap(mention, start, start + len(words)):
                return fact
    return NO_FACT


def _overlap(mention: Mention, start: int, end: int) -> bool:
    return mention.start < end and mention.end > start
