"""Rasa keeps nothing between two turns: the gateway does.

With each message the gateway sends where the dialogue stands, and stores what
the actions answer together with where it stands then.  So a turn costs the
same at the beginning and at the end of a long conversation, a message can be
repeated after a crash without being taken in twice, any Rasa worker can answer
any message, and no word of a conversation lies in a second database.
"""

from __future__ import annotations

from collections.abc import Iterable

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.trackers import DialogueStateTracker


class NoTrackerStore(TrackerStore):
    """A tracker store that every conversation is new to."""

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep nothing."""

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Know nobody."""
        return None

    async def keys(self) -> Iterable[str]:
        """Hold no conversation."""
        return ()
