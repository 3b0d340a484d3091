"""The YAML word lists in `nlu/lexicon/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import regex
from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "lexicon"


@cache
def word_list(name: str) -> dict[str, Any]:
    """`nlu/lexicon/<name>.yml`, read once."""
    loaded: dict[str, Any] = YAML(typ="safe", pure=False).load(FOLDER / f"{name}.yml")
    return loaded


@cache
def word_list_if_any(name: str) -> dict[str, Any]:
    """The list, or an empty one where nobody has written it."""
    return word_list(name) if (FOLDER / f"{name}.yml").exists() else {}


def alternatives(words: list[str]) -> str:
    """A pattern for any of `words`, the longest first; spaces match any run of spaces."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(regex.escape(word).replace(r"\ ", r"\s+") for word in ordered)
