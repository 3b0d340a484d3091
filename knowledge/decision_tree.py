"""A service's rule tree in the reader's words, as counsellors follow it.

It says the same as the record, only plainer: `all` inside `all` is one group, a
group of one is its only part, and `not` is carried down to the single
conditions, which then say the opposite.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from knowledge.cards import Cards
from knowledge.facts import Facts
from knowledge.periods import Period
from knowledge.schema import OPERATORS, Citation, Condition, Fact
from knowledge.weighing import Reason, Status, weigh

Group = Literal["all", "any", "at_least", "claims"]
_NEVER = Period()
_OPPOSITE = {
    "at_least": "less_than",
    "less_than": "at_least",
    "at_most": "more_than",
    "more_than": "at_most",
}
_OPPOSITE_STATUS: dict[Status, Status] = {"met": "unmet", "unmet": "met"}


class Node(NamedTuple):
    """One condition: what it says, what it is made of and how it came out.

    `text` is a requirement's own sentence or a claim's, `test` a single
    condition in words; a node has at least one of the two, or `children`.
    `group` says how the children belong together, `heading` says it in words.
    `status` is `unknown` where no facts were given, or `disputed` where the
    office decides.  `fact` is the one that a single condition looks at.
    """

    status: Status
    id: str | None = None
    text: str = ""
    test: str = ""
    group: Group | None = None
    heading: str = ""
    children: tuple[Node, ...] = ()
    safe: str = ""
    cite: tuple[Citation, ...] = ()
    fact: str | None = None


def decision_tree(
    condition: Condition, owner: str, cards: Cards, facts: Facts, today: date
) -> Node:
    """A condition in words, as it came out for these facts; `owner` is its service's id."""
    return _Wording(owner, cards, today).node(weigh(condition, facts, today))


class _Wording:
    def __init__(self, owner: str, cards: Cards, today: date) -> None:
        self.owner, self.cards, self.today = owner, cards, today
        self.say, self.text = cards.catalogue.phrase, cards.catalogue.text

    def node(self, reason: Reason, negated: bool = False) -> Node:
        """A condition with everything below it; with `negated`, its opposite."""
        condition = reason.condition
        if not condition.id:
            return self.body(reason, negated)
        body = self.body(reason, False)
        if body.id:  # a requirement around a single other one
            body = Node(body.status, children=(body,))
        text = self.text(f"{self.owner}.{condition.id}", condition.text or "")
        return body._replace(
            status=self.status(reason, negated),
            id=condition.id,
            text=self.say("tree.not", text=text) if negated else text,
            cite=condition.cite,
        )

    def body(self, reason: Reason, negated: bool) -> Node:
        """A condition without its own id and text."""
        condition, status = reason.condition, self.status(reason, negated)
        if condition.fact is not None:
            return Node(status, test=self.test(condition, negated), fact=condition.fact)
        if condition.not_ is not None:
            return self.node(reason.children[0], not negated)
        if condition.office_decides:
            return Node(status, test=self.say("tree.office"))
        if condition.claims:
            claims = self.claims(reason)
            if not negated:
                return claims
            text = self.say("tree.not", text="").rstrip()
            return Node(status, text=text, children=(claims,))
        if condition.at_least_of is not None:
            children = tuple(self.node(child, negated) for child in reason.children)
            # Not two of five is four of the five opposites.
            n = condition.at_least_of
            n = len(children) - n + 1 if negated else n
            return Node(
                status,
                group="at_least",
                heading=self.say("tree.at_least", n=n),
                children=children,
            )
        group: Group = "all" if bool(condition.all) != negated else "any"
        children = tuple(self.parts(reason, group, negated))
        if len(children) == 1:
            return children[0]
        return Node(status, group=group, heading=self.say(f"tree.{group}"), children=children)

    def parts(self, reason: Reason, group: Group, negated: bool) -> Sequence[Node]:
        nodes: list[Node] = []
        for child in reason.children:
            node = self.node(child, negated)
            nodes += node.children if node.group == group and not node.id else (node,)
        return nodes

    def claims(self, reason: Reason) -> Node:
        condition = reason.condition
        name = f"{self.owner}.{condition.id}"
        claims = []
        for claim, test in zip(condition.claims, reason.children, strict=True):
            body = self.node(test)
            if body.id:
                body = Node(body.status, children=(body,))
            said = self.text(f"{name}.{claim.cite[0].source}", claim.says)
            claims.append(body._replace(text=said, cite=claim.cite))
        safe = self.text(f"{name}.safe", condition.safe or "")
        return Node(
            reason.status,
            group="claims",
            heading=self.say("disputed.claims"),
            children=tuple(claims),
            safe=self.say("disputed.safe", safe=safe),
        )

    def test(self, condition: Condition, negated: bool) -> str:
        """A condition on a fact in words."""
        fact = self.cards.base.facts[condition.fact or ""]
        label = self.text(f"fact.{fact.id}.label", fact.label)
        operator = next(o for o in OPERATORS if getattr(condition, o) not in (None, ()))
        operand = getattr(condition, operator)
        if operator in ("equals", "one_of"):
            wanted = operand if operator == "one_of" else (operand,)
            return self.is_one_of(fact, label, wanted, negated)
        if negated:
            operator = _OPPOSITE[operator]
        if fact.kind != "date":
            value = self.cards.value(fact, operand, self.today)
            return self.say(f"condition.{operator}", label=label, value=value)
        period = Period.parse(str(operand))
        if period == _NEVER and condition.measure == "ahead":
            return self.say(f"condition.today.{operator}", label=label)
        value = self.cards.catalogue.period(period)
        return self.say(f"condition.{condition.measure}.{operator}", label=label, value=value)

    def is_one_of(self, fact: Fact, label: str, wanted: Sequence[object], negated: bool) -> str:
        if fact.kind == "bool":
            wanted, negated = [wanted[0] != negated], False
        # A choice has no other answers than these, so it can be said the plainer way round.
        others = [choice.value for choice in fact.choices if choice.value not in wanted]
        if others and (
            len(others) <= len(wanted) + 1 if negated else len(others) == 1 and len(wanted) > 2
        ):
            wanted, negated = others, not negated
        words = [self.cards.value(fact, value, self.today) for value in wanted]
        if fact.kind == "choice":
            words = [self.say("condition.answer", answer=word) for word in words]
        value = self.cards.catalogue.either(words)
        return self.say("condition.is_not" if negated else "condition.is", label=label, value=value)

    def status(self, reason: Reason, negated: bool) -> Status:
        return _OPPOSITE_STATUS.get(reason.status, reason.status) if negated else reason.status
