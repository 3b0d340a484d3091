"""The website of an invented support centre: what visitors of a desk's address see.

It shows the desk in place, in every language that the desk answers in.
"""

from __future__ import annotations

from pathlib import Path

from mako.lookup import TemplateLookup

from knowledge.base import KnowledgeBase
from knowledge.catalogue import ANSWERED, Catalogue

FOLDER = Path(__file__).parent
FILES = ("page.css", "icon.svg", "scene.svg")
"""What the page loads beside the widget."""
_CALLS = ("police", "danuri", "immigration_1345")
_LOOKUP = TemplateLookup(
    [str(FOLDER)], default_filters=["h"], strict_undefined=True, input_encoding="utf-8"
)


def page(base: KnowledgeBase, language: str, *, chosen: bool) -> str:
    """The page as HTML, in English where the desk does not answer in `language`.

    Where it was `chosen`, the desk speaks it too, else what the browser prefers.
    """
    words = Catalogue.of(language)
    calls = [
        (words.text(f"contact.{name}.name", base.contacts[name].name), base.contacts[name].phone)
        for name in _CALLS
    ]
    return str(
        _LOOKUP.get_template("page.html").render_unicode(
            say=words.phrase,
            language=words.written_in,
            desk_language=language if chosen else "auto",
            own_names={code: Catalogue.of(code).own_name for code in ANSWERED},
            calls=calls,
        )
    )
