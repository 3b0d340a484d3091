"""`ieum knowledge ...`: the knowledge base on the command line, without a running desk."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

import click

from bot.document_commands import add, list_documents, remove
from bot.settings import Settings, SettingsError
from knowledge import check as checking
from knowledge.assessment import Verdict
from knowledge.assessment import assess as verdict_on
from knowledge.base import KnowledgeBase, RecordError, conditions
from knowledge.cards import Cards
from knowledge.catalogue import LANGUAGES
from knowledge.coverage import Coverage, report
from knowledge.explanation import explanation
from knowledge.facts import decode_facts
from knowledge.graph import graph as draw
from knowledge.periods import seoul_today
from knowledge.schema import Condition, Item, Service
from knowledge.site import write_site
from knowledge.wording import Wording

in_language = click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", help="The language to print in."
)


@click.group()
def knowledge() -> None:
    """Look into the knowledge base: check it, read it, try it."""


@knowledge.command()
def check() -> None:
    """Check all records and their boundary cases; name those due for review."""
    sys.exit(checking.main())


@knowledge.command()
@click.argument("service")
@in_language
def show(service: str, language: str) -> None:
    """Print everything the base says about SERVICE, with its sources."""
    base = _base()
    cards, record, today = Cards(base, language), _service(base, service), seoul_today()
    everything: list[tuple[Service, Item | Condition]] = [
        *((record, condition) for condition in conditions(record.requires) if condition.id),
        *((record, item) for item in record.items),
    ]
    card = cards.answer(record, everything, 1.0, today)
    click.echo(f"{cards.title(record)} ({record.id})")
    click.echo(cards.catalogue.text(f"{record.id}.summary", record.summary) + "\n")
    click.echo(Wording(cards.catalogue).of(card))
    click.echo(f"\nChecked on {record.checked_on}, to be checked again by {record.review_by}.")


about_a_person = click.option(
    "--facts", "first", multiple=True, metavar="FACT=VALUE ...", help="What is known."
)
more_facts = click.argument("more", nargs=-1, metavar="")


@knowledge.command()
@click.argument("service")
@about_a_person
@more_facts
@in_language
def assess(service: str, first: tuple[str, ...], more: tuple[str, ...], language: str) -> None:
    """Print the verdict on SERVICE for a person with these facts.

    Values are written as in the API: true, P2Y (two years), 2027-03-02, F-6,
    30000000, a choice's name; null is "asked, and not known". For example:

        ieum knowledge assess permanent_residence.f5_2 --facts status=F-6 residence=P2Y
    """
    base = _base()
    verdict = _verdict(base, service, (*first, *more))
    cards = Cards(base, language)
    click.echo(Wording(cards.catalogue).of(cards.verdict(verdict)))
    if verdict.missing:
        click.echo("\nStill missing, the most useful first: " + ", ".join(verdict.missing))


@knowledge.command()
@click.argument("service")
@about_a_person
@more_facts
@in_language
def explain(service: str, first: tuple[str, ...], more: tuple[str, ...], language: str) -> None:
    """Print the proof of the verdict on SERVICE: each condition, how it came out, and why.

    Facts are written as for `ieum knowledge assess`.
    """
    base = _base()
    verdict = _verdict(base, service, (*first, *more))
    click.echo(explanation(verdict, Cards(base, language)))


@knowledge.command()
@click.argument("service")
@about_a_person
@more_facts
@click.option("-o", "--output", type=click.File("w", "utf-8"), default="-", help="The SVG file.")
@in_language
def graph(
    service: str, first: tuple[str, ...], more: tuple[str, ...], output: TextIO, language: str
) -> None:
    """Draw the decision tree of SERVICE as an SVG picture.

    With facts it shows how each condition comes out for that person. For example:

        ieum knowledge graph permanent_residence.f5_2 --facts status=F-6 -o tree.svg
    """
    base, today = _base(), seoul_today()
    record = _service(base, service)
    try:
        facts = decode_facts(dict(map(_fact, (*first, *more))), base.facts, today)
        picture = draw(record, Cards(base, language), facts, today)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(picture, output)


@knowledge.command()
@click.argument("facts_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Print where every fact is carried, too.")
def coverage(facts_file: Path, everything: bool) -> None:
    """Tell which facts of the list FACTS_FILE the records carry, and which not.

    Ends with 1 where less than 95 % are carried, where a fact is neither carried
    nor left out with a reason, or where a record names one that is not listed.
    """
    found = _coverage(_base(), facts_file)
    click.echo("\n".join(report(found, everything)))
    sys.exit(0 if found.complete else 1)


@knowledge.command()
@click.option(
    "--facts-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A list of facts; adds a page on which of them the records carry.",
)
def site(facts_file: Path | None) -> None:
    """Write the whole base as a site to browse, in every language the desk answers in."""
    base = _base()
    found = _coverage(base, facts_file) if facts_file else None
    first = write_site(base, _folder() / "site", seoul_today(), found)
    click.echo(f"Open {first.as_uri()}")


@knowledge.command()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 50), default=10, help="How many to print.")
@in_language
def search(query: str, limit: int, language: str) -> None:
    """Print the statements and passages nearest to QUERY, best first."""
    from bot.api.knowledge import find  # the encoder takes a second to load

    found = find(Cards(_base(), language), Settings.load().index_folder, query, limit)
    for hit in found:
        sources = ", ".join(dict.fromkeys(c["source"] for c in hit["citations"]))
        name = f"{hit['service']}/{hit['id']}" if hit["service"] else hit["id"]
        click.echo(f"{hit['score']:.3f}  {name}  [{sources}]")
        click.echo(f"       {hit['text']}")


for command in (add, list_documents, remove):
    knowledge.add_command(command)


def _base() -> KnowledgeBase:
    try:
        return KnowledgeBase.load()
    except RecordError as error:
        raise click.ClickException(f"The knowledge base cannot be used: {error}") from error


def _coverage(base: KnowledgeBase, path: Path) -> Coverage:
    try:
        return Coverage.of(path, base)
    except RecordError as error:
        raise click.ClickException(str(error)) from error


def _folder() -> Path:
    try:
        return Settings.load().folder
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _service(base: KnowledgeBase, name: str) -> Service:
    if name in base.services:
        return base.services[name]
    known = "\n  ".join(base.services)
    raise click.ClickException(f"There is no service {name!r}. There are:\n  {known}")


def _verdict(base: KnowledgeBase, service: str, facts: tuple[str, ...]) -> Verdict:
    today = seoul_today()
    try:
        known = decode_facts(dict(map(_fact, facts)), base.facts, today)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    return verdict_on(_service(base, service), known, today)


def _fact(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.ClickException(f"Write a fact as FACT=VALUE, as in residence=P2Y; got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
