"""Rule trees in words, and the picture of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from knowledge.base import KnowledgeBase, conditions
from knowledge.cards import Cards
from knowledge.catalogue import ANSWERED
from knowledge.check import boundaries
from knowledge.decision_tree import Node, decision_tree
from knowledge.facts import decode_facts
from knowledge.graph import graph
from knowledge.schema import Claim, Condition, Service
from knowledge.weighing import weigh

TODAY = date(2026, 11, 21)
SVG = "{http://www.w3.org/2000/svg}"


def assessed(base: KnowledgeBase) -> Iterator[Service]:
    return (service for service in base.services.values() if service.requires)


def words(base: KnowledgeBase, condition: Condition, language: str = "en") -> Node:
    return decision_tree(condition, "s", Cards(base, language), {}, TODAY)


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Condition(fact="residence", at_least="P2Y"), "Time lived in Korea: 2 years or more"),
        (Condition(fact="household_income", less_than=1000), "less than 1,000 won"),
        (Condition(fact="moved_on", measure="ago", at_most="P14D"), ": 14 days ago at most"),
        (Condition(fact="stay_until", measure="ahead", at_least="P6M"), "6 months from today"),
        (Condition(fact="stay_until", measure="ahead", less_than="P0D"), ": before today"),
        (Condition(fact="nationality", one_of=("VN", "CN")), "Vietnam or China"),
        (Condition(fact="registered", equals=True), ": Yes"),
        (Condition(office_decides=True), "leave this to the office"),
    ],
)
def test_a_condition_in_words(base: KnowledgeBase, condition: Condition, said: str) -> None:
    assert words(base, condition).test.endswith(said) or said in words(base, condition).test


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Condition(fact="residence", at_least="P2Y"), "less than 2 years"),
        (Condition(fact="residence", more_than="P2Y"), "2 years or less"),
        (Condition(fact="registered", equals=True), ": No"),
        (Condition(fact="registered", equals=False), ": Yes"),
        (Condition(fact="nationality", one_of=("VN",)), ": not Vietnam"),
        (
            Condition(
                fact="marriage",
                one_of=("separated", "divorcing", "divorced", "widowed", "spouse_missing", "never"),
            ),
            ": “We are married and live together”",
        ),
    ],
)
def test_not_says_the_opposite(base: KnowledgeBase, condition: Condition, said: str) -> None:
    assert said in words(base, Condition(not_=condition)).test


def test_not_turns_groups_round(base: KnowledgeBase) -> None:
    one, two = (
        Condition(fact="registered", equals=True),
        Condition(fact="residence", at_least="P1Y"),
    )
    either = words(base, Condition(not_=Condition(any=(one, two))))
    assert either.group == "all"
    assert [child.test.rpartition(": ")[2] for child in either.children] == [
        "No",
        "less than 1 year",
    ]
    assert words(base, Condition(not_=Condition(all=(one, two)))).group == "any"
    some = words(base, Condition(not_=Condition(at_least_of=2, of=(one, one, two))))
    assert some.heading == "At least 2 of these:"  # fewer than two of three: two fail


def test_what_sources_say_is_never_turned_round(base: KnowledgeBase) -> None:
    cite = base.services["residence_change_report"].cite
    claims = tuple(
        Claim(says=says, cite=cite, test=Condition(fact="registered", equals=says == "One."))
        for says in ("One.", "Other.")
    )
    tree = words(base, Condition(not_=Condition(claims=claims, safe="Ask.")))
    assert tree.text == "This must not be the case:"
    disputed = tree.children[0]
    assert [claim.text for claim in disputed.children] == ["One.", "Other."]
    assert disputed.children[0].test.endswith(": Yes")
    assert disputed.safe.endswith("Ask.")


def test_groups_are_as_flat_as_they_can_be(base: KnowledgeBase) -> None:
    leaf = Condition(fact="registered", equals=True)
    nested = Condition(all=(leaf, Condition(all=(leaf, Condition(any=(leaf,))))))
    assert [child.test for child in words(base, nested).children] == [words(base, leaf).test] * 3


def test_the_words_come_out_as_the_record_does(base: KnowledgeBase) -> None:
    """Whatever the tree leaves out or turns round, every group agrees with its parts."""
    order = {"unmet": 0, "disputed": 1, "met": 2}
    cards, checked = Cards(base, "en"), 0
    for service in assessed(base):
        assert service.requires is not None
        for case in boundaries(service.id):
            facts = decode_facts(case.facts, base.facts, case.today)
            tree = decision_tree(service.requires, service.id, cards, facts, case.today)
            assert tree.status == weigh(service.requires, facts, case.today).status
            for node in nodes(tree):
                parts = [order[c.status] for c in node.children if c.status in order]
                if len(parts) < len(node.children) or node.group not in ("all", "any"):
                    continue
                expected = min(parts) if node.group == "all" else max(parts)
                assert order[node.status] == expected, f"{service.id}: {case.case}: {node}"
                checked += 1
    assert checked > 1000


@pytest.mark.parametrize("language", ANSWERED)
def test_the_picture_holds_every_requirement(base: KnowledgeBase, language: str) -> None:
    cards = Cards(base, language)
    for service in assessed(base):
        picture = ET.fromstring(graph(service, cards, {}, TODAY))
        shown = "".join("".join(t.text or "" for t in picture.iter(f"{SVG}text")).split())
        for condition in conditions(service.requires):
            if condition.id:
                text = str(cards.item(service, condition)["text"])
                assert "".join(text.split()) in shown, f"{service.id}.{condition.id}"
        assert picture.find(f".//{SVG}path[@class='sign unknown']") is None


def test_a_status_is_a_sign_and_not_only_a_colour(base: KnowledgeBase) -> None:
    service = base.services["permanent_residence.f5_2"]
    facts = decode_facts({"status": "F-6", "residence": "P23M"}, base.facts, TODAY)
    picture = ET.fromstring(graph(service, Cards(base, "en"), facts, TODAY))
    signs = {
        status: {p.get("d") for p in picture.iterfind(f".//{SVG}path[@class='sign {status}']")}
        for status in ("met", "unmet", "unknown", "disputed")
    }
    assert all(len(shapes) == 1 for shapes in signs.values())
    assert len(set.union(*signs.values())) == 4
    titles = {title.text for title in picture.iter(f"{SVG}title")}
    assert {"Fulfilled", "Not fulfilled", "Not known yet", "Not clear"} <= titles


def test_sources_show_on_hover(base: KnowledgeBase) -> None:
    service = base.services["residence_change_report"]
    picture = ET.fromstring(graph(service, Cards(base, "en"), {}, TODAY))
    titles = [title.text or "" for title in picture.iter(f"{SVG}title")]
    source = base.sources[service.cite[0].source].title
    assert any(title.startswith(f"{source}: ") for title in titles)


def test_texts_are_escaped(base: KnowledgeBase) -> None:
    text = "You are <b>1 & 2</b></text><script>alert(1)</script>"
    service = base.services["residence_change_report"]
    assert service.requires is not None
    hostile = Condition(id="x", text=text, cite=service.cite, fact="registered", equals=True)
    changed = Service(
        **{f: getattr(service, f) for f in service.__struct_fields__} | {"requires": hostile}
    )
    drawn = graph(changed, Cards(base, "en"), {}, TODAY)
    assert "<script" not in drawn
    assert text in "".join(t.text or "" for t in ET.fromstring(drawn).iter(f"{SVG}text"))


def test_nothing_to_draw_is_said(base: KnowledgeBase) -> None:
    with pytest.raises(ValueError, match="no conditions"):
        graph(base.services["call_centre"], Cards(base, "en"), {}, TODAY)
