"""`ieum knowledge ...`: the knowledge base on the command line, without a running desk."""

from __future__ import annotations

import json
import sys

import click

from knowledge import check as checking
from knowledge.assessment import assess as verdict_on
from knowledge.base import KnowledgeBase, RecordError, conditions
from knowledge.cards import Cards
from knowledge.catalogue import LANGUAGES
from knowledge.facts import decode_facts
from knowledge.periods import seoul_today
from knowledge.schema import Condition, Item, Service
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


@knowledge.command()
@click.argument("service")
@click.option("--facts", "first", multiple=True, metavar="FACT=VALUE ...", help="What is known.")
@click.argument("more", nargs=-1, metavar="")
@in_language
def assess(service: str, first: tuple[str, ...], more: tuple[str, ...], language: str) -> None:
    """Print the verdict on SERVICE for a person with these facts.

    Values are written as in the API: true, P2Y (two years), 2027-03-02, F-6,
    30000000, a choice's name; null is "asked, and not known". For example:

        ieum knowledge assess permanent_residence.f5_2 --facts status=F-6 residence=P2Y
    """
    base, today = _base(), seoul_today()
    try:
        facts = decode_facts(dict(map(_fact, (*first, *more))), base.facts, today)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    verdict = verdict_on(_service(base, service), facts, today)
    cards = Cards(base, language)
    click.echo(Wording(cards.catalogue).of(cards.verdict(verdict)))
    if verdict.missing:
        click.echo("\nStill missing, the most useful first: " + ", ".join(verdict.missing))


@knowledge.command()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 50), default=10, help="How many to print.")
@in_language
def search(query: str, limit: int, language: str) -> None:
    """Print the statements nearest to QUERY, best first."""
    from bot.api.knowledge import find  # the encoder takes a second to load
    from bot.settings import Settings

    found = find(Cards(_base(), language), Settings.load().index_folder, query, limit)
    for hit in found:
        sources = ", ".join(dict.fromkeys(c["source"] for c in hit["citations"]))
        click.echo(f"{hit['score']:.3f}  {hit['service']}/{hit['id']}  [{sources}]")
        click.echo(f"       {hit['text']}")


def _base() -> KnowledgeBase:
    try:
        return KnowledgeBase.load()
    except RecordError as error:
        raise click.ClickException(f"The knowledge base cannot be used: {error}") from error


def _service(base: KnowledgeBase, name: str) -> Service:
    if name in base.services:
        return base.services[name]
    known = "\n  ".join(base.services)
    raise click.ClickException(f"There is no service {name!r}. There are:\n  {known}")


def _fact(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.ClickException(f"Write a fact as FACT=VALUE, as in residence=P2Y; got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
