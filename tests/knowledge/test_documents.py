"""Files as people have them: five kinds, many encodings, and all that can be wrong with one."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from fpdf import FPDF

from knowledge import documents
from knowledge.documents import Document, DocumentError, Section, read_document

KOREAN = "우리 센터는 일요일에도 문을 엽니다. 외국인등록증을 가지고 오세요.\n상담은 무료입니다."


def read(folder: Path, name: str, content: bytes | str) -> Document:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_document(path)


def refused(folder: Path, name: str, content: bytes | str) -> str:
    with pytest.raises(DocumentError) as caught:
        read(folder, name, content)
    said = str(caught.value)
    assert said.startswith(name)
    assert said.endswith(".")
    return said


def pdf(*pages: str, password: str = "", title: str = "") -> bytes:
    """A PDF whose pages begin with a bookmark where their text begins with "# "."""
    file = FPDF()
    file.set_title(title)
    for page in pages:
        file.add_page()
        file.set_font("helvetica", size=12)
        if page.startswith("# "):
            heading, _, page = page.partition("\n")
            file.start_section(heading[2:])
        file.multi_cell(0, 6, page)
    if password:
        file.set_encryption(owner_password="owner", user_password=password)
    return bytes(file.output())


def word(make: docx.document.Document) -> bytes:
    data = io.BytesIO()
    make.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", KOREAN),
        ("utf-8-sig", KOREAN),
        ("cp949", KOREAN),
        ("utf-16", KOREAN),
        ("cp932", "相談は無料です。在留カードを持ってきてください。日曜日も開いています。"),
        ("gb18030", "咨询是免费的。请带上您的外国人登录证。星期天也开放。" * 3),
        ("cp1251", "Консультация бесплатная. Возьмите с собой карту регистрации иностранца."),
        ("cp874", "ให้คำปรึกษาฟรี กรุณานำบัตรประจำตัวคนต่างด้าวมาด้วย เปิดวันอาทิตย์"),
    ],
)
def test_texts_in_the_encodings_people_save_in(tmp_path: Path, encoding: str, text: str) -> None:
    document = read(tmp_path, "note.txt", text.encode(encoding))
    assert document.title == "note"
    (section,) = document.sections
    assert "\n".join(section.paragraphs) == text


def test_lines_broken_for_a_narrow_page_are_joined(tmp_path: Path) -> None:
    text = (
        "The office is open on Sundays for everybody who\n"
        "works during the week.\n"
        "- Bring your card.\n"
        "- Bring your passport.\n"
    )
    (section,) = read(tmp_path, "a.txt", text).sections
    assert section.paragraphs == (
        "The office is open on Sundays for everybody who works during the week.",
        "- Bring your card.",
        "- Bring your passport.",
    )


def test_markdown_opens_sections_at_headings(tmp_path: Path) -> None:
    text = (
        "---\ntitle: Living here\n---\nBefore.\n\n# Stay\n\n## Extension\n\nApply *early*.\n\n"
        "| paper | copies |\n|---|---|\n| passport | 1 |\n\n# Work\n\n```\n# no heading\n```\n"
    )
    document = read(tmp_path, "guide.md", text)
    assert document.title == "Living here"
    assert document.sections == (
        Section((), None, ("Before.",)),
        Section(("Stay", "Extension"), None, ("Apply early.", "paper | copies", "passport | 1")),
        Section(("Work",), None, ("# no heading",)),
    )


def test_html_gives_its_text_and_not_its_scripts(tmp_path: Path) -> None:
    page = (
        "<!DOCTYPE html><html><head><title>센터 안내</title><meta charset=euc-kr>"
        "<style>p{color:red}</style></head><body><nav>Home</nav><h1>시간</h1>"
        "<p>일요일 <b>10시</b>부터.<br>무료.</p><script>alert(1)</script>"
        "<ul><li>여권<li>등록증</ul></body></html>"
    )
    document = read(tmp_path, "page.html", page.encode("cp949"))
    assert document.title == "센터 안내"
    assert document.sections == (
        Section(("시간",), None, ("일요일 10시부터.", "무료.", "여권", "등록증")),
    )


def test_pdf_keeps_pages_and_bookmarks(tmp_path: Path) -> None:
    long = "Every sentence of this page is longer than a line of it can be, so it is broken twice. "
    data = pdf("# Hours\nWe open at ten.", "And on Sundays.", "# Fees\n" + long * 3, title="Guide")
    document = read(tmp_path, "guide.pdf", data)
    assert document.title == "Guide"
    places = [(section.headings, section.page) for section in document.sections]
    assert places == [(("Hours",), 1), (("Hours",), 2), (("Fees",), 3)]
    assert " ".join(document.sections[2].paragraphs) == (long * 3).strip()


def test_word_keeps_headings_and_tables(tmp_path: Path) -> None:
    made = docx.Document()
    made.core_properties.title = "Handbook"
    made.add_heading("Wages", 1)
    made.add_paragraph("A lawyer helps with unpaid wages.")
    table = made.add_table(1, 2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Saturday", "10 to 12"
    document = read(tmp_path, "handbook.docx", word(made))
    assert document.title == "Handbook"
    assert document.sections == (
        Section(("Wages",), None, ("A lawyer helps with unpaid wages.", "Saturday | 10 to 12")),
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.txt cannot be opened"):
        read_document(tmp_path / "none.txt")


def test_an_unknown_kind_names_the_known_ones(tmp_path: Path) -> None:
    assert "txt" in refused(tmp_path, "table.xlsx", "x")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.pdf", "a.docx"])
def test_empty_files(tmp_path: Path, name: str) -> None:
    assert "is empty" in refused(tmp_path, name, " \n")


@pytest.mark.parametrize(
    ("name", "content"), [("a.html", "<script>x</script>"), ("a.md", "# \n"), ("a.txt", "\ufeff\n")]
)
def test_files_without_text(tmp_path: Path, name: str, content: str) -> None:
    assert "holds no text" in refused(tmp_path, name, content)


def test_a_picture_that_is_called_a_text(tmp_path: Path) -> None:
    assert "is no text" in refused(tmp_path, "a.txt", bytes(range(256)) * 20)
    assert "is no text" in refused(tmp_path, "b.md", pdf("Hello there, this is a page."))


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_damaged_files(tmp_path: Path, keep: float) -> None:
    made = docx.Document()
    made.add_paragraph("Hello there.")
    data = word(made)
    assert "is damaged" in refused(tmp_path, "a.docx", data[: int(len(data) * keep)])
    assert "is damaged" in refused(tmp_path, "a.pdf", b"PK" + bytes(100))


def test_files_under_a_password(tmp_path: Path) -> None:
    assert "password" in refused(tmp_path, "a.pdf", pdf("Hello there.", password="secret"))
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert "password" in refused(tmp_path, "a.docx", locked)


def test_a_pdf_of_pictures(tmp_path: Path) -> None:
    assert "OCR" in refused(tmp_path, "scan.pdf", pdf("", ""))


def test_files_beyond_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 1_000_000)
    assert "is too large: 2 MB" in refused(tmp_path, "a.txt", b"x" * 2_000_000)
    monkeypatch.setattr(documents, "MOST_LETTERS", 1_000)
    assert "letters" in refused(tmp_path, "b.txt", "word " * 300)


def test_a_small_file_that_would_unpack_to_a_huge_one(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(5):
            packed.writestr(f"word/{number}.xml", bytes(50_000_000))
    assert "would unpack to 250 MB" in refused(tmp_path, "bomb.docx", data.getvalue())
