"""What people send besides text, and which sentence answers it."""

from __future__ import annotations

from telegram import Message

# Phrase ids `telegram.<name>`. An animation also comes as a document, so it stands before it.
ANSWERS = {
    "voice": "telegram.voice",
    "audio": "telegram.voice",
    "video_note": "telegram.video",
    "video": "telegram.video",
    "animation": "telegram.sticker",
    "sticker": "telegram.sticker",
    "dice": "telegram.sticker",
    "photo": "telegram.photo",
    "document": "telegram.file",
    "location": "telegram.location",
    "venue": "telegram.location",
    "contact": "telegram.contact",
    "poll": "telegram.unreadable",
    "story": "telegram.unreadable",
    "game": "telegram.unreadable",
    "checklist": "telegram.unreadable",
    "paid_media": "telegram.photo",
    "giveaway": "telegram.unreadable",
    "invoice": "telegram.unreadable",
}


def answer_to(message: Message) -> str | None:
    """The id of the sentence for this message's kind; None for text and service messages."""
    for kind, phrase in ANSWERS.items():
        if getattr(message, kind, None):
            return phrase
    return None
