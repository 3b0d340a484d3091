"""The examples of acts: enough of each, no example twice, none that means two things."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import yaml

from knowledge.catalogue import LANGUAGES
from nlu.language import ACTS

AT_LEAST = {"en": 25, "ko": 25, "ja": 25, "zh": 12, "vi": 12}
AT_LEAST_OTHERS = 6


def _examples() -> list[tuple[str, str, str]]:
    return [
        (block["intent"], block["metadata"]["language"], line.removeprefix("- ").strip())
        for path in sorted(ACTS.glob("*.yml"))
        for block in yaml.safe_load(path.read_text())["nlu"]
        for line in block["examples"].splitlines()
    ]


def test_every_act_of_the_domain_has_examples_in_every_language() -> None:
    acts = set(yaml.safe_load(Path("domain.yml").read_text())["intents"]) - {"choose"}
    counts = Counter((act, language) for act, language, _ in _examples())

    few = {
        (act, language): counts[act, language]
        for act in acts
        for language in LANGUAGES
        if counts[act, language] < AT_LEAST.get(language, AT_LEAST_OTHERS)
    }
    assert not few


def test_no_words_stand_for_two_acts() -> None:
    acts = defaultdict(set)
    for act, _, text in _examples():
        acts[text.casefold()].add(act)

    assert {text: found for text, found in acts.items() if len(found) > 1} == {}


def test_no_example_stands_twice_in_one_language() -> None:
    counts = Counter((language, text.casefold()) for _, language, text in _examples())

    assert [example for example, count in counts.items() if count > 1] == []
