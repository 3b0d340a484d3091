"""Numbers are planted in a conversation with the real desk; then every store and log is searched.

Rasa runs as it always does: what it logs at INFO, and what it would keep, is part of the search.
"""

from __future__ import annotations

import sqlite3
import time
import urllib.error
from pathlib import Path

import pytest
import yaml

from tests.desk import Desk
from tests.privacy.stores import holding
from tests.stories.player import Api, Person

PLANTED = yaml.safe_load(Path(__file__).with_name("planted.yml").read_text())
SECRETS = [str(one["secret"]) for one in PLANTED]
FIGURES = ["".join(c for c in secret if c.isdecimal()) for secret in SECRETS]
TRACES = [trace for trace in (*SECRETS, *FIGURES) if len(trace) > 6]
PERSON_WORDS = "zanzibar marmalade"


@pytest.fixture(scope="module")
def told(desk: Desk) -> Person:
    person = Person(Api(desk.url))
    for one in PLANTED:
        person.say(one["say"])
    person.say(f"{PERSON_WORDS}, how long may I stay?")
    return person


def test_no_store_and_no_log_holds_a_personal_number(desk: Desk, told: Person) -> None:
    assert holding(desk, *TRACES) == {}


def test_the_search_would_find_them(desk: Desk, told: Person) -> None:
    """The words of the conversation lie where the numbers would: in the database."""
    [where] = holding(desk, PERSON_WORDS)
    assert "ieum.db" in where


def test_logs_hold_no_word_of_a_conversation(desk: Desk, told: Person) -> None:
    words = [PERSON_WORDS, "외국인등록번호", "국민은행", "住んでいます", "đăng ký"]
    logs = {name for name in holding(desk, *words) if "/log/" in name}
    assert not logs


def test_the_person_still_sees_what_they_wrote(told: Person) -> None:
    shown = [m["text"] for m in told.state()["messages"] if m["role"] == "applicant"]
    assert shown[: len(PLANTED)] == [one["say"] for one in PLANTED]


def test_what_else_was_said_is_understood(told: Person) -> None:
    state = told.state()
    assert state["facts"]["status"]["value"] == "F-6"
    assert state["triage"]["case_status"] == "queued", "a person was asked for"


def test_deleting_leaves_no_trace_of_a_conversation(desk: Desk) -> None:
    person = Person(Api(desk.url))
    person.say("my passport is M55512846, quokka wallaby, and I have lived here for 2 years")
    messages = [m["id"] for m in person.state()["messages"]]
    traces = [person.id, person.token, "quokka wallaby", "M55512846", *messages]
    assert holding(desk, *traces)
    Api(desk.url).call("DELETE", f"/v1/conversations/{person.id}", token=person.token)
    left = {name: found for name, found in holding(desk, *traces).items() if "/log/" not in name}
    assert left == {}
    # A log may name a message, by a number that leads nowhere any more.
    logged = holding(desk, person.id, person.token, "quokka wallaby", "M55512846")
    assert logged == {}


def test_what_is_past_its_retention_goes_by_itself(desk: Desk) -> None:
    """The running gateway looks for it when it starts, and every hour; nobody has to ask."""
    person = Person(Api(desk.url))
    person.say("axolotl, and my passport is M55512847")
    with sqlite3.connect(desk.folder / "ieum.db", timeout=60) as db:
        db.execute(
            "UPDATE messages SET created_at = '2020-01-01T00:00:00Z' WHERE conversation = ?",
            [person.id],
        )
    db.close()
    desk.kill("gateway")
    desk.wait_until_ready()
    until = time.monotonic() + 120
    with pytest.raises(urllib.error.HTTPError, match="404"):
        while time.monotonic() < until:
            person.state()
    # It is gone for the person at once, and from the pages of the file a moment later.
    while (left := holding(desk, person.id, "axolotl", "M55512847")) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == {}
