"""The papers of the procedure the conversation is about, for this person."""

from __future__ import annotations

from actions.deciding import ask_again
from actions.turn import Turn
from knowledge.schema import Condition, Item, Service


def tell_papers(turn: Turn) -> None:
    """A list for each procedure in question; what is not known to apply says when it does.

    The question that was open stays open.
    """
    told = [_papers(turn, turn.base.services[name]) for name in turn.topic]
    if not any(told):
        turn.say(turn.phrase("documents.none"))
    ask_again(turn)


def _papers(turn: Turn, service: Service) -> bool:
    verdict = turn.verdict(service.id)
    papers = [*verdict.applying(service.documents), *verdict.possibly(service.documents)]
    if papers:
        items: list[tuple[Service, Item | Condition]] = [(service, paper) for paper in papers]
        turn.show(turn.cards.answer(service, items, 1.0, turn.today))
    return bool(papers)
