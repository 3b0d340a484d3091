"""Hiding the numbers that tell who somebody is, and keeping what was written under lock."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection

from cryptography.fernet import Fernet, InvalidToken

from bot.personal_numbers import digits, mask
from knowledge.base import KnowledgeBase


class Masking:
    """`key` is the secret under which originals are kept; `public` are numbers nobody hides."""

    def __init__(self, key: str, public: Collection[str] = ()) -> None:
        self._key = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))
        self._public = frozenset(public)

    @classmethod
    def of(cls, key: str, base: KnowledgeBase) -> Masking:
        """Masking that leaves the telephone numbers of the base's contacts alone."""
        return cls(key, {digits(contact.phone) for contact in base.contacts.values()})

    def hide(self, text: str, longest: int) -> tuple[str, str | None]:
        """The text as everybody may see it, and where that differs the original, locked.

        What goes beyond `longest` characters is in the original alone.
        """
        shown = mask(text[:longest], self._public) + ("…" if len(text) > longest else "")
        return shown, None if shown == text else self.lock(text)

    def lock(self, text: str) -> str:
        """The text as nobody without the key can read it."""
        return self._key.encrypt(text.encode()).decode()

    def unlock(self, locked: str) -> str | None:
        """What was locked; None where that was with another key."""
        try:
            return self._key.decrypt(locked.encode()).decode()
        except InvalidToken:
            return None
