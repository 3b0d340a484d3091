"""Telegram's HTML, read as the real Bot API reads it: plain text, or its complaint."""

from __future__ import annotations

import html
import re

TAGS = frozenset(
    [
        "a",
        "b",
        "blockquote",
        "code",
        "del",
        "em",
        "i",
        "ins",
        "pre",
        "s",
        "span",
        "strike",
        "strong",
        "tg-emoji",
        "tg-spoiler",
        "u",
    ]
)
TAG = re.compile(r"<(/?)([^\s<>/]*)([^<>]*)>")
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


class CannotParse(ValueError):
    """The Bot API's own words about markup that it does not take."""


def plain_text(markup: str) -> str:
    """`markup` without its tags, entities resolved.

    Raises CannotParse where the real Bot API answers "can't parse entities".
    """
    text: list[str] = []
    open_tags: list[str] = []
    at = 0
    while (lt := markup.find("<", at)) >= 0:
        text.append(markup[at:lt])
        tag = TAG.match(markup, lt)
        offset = len(markup[:lt].encode())
        if tag is None:
            raise CannotParse(f"Unclosed start tag at byte offset {offset}")
        closing, name = tag[1], tag[2].lower()
        if closing:
            if not open_tags:
                raise CannotParse(f"Unexpected end tag at byte offset {offset}")
            if (expected := open_tags.pop()) != name:
                raise CannotParse(
                    f'Unmatched end tag at byte offset {offset}, expected "</{expected}>", '
                    f'found "</{name}>"'
                )
        elif name not in TAGS:
            raise CannotParse(f'Unsupported start tag "{name}" at byte offset {offset}')
        else:
            open_tags.append(name)
        at = tag.end()
    text.append(markup[at:])
    if open_tags:
        raise CannotParse(f'Can\'t find end tag corresponding to start tag "{open_tags[-1]}"')
    return ENTITY.sub(lambda entity: html.unescape(entity[0]), "".join(text)).strip()
