"""Keeping the catalogues in step with the records: `python -m knowledge.translation`.

Adds what is new to each `catalogues/<language>.po`, keeps what is translated
and drops what is gone; where the English has changed, the text is to be
translated anew.  Translators edit the files with Poedit, Weblate or any editor.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from knowledge.base import KnowledgeBase
from knowledge.catalogue import ANSWERED, CATALOGUES, Catalogue, messages


def update(path: Path, base: KnowledgeBase) -> None:
    """Bring one catalogue in step with the records; makes the file where there is none."""
    template = Catalog(charset="utf-8")
    for context, english in messages(base):
        template.add(english, context=context)
    catalogue = Catalog(locale=path.stem, project="Ieum", charset="utf-8", fuzzy=False)
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=100, ignore_obsolete=True, omit_header=False)


def untranslated(base: KnowledgeBase, language: str) -> list[str]:
    """The contexts of the texts that a language still shows in English."""
    catalogue = Catalogue.of(language)
    return [c for c, english in messages(base) if not catalogue.translates(c, english)]


def main() -> int:
    """Update every catalogue and say what each still lacks; 1 where one lacks anything."""
    base = KnowledgeBase.load()
    languages = [language for language in ANSWERED if language != "en"]
    for language in languages:
        update(CATALOGUES / f"{language}.po", base)
    Catalogue.of.cache_clear()
    lacking = {language: untranslated(base, language) for language in languages}
    for language, contexts in lacking.items():
        print(f"{language}: {len(contexts)} texts to translate")
    return 1 if any(lacking.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
