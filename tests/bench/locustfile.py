"""People for locust: CONVERSATIONS of them have the window open, and the users of locust write.

Run by tests/bench/load.py.  A reply that asks for patience, and a message that
is turned away with an honest word, are counted under names of their own.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from typing import Any

import gevent
import websocket
from locust import HttpUser, constant, events, task
from locust.clients import HttpSession
from locust.env import Environment

from tests.bench.outcomes import ANSWERED, TOLD_TO_WAIT, TURNED_AWAY

CONVERSATIONS = int(os.environ.get("CONVERSATIONS", "200"))
SAID = [
    "I am {n} years old and have an F-6 visa. Can I get permanent residence?",
    "We are married and live together",
    "3 years",
    "why do you ask?",
    "what documents do I need?",
    "F-5 수수료가 얼마예요?",
    "{n}日前に引っ越しました。届け出は必要ですか",
    "Tôi cần giấy tờ gì để gia hạn D-4?",
]
numbers = itertools.count(2)
free: list[dict[str, Any]] = []


@events.init.add_listener
def open_windows(environment: Environment, **_: Any) -> None:
    """Everybody opens the window, which keeps a socket."""
    host = str(environment.host)
    client = HttpSession(
        base_url=host, request_event=environment.events.request, user=None, pool_manager=None
    )
    for _ in range(CONVERSATIONS):
        opened = client.post("/v1/conversations", json={}, name="open").json()
        address = f"{host.replace('http', 'ws', 1)}/v1/conversations/{opened['id']}/socket"
        socket = websocket.create_connection(address)
        socket.send(json.dumps({"token": opened["token"]}))
        gevent.spawn(_listen, socket)
        free.append(opened)


def _listen(socket: websocket.WebSocket) -> None:
    while socket.recv():
        pass


class Writer(HttpUser):
    """Writes in one conversation after the other, the next as soon as the last is answered."""

    wait_time = constant(0)

    @task
    def write(self) -> None:
        conversation = free.pop(random.randrange(len(free)))
        text = random.choice(SAID).format(n=next(numbers))
        with self.client.post(
            f"/v1/conversations/{conversation['id']}/messages",
            json={"text": text},
            headers={"Authorization": f"Bearer {conversation['token']}"},
            name=ANSWERED,
            catch_response=True,
        ) as response:
            if response.status_code == 200:
                roles = [message["role"] for message in response.json()["messages"]]
                if "desk" not in roles:
                    response.request_meta["name"] = TOLD_TO_WAIT
                response.success()
            elif response.status_code in (429, 503) and "Retry-After" in response.headers:
                response.request_meta["name"] = TURNED_AWAY
                response.success()
                gevent.sleep(float(response.headers["Retry-After"]) / 10)
            else:
                response.failure(f"status {response.status_code}: {response.text[:200]}")
        free.append(conversation)
