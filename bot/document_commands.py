"""`ieum knowledge add`, `list`, `remove`: an organisation's own documents."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from bot.settings import Settings, SettingsError
from bot.training import ENVIRONMENT
from knowledge.documents import Document, DocumentError, read_document, width
from knowledge.periods import seoul_today

if TYPE_CHECKING:
    from knowledge.passages import Embedded, Passages


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--as-of", metavar="DATE", help="The date they stand for: 2026, 2026-03, 2026-03-02.")
def add(files: tuple[Path, ...], as_of: str | None) -> None:
    """Add FILES to what the desk can quote: txt, md, html, pdf, docx.

    A document of the same file name is replaced. Where one of the files cannot
    be used, nothing changes. A running desk quotes the new ones at once.
    """
    if as_of and not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", as_of):
        raise click.ClickException(
            f"--as-of wants a date such as 2026, 2026-03 or 2026-03-02; got {as_of!r}"
        )
    documents = _read(files)
    with _passages() as passages:
        known = {listed.name for listed in passages.documents()}
        embedded = _embed(documents, as_of)
        passages.add(embedded, seoul_today())
    for document in embedded:
        done = "Replaced" if document.name in known else "Added"
        click.echo(f"{done} {document.name}: {document.title} ({_count(len(document.passages))})")


@click.command("list")
def list_documents() -> None:
    """List the documents that were added."""
    with _passages() as passages:
        documents = passages.documents()
    for document in documents:
        told = [_count(document.passages), f"added on {document.added_on}"]
        if document.as_of:
            told.append(f"as of {document.as_of}")
        if not document.readable:
            told.append("NOT FOUND by this desk's encoder: add the file again")
        click.echo(f"{document.name}: {document.title} ({', '.join(told)})")
    if not documents:
        click.echo("There are no documents yet: `ieum knowledge add FILE` adds one.")


@click.command()
@click.argument("names", nargs=-1, required=True)
def remove(names: tuple[str, ...]) -> None:
    """Remove documents by their file NAMES, as `ieum knowledge list` prints them."""
    with _passages() as passages:
        try:
            passages.remove(names)
        except KeyError as error:
            known = "".join(f"\n  {document.name}" for document in passages.documents())
            raise click.ClickException(
                f"There is no document {error.args[0]!r}, and nothing was removed. "
                f"There are:{known or ' none.'}"
            ) from error
    click.echo(f"Removed {', '.join(names)}.")


def _read(files: Sequence[Path]) -> list[Document]:
    """All files, before anything is stored; what is wrong with any of them is told at once."""
    documents: dict[str, Document] = {}
    problems = []
    for file in files:
        try:
            document = read_document(file)
        except DocumentError as error:
            problems.append(str(error))
            continue
        if document.name in documents:
            problems.append(
                f"{document.name} stands here twice. Documents are known by their file names: "
                "rename one, or add one of them only."
            )
        documents[document.name] = document
    if problems:
        raise click.ClickException("\n".join([*problems, "Nothing was added."]))
    return list(documents.values())


def _embed(documents: Sequence[Document], as_of: str | None) -> list[Embedded]:
    from knowledge.encoder import load_encoder
    from knowledge.passages import embed

    encoder = load_encoder()
    embedded = []
    with Progress(console=Console(stderr=True)) as progress:
        for document in documents:
            size = sum(width(p) for section in document.sections for p in section.paragraphs)
            task = progress.add_task(document.name, total=size)

            def tell(done: int, task: object = task) -> None:
                progress.advance(task, done)  # type: ignore[arg-type]

            embedded.append(embed(document, as_of, encoder, tell))
            progress.update(task, completed=size)
    return embedded


@contextlib.contextmanager
def _passages() -> Iterator[Passages]:
    os.environ.update(ENVIRONMENT)  # before numpy is imported: the desk may be answering people
    from sqlalchemy.exc import SQLAlchemyError

    from knowledge.encoder import DEFAULT
    from knowledge.passages import Passages

    try:
        settings = Settings.load()
        folder = settings.index_folder
        yield Passages(folder, DEFAULT, settings.database_url)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        raise click.ClickException(
            f"The documents in {folder} cannot be read or changed: {reason}. "
            "Check that the disk is not full, and that no other `ieum knowledge add` is running."
        ) from error


def _count(passages: int) -> str:
    return f"{passages} passage{'' if passages == 1 else 's'}"
