"""What example messages tell of the person who writes: what the fact reader learns from.

`data/facts/<fact>.yml` holds ways of saying one fact; `data/told/<language>.yml`
holds whole messages with every fact in them, which may be none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from knowledge.base import KnowledgeBase

DATA = Path(__file__).parent / "data"
NOT_SAID = "not_said"
_IN_WORDS = ("bool", "choice")
_BRACKETS = re.compile(r"\[(.+?)\]")


class Saying(NamedTuple):
    """A message that says one fact, or (`value` None) only seems to.

    Of a yes-or-no fact or a choice `value` is the value; of a quantity it is
    True, and the quantity stands at `start:end`.
    """

    fact: str
    value: bool | str | None
    language: str
    text: str
    start: int = 0
    end: int = 0


class Told(NamedTuple):
    """A message with everything it tells: values, or the words of a quantity."""

    text: str
    language: str
    facts: Mapping[str, bool | str]


def sayings(base: KnowledgeBase, folder: Path = DATA / "facts") -> Iterator[Saying]:
    """Every line of `data/facts/`; ValueError names the file of one that does not fit."""
    for path in sorted(folder.glob("*.yml")):
        fact = base.facts.get(path.stem)
        if fact is None:
            raise ValueError(f"{path.name}: there is no fact {path.stem!r} in facts.yml")
        for said, by_language in _load(path).items():
            for language, lines in by_language.items():
                for line in map(str, lines):
                    if fact.kind in _IN_WORDS:
                        value = _value(said, path, [choice.value for choice in fact.choices])
                        yield Saying(fact.id, value, language, line)
                    else:
                        yield _quantity(fact.id, said, language, line, path)


def told(folder: Path = DATA / "told") -> list[Told]:
    """The messages of `data/told/`."""
    return [
        Told(message["text"], path.stem, message["facts"])
        for path in sorted(folder.glob("*.yml"))
        for message in _load(path)
    ]


def _value(said: str, path: Path, choices: list[str]) -> bool | str | None:
    if said == NOT_SAID:
        return None
    if not choices and said in ("true", "false"):
        return said == "true"
    if said in choices:
        return said
    expected = ", ".join(choices or ["true", "false"])
    raise ValueError(f"{path.name}: {said!r} is not one of {expected}, {NOT_SAID}")


def _quantity(fact: str, said: str, language: str, line: str, path: Path) -> Saying:
    marked = _BRACKETS.search(line)
    if said not in ("said", NOT_SAID) or marked is None:
        raise ValueError(
            f"{path.name}: write lines with the quantity in [brackets] under `said` or "
            f"`{NOT_SAID}`; found {line!r} under {said!r}"
        )
    text = line[: marked.start()] + marked[1] + line[marked.end() :]
    end = marked.start() + len(marked[1])
    return Saying(fact, said == "said" or None, language, text, marked.start(), end)


def _load(path: Path) -> Any:
    return yaml.load(path.read_bytes(), yaml.CSafeLoader)
