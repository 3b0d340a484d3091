"""Documents cut into passages, stored, replaced, removed and found."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from knowledge import nearest
from knowledge.cutting import LONGEST, Passage, cut
from knowledge.documents import Document, Section, width
from knowledge.encoder import Vectors
from knowledge.passages import Embedded, Passages
from knowledge.words import terms_of
from tests.servers import Postgres

ON_BOTH_DATABASES = True
TODAY = date(2026, 11, 21)
DIMENSIONS = 8


def section(text: str, *headings: str, page: int | None = None) -> Section:
    return Section(headings, page, (text,))


def passages_of(*sections: Section) -> list[Passage]:
    return cut(Document("a.txt", "A", sections))


def made_up(name: str, *texts: str, toward: int = 0) -> Embedded:
    """A document whose passages point toward one dimension and differ a little."""
    vectors = np.random.default_rng(len(name)).normal(0, 0.1, (len(texts), DIMENSIONS))
    vectors[:, toward] += 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cuts = [Passage(text, ("Part",), None) for text in texts]
    return Embedded(name, f"Title of {name}", "2026-03", cuts, vectors.astype(np.float32))


def toward(dimension: int) -> Vectors:
    return np.eye(DIMENSIONS, dtype=np.float32)[dimension]


@pytest.fixture
def store(tmp_path: Path, database: str) -> Passages:
    return Passages(tmp_path, "test", database)


def names(store: Passages, text: str = "", dimension: int = 0) -> set[str]:
    return {found.document for found in store.search(text, toward(dimension), 10)}


def test_passages_end_at_headings_and_are_cited_with_them() -> None:
    first, second = passages_of(
        section("We open at ten.", "Hours", page=3), section("It is free.", "Hours", "Fees")
    )
    assert (first.text, first.section) == ("We open at ten.", "Hours, p. 3")
    assert (second.text, second.section) == ("It is free.", "Hours › Fees")
    assert passages_of(section("No place."))[0].section == ""


@pytest.mark.parametrize(
    ("sentence", "space"),
    [
        ("The office is open on Sundays, and Art. 3 of the rules says so.", " "),
        ("出入国管理の窓口は日曜日も開いています。", ""),
        ("移民中心星期天也开放！", ""),
        ("센터는 일요일에도 문을 엽니다.", " "),
        ("रुँदा पनि केन्द्र आइतबार खुला छ।", " "),
        ("ဗဟိုဌာနသည် တနင်္ဂနွေနေ့တွင် ဖွင့်သည်။", ""),
        ("មជ្ឈមណ្ឌលបើកនៅថ្ងៃអាទិត្យ។", " "),
        ("Центр открыт и в воскресенье.", " "),
    ],
)
def test_long_texts_are_cut_between_sentences(sentence: str, space: str) -> None:
    text = space.join([sentence] * 60)
    cuts = passages_of(section(text))
    assert len(cuts) > 1
    assert space.join(passage.text for passage in cuts) == text
    for passage in cuts:
        assert passage.text.endswith(sentence)
        assert width(passage.text) <= LONGEST
    assert min(width(p.text) for p in cuts) > LONGEST / 3  # no crumbs


def test_a_script_without_full_stops_is_cut_between_words_and_letters() -> None:
    words = "ศูนย์เปิดวันอาทิตย์ " * 100
    assert all(p.text.endswith("ศูนย์เปิดวันอาทิตย์") for p in passages_of(section(words)))
    one_word = "กี่" * 1000
    cuts = passages_of(section(one_word))
    assert "".join(p.text for p in cuts) == one_word
    assert all(p.text.endswith("กี่") and width(p.text) <= LONGEST for p in cuts)


def test_codes_and_scripts_without_spaces_have_terms() -> None:
    assert list(terms_of("F-5-2 (f52) Passports")) == ["f52", "f52", "passpo"]
    assert list(terms_of("비자 연장")) == ["비자", "연장"]
    assert list(terms_of("在留カード")) == ["在留", "留カ", "カー", "ード"]
    assert list(terms_of("วีซ่า")) == ["วีซ", "ีซ่", "ซ่า"]


def test_what_was_added_is_found_by_meaning_and_by_words(store: Passages) -> None:
    assert store.search("anything", toward(0), 10) == []
    store.add([made_up("a.txt", "about wages"), made_up("b.txt", "about housing", toward=1)], TODAY)
    found = {found.document: found for found in store.search("housing?", toward(0), 10)}
    assert found["a.txt"].meaning > 0.8 > found["b.txt"].meaning
    assert found["b.txt"].words > 0 == found["a.txt"].words
    assert found["b.txt"].passage == Passage("about housing", ("Part",), None)
    assert (found["b.txt"].title, found["b.txt"].as_of) == ("Title of b.txt", "2026-03")


def test_adding_again_replaces(store: Passages) -> None:
    store.add([made_up("a.txt", "old words", "more of them"), made_up("b.txt", "other")], TODAY)
    store.add([made_up("a.txt", "new")], TODAY)
    assert [(d.name, d.passages) for d in store.documents()] == [("a.txt", 1), ("b.txt", 1)]
    texts = {found.passage.text for found in store.search("old words", toward(0), 10)}
    assert texts == {"new", "other"}


def test_removing(store: Passages) -> None:
    store.add([made_up("a.txt", "wages"), made_up("b.txt", "housing")], TODAY)
    with pytest.raises(KeyError):
        store.remove(["a.txt", "none.txt"])
    assert names(store) == {"a.txt", "b.txt"}
    store.remove(["a.txt"])
    assert names(store, "wages") == {"b.txt"}
    store.remove(["b.txt"])
    assert (store.documents(), names(store)) == ([], set())


def test_a_running_desk_sees_changes(store: Passages, tmp_path: Path, database: str) -> None:
    desk = Passages(tmp_path, "test", database)
    assert names(desk) == set()
    for number in range(3):
        store.add([made_up(f"{number}.txt", "wages")], TODAY)
        assert f"{number}.txt" in names(desk)
    store.remove(["0.txt"])
    assert names(desk) == {"1.txt", "2.txt"}
    assert len(list(tmp_path.glob("passages-*"))) == 1  # nothing old is left behind


def test_an_error_on_the_way_changes_nothing(store: Passages, tmp_path: Path) -> None:
    store.add([made_up("a.txt", "wages")], TODAY)
    before = sorted(tmp_path.glob("passages-*"))

    def broken() -> list[Embedded]:  # the second document has a vector too few
        whole = made_up("a.txt", "one", "two")
        return [made_up("b.txt", "housing"), whole._replace(embeddings=whole.embeddings[:1])]

    with pytest.raises(ValueError, match="zip"):
        store.add(broken(), TODAY)
    assert sorted(tmp_path.glob("passages-*")) == before
    assert {found.passage.text for found in store.search("housing", toward(0), 10)} == {"wages"}


def test_what_finds_passages_is_made_again_where_it_is_lost(
    store: Passages, tmp_path: Path, database: str
) -> None:
    store.add([made_up("a.txt", "wages")], TODAY)
    (made,) = tmp_path.glob("passages-*")
    made.rename(tmp_path / "lost")
    assert names(Passages(tmp_path, "test", database), "wages") == {"a.txt"}


def test_another_encoder_does_not_search_in_foreign_vectors(
    store: Passages, tmp_path: Path, database: str
) -> None:
    store.add([made_up("a.txt", "wages")], TODAY)
    other = Passages(tmp_path, "other", database)
    assert names(other, "wages") == set()
    assert [listed.readable for listed in other.documents()] == [False]
    other.add([made_up("a.txt", "wages")], TODAY)
    assert names(other, "wages") == {"a.txt"}


def test_many_passages_are_found_by_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Passages(tmp_path, "test")
    few = [made_up(f"{n}.txt", *["wages"] * 100, toward=n) for n in range(8)]
    store.add(few, TODAY)
    exact = {d: {(f.document, f.number) for f in store.search("", toward(d), 10)} for d in range(8)}
    monkeypatch.setattr(nearest, "EXACT", 500)
    monkeypatch.setattr("knowledge.passages.EXACT", 500)
    store.add([made_up("more.txt", "housing", toward=3)], TODAY)
    assert list(tmp_path.glob("passages-*/vectors.faiss"))
    for dimension in (0, 7):
        found = {(f.document, f.number) for f in store.search("", toward(dimension), 10)}
        assert len(found & exact[dimension]) >= 9
    # The file is changed, not made again; what was removed is not found.
    store.remove(["7.txt"])
    assert "7.txt" not in names(store, dimension=7)
    store.add([made_up("new.txt", *["visa"] * 20, toward=7)], TODAY)
    assert names(store, dimension=7) == {"new.txt"}


def test_pgvector_finds_many_passages_by_its_graph(tmp_path: Path, postgres: Postgres) -> None:
    url = postgres.fresh()
    store = Passages(tmp_path, "test", url)
    store.add([made_up(f"{n}.txt", *["wages"] * 200, toward=n) for n in range(8)], TODAY)
    engine = sa.create_engine(url, future=True)
    with engine.begin() as db:
        db.execute(sa.text("ANALYZE"))
        kinds = db.execute(sa.text("SELECT indexdef FROM pg_indexes WHERE tablename='passages'"))
        assert any("hnsw" in kind for kind in kinds.scalars())
    engine.dispose()
    for dimension in range(8):
        assert names(store, dimension=dimension) == {f"{dimension}.txt"}
    assert not list(tmp_path.glob("passages-*/vectors.faiss"))
    postgres.drop(url)
