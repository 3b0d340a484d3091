"""The evaluation file holds what it promises, and nothing in it was seen by training."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rapidfuzz import fuzz, process

from knowledge.base import KnowledgeBase
from knowledge.facts import decode_facts
from knowledge.router import read_examples
from nlu.told import sayings, told

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TODAY = date(2026, 11, 21)  # the day on which the messages were written
MINIMUM = {language: 45 for language in ("en", "ko", "ja", "zh", "vi")} | {
    language: 16 for language in ("ru", "th", "mn", "uz", "tl", "my", "km", "id", "ne")
}
ALWAYS = {"id", "lang", "text", "act", "service", "also", "facts", "scope", "urgent", "asked"}
SOMETIMES = {"act_also", "facts_also"}
NEAR_COPY = 90

Question = dict[str, Any]


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    lines = (ROOT / "evaluation" / "messages.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    return KnowledgeBase.load()


@pytest.fixture(scope="module")
def acts() -> set[str]:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    return set(domain["intents"]) - {"choose"}  # only a button says that one


@pytest.fixture(scope="module")
def everything(questions: list[Question]) -> list[Question]:
    """The messages, and those that were written later."""
    later = (ROOT / "evaluation" / "fresh.jsonl").read_text("utf-8").splitlines()
    return questions + [json.loads(line) for line in later]


def test_every_line_has_the_fields(everything: list[Question]) -> None:
    for question in everything:
        assert question.keys() >= ALWAYS, question
        assert question.keys() <= ALWAYS | SOMETIMES, question
        assert question["text"].strip() and isinstance(question["urgent"], bool), question
        assert question["scope"] in {"ours", "unrelated", "not_covered"}, question


def test_ids_and_texts_are_unique(everything: list[Question]) -> None:
    for field in ("id", "text"):
        counted = Counter(question[field] for question in everything)
        assert [value for value, times in counted.items() if times > 1] == []
    assert all(question["id"].startswith(question["lang"] + "-") for question in everything)


def test_there_are_enough_of_every_language(questions: list[Question]) -> None:
    counted = Counter(question["lang"] for question in questions)
    assert counted.keys() == MINIMUM.keys()
    assert {
        language: counted[language] for language in MINIMUM if counted[language] < MINIMUM[language]
    } == {}


def test_every_act_and_service_is_asked(
    questions: list[Question], base: KnowledgeBase, acts: set[str]
) -> None:
    assert {question["act"] for question in questions} == acts
    assert {question["service"] for question in questions} - {None} == set(base.services)
    for question in questions:
        assert set(question["also"]) <= set(base.services), question
        assert set(question.get("act_also", ())) <= acts, question
        assert question["service"] is None or question["scope"] == "ours", question


def test_the_kinds_are_mixed_as_the_readme_says(questions: list[Question]) -> None:
    def share(counted: int) -> float:
        return counted / len(questions)

    assert share(sum(q["scope"] != "ours" for q in questions)) >= 0.11
    assert share(sum(q["urgent"] for q in questions)) >= 0.09
    assert share(sum(q["asked"] is not None for q in questions)) >= 0.14
    unrelated = sum(q["scope"] == "unrelated" for q in questions)
    not_covered = sum(q["scope"] == "not_covered" for q in questions)
    assert abs(unrelated - not_covered) <= 6


def test_facts_decode(everything: list[Question], base: KnowledgeBase) -> None:
    for question in everything:
        decode_facts(question["facts"], base.facts, TODAY)
        decode_facts(question.get("facts_also", {}), base.facts, TODAY)
        # Where a fact is in both, the second is another reading of the same words.
        for fact, other in question.get("facts_also", {}).items():
            assert question["facts"].get(fact) != other, question
        assert question["asked"] is None or question["asked"] in base.facts, question


def test_training_has_not_seen_it(everything: list[Question]) -> None:
    """Mend the training data where this fails, never the evaluation: it was written first."""
    seen = _training_texts()
    copies = []
    for language in MINIMUM:
        asked = [_folded(q["text"]) for q in everything if q["lang"] == language]
        trained = seen[language]
        assert trained, f"no training text found for {language}"
        likeness = process.cdist(
            asked, trained, scorer=fuzz.ratio, score_cutoff=NEAR_COPY, dtype=np.uint8
        )
        copies += [
            f"{language}: {asked[row]!r} is in training as {trained[column]!r}"
            for row, column in zip(*np.nonzero(likeness), strict=True)
        ]
    assert copies == []


def _training_texts() -> dict[str, list[str]]:
    """The folded texts of everything that is learned from, by language."""
    texts = defaultdict(list)
    for said in (*sayings(KnowledgeBase.load()), *told()):
        texts[said.language].append(_folded(said.text))
    for example in read_examples():
        texts[example.language].append(_folded(example.text))
    for path in sorted((ROOT / "nlu/data/acts").glob("*.yml")):
        for entry in yaml.load(path.read_bytes(), yaml.CSafeLoader)["nlu"]:
            for line in entry["examples"].splitlines():
                plain = re.sub(
                    r"\[(.+?)\](\(.+?\)|\{.+?\})", r"\1", line.strip().removeprefix("- ")
                )
                texts[entry["metadata"]["language"]].append(_folded(plain))
    return texts


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
