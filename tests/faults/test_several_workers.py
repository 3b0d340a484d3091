"""`ieum run --workers 2` on PostgreSQL and Redis: the same dialogues, and one of each killed."""

from __future__ import annotations

import signal
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.desk import Desk
from tests.faults.blows import Blow, survive, undisturbed
from tests.faults.patient import PatientApi
from tests.servers import Postgres, Redis
from tests.stories.player import play
from tests.stories.test_stories import STORIES

AT_ONCE = 4
pytestmark = pytest.mark.timeout(900)  # six processes start, and five of them twice


@pytest.fixture(scope="module")
def wide_desk(
    postgres: Postgres, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    url = postgres.fresh()
    shared = {"WORKERS": "2", "DATABASE_URL": url, "REDIS_URL": redis_server.url}
    with Desk(tmp_path_factory.mktemp("wide") / "var", **shared) as desk:
        yield desk


def test_the_dialogues_go_on_while_one_of_each_is_killed(wide_desk: Desk) -> None:
    """All written dialogues, several at a time; in the middle a crash of each kind."""
    stories = [parameter.values[0] for parameter in STORIES]
    victims = iter(["gateway-2", "rasa", "actions-2", "gateway", "actions"])
    done = threading.Semaphore(0)

    def kill_one_after_another() -> None:
        for victim in victims:
            for _ in range(max(1, len(stories) // 7)):
                done.acquire()
            wide_desk.kill(victim)

    def tell(story: dict[str, object]) -> list[str]:
        try:
            problems = list(play(PatientApi(wide_desk.url), story))
        finally:
            done.release()
        return [f"{story['story']}: {problem}" for problem in problems]

    killing = threading.Thread(target=kill_one_after_another, daemon=True)
    killing.start()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        problems = [problem for found in pool.map(tell, stories) for problem in found]
    killing.join(1)
    assert not killing.is_alive(), "not all were killed"
    assert not problems, "\n".join(problems)
    wide_desk.wait_until_ready()


def test_counts_of_all_gateways_are_added_up(wide_desk: Desk) -> None:
    person_api = PatientApi(wide_desk.url)
    before = _openings(wide_desk)
    for _ in range(12):
        person_api.call("POST", "/v1/conversations", {})
    assert {_openings(wide_desk) for _ in range(5)} == {before + 12}


def _openings(desk: Desk) -> int:
    with urllib.request.urlopen(f"{desk.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    counts = [line for line in lines if line.startswith("ieum_conversations_total{")]
    return sum(int(float(line.split()[-1])) for line in counts)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
@pytest.mark.parametrize("server", ["postgres", "redis"])
def test_the_database_or_redis_is_hit_at_each_step(
    wide_desk: Desk, postgres: Postgres, redis_server: Redis, server: str, blow: signal.Signals
) -> None:
    hit: Postgres | Redis = postgres if server == "postgres" else redis_server
    again = hit.start if blow is signal.SIGKILL else lambda: hit.signal(signal.SIGCONT)
    expected = undisturbed(wide_desk.url)
    survive(
        wide_desk.url,
        Blow(f"{server} {blow.name}", lambda: hit.signal(blow), again, lasts=2.0),
        expected,
    )
    wide_desk.wait_until_ready()
