"""What is hidden of what people write, and what is not."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.personal_numbers import SIGNS, digits, find, mask
from knowledge.base import KnowledgeBase
from knowledge.router import read_examples

CASES = yaml.safe_load(Path(__file__).with_name("personal_numbers.yml").read_text())
PUBLIC = frozenset(digits(contact.phone) for contact in KnowledgeBase.load().contacts.values())
# A number that was an office's once, as an example of what people ask.
OLD_OFFICES = frozenset(["0226506399"])


@pytest.mark.parametrize(("written", "seen"), CASES["hidden"].items())
def test_hides_what_tells_who_somebody_is(written: str, seen: str) -> None:
    assert mask(written, PUBLIC) == seen


@pytest.mark.parametrize("written", CASES["shown"])
def test_leaves_what_the_desk_needs(written: str) -> None:
    assert mask(written, PUBLIC) == written


def test_leaves_every_example_of_the_base_alone() -> None:
    eaten = {e.text for e in read_examples() if find(e.text, PUBLIC | OLD_OFFICES)}
    assert not eaten


@given(st.text(st.sampled_from("0123456789０๕ -.,+@()aMé.com여권원\n\u200b"), max_size=200))
def test_what_is_hidden_stays_hidden(text: str) -> None:
    once = mask(text)
    spans = find(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert once.count("•••") == len(spans)
    shown = once
    for sign in SIGNS.values():
        shown = shown.replace(sign, "")
    assert len(shown) == len(text) - sum(s.end - s.start for s in spans)


@pytest.mark.parametrize("piece", ["1 ", "1", "a@", "1-", "+1(", "ab1234567", "900101-", "a.", "@"])
def test_long_nonsense_costs_no_time(piece: str) -> None:
    """Patterns that backtrack took minutes here; the suite's time limit would tell."""
    find(piece * (10_000 // len(piece)))
