"""Passages by their words: an index on disk, by tantivy, ranked by BM25.

Thai, Khmer, Burmese, Chinese and Japanese do not part words, and Korean hangs
particles on them: their texts are indexed by two or three letters at a time.
Of other words the first six letters count, which is a stemmer for any language.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import regex
import tantivy

_TERMS = regex.compile(
    r"""(?P<code>[a-z]-?\d+(?:-\d+)*)(?![\p{L}\p{N}])
      | (?P<pairs>[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}]+)
      | (?P<triples>[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+)
      | (?P<word>[\p{L}\p{M}\p{N}]+)""",
    regex.VERBOSE,
)
_STEM = 6
_MOST_OF_A_TERM = 2.2  # BM25's k1 + 1: what a word can add, in units of its rarity
_COMMON = 0.05  # share of the passages from which a word is left out of a query,
_FEW = 1_000  # unless it is in no more than these
_MEMORY = 128_000_000  # for writing


class Words:
    """The words of all passages, opened for reading."""

    def __init__(self, folder: Path) -> None:
        self._index = tantivy.Index.open(str(folder))
        self._searcher = self._index.searcher()

    def search(self, text: str, limit: int) -> list[tuple[int, float]]:
        """(passage id, share), the best first.  A share of 1 is the most BM25 could give."""
        passages = self._searcher.num_docs
        counts = {term: self._searcher.doc_freq("terms", term) for term in set(terms_of(text))}
        # What is everywhere tells little, and takes most of the time.
        common = max(_COMMON * passages, _FEW)
        terms = [term for term, count in counts.items() if count <= common]
        rarity = sum(
            math.log(1 + (passages - counts[term] + 0.5) / (counts[term] + 0.5)) for term in terms
        )
        schema, any_of = self._index.schema, tantivy.Occur.Should
        query = tantivy.Query.boolean_query(
            [(any_of, tantivy.Query.term_query(schema, "terms", term, "freq")) for term in terms]
        )
        found = self._searcher.search(query, limit, count=False).hits if terms else []
        return [
            (self._searcher.doc(address)["id"][0], score / rarity / _MOST_OF_A_TERM)
            for score, address in found
        ]


def write_words(
    folder: Path, added: Iterable[tuple[int, str, str]], removed: Iterable[str] = ()
) -> None:
    """Change the index in `folder`, or begin one: `added` are (passage id, document, text)."""
    folder.mkdir(parents=True, exist_ok=True)
    index = tantivy.Index(_schema(), path=str(folder))
    # One thread: the machine has others to answer.
    writer = index.writer(heap_size=_MEMORY, num_threads=1)
    for document in removed:
        writer.delete_documents("document", document)
    for number, document, text in added:
        terms = " ".join(terms_of(text))
        writer.add_document(tantivy.Document(id=number, document=document, terms=terms))
    writer.commit()
    writer.wait_merging_threads()


def terms_of(text: str) -> Iterator[str]:
    """What a text is found by, in its order."""
    for term in _TERMS.finditer(unicodedata.normalize("NFKC", text).casefold()):
        word, kind = term[0], term.lastgroup
        if kind == "code":  # F-6 and f6 are one
            yield word.replace("-", "")
        elif kind == "word":
            yield word if word[-1].isdigit() else word[:_STEM]
        else:
            length = 2 if kind == "pairs" else 3
            for begin in range(max(len(word) - length, 0) + 1):
                yield word[begin : begin + length]


def _schema() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("id", stored=True)
    schema.add_text_field("document", tokenizer_name="raw", index_option="basic")
    schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    return schema.build()
