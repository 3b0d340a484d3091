"""The messages on which the desk's understanding is measured.  README.md tells the fields."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

WRITTEN_ON = date(2026, 11, 21)
MESSAGES = Path(__file__).with_name("messages.jsonl")


class EvaluationMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message as a person wrote it, with what a careful reader finds in it."""

    id: str
    lang: str
    text: str
    act: str
    service: str | None
    also: tuple[str, ...]
    facts: dict[str, Any]
    scope: Literal["ours", "unrelated", "not_covered"]
    urgent: bool
    asked: str | None
    act_also: tuple[str, ...] = ()
    facts_also: dict[str, Any] = {}

    @property
    def acts(self) -> set[str]:
        return {self.act, *self.act_also}

    @property
    def services(self) -> set[str]:
        """The services that are right, where one is meant."""
        return {self.service, *self.also} if self.service else set()


def read_messages(path: Path = MESSAGES) -> list[EvaluationMessage]:
    """The lines of a file; ValueError names the line that does not fit."""
    messages = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            messages.append(msgspec.json.decode(line, type=EvaluationMessage))
        except msgspec.DecodeError as error:
            raise ValueError(f"{path.name}:{number}: {error}") from error
    return messages
