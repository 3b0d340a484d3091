"""Calls to the action servers: kept connections, retries, and no work that Rasa repeats.

What is sent and what is accepted stays Rasa's.  Done otherwise, as py-spy found
it (docs/performance.md), and as faults need it:

- `RemoteAction` validates the schema of an answer before it validates the
  answer, which took two thirds of the CPU time of a turn;
- `EndpointConfig` opens a new connection for each call, waits 300 seconds for
  its answer, and gives up where there is none.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from typing import Any

import aiohttp
import msgspec
from jsonschema import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

# An action takes milliseconds; the gateway waits eight seconds for a whole turn.
_ANSWERS_WITHIN = aiohttp.ClientTimeout(total=2.5, sock_connect=1)
# Rasa swallows what went wrong with an action: here its channel sees that no server was reached.
UNREACHED: ContextVar[list[bool]] = ContextVar("unreached")
_FAILURES, _REST = 3, 1.0  # in a row; seconds


def speed_up_action_calls() -> None:
    """Make Rasa share one validator and keep its connections.  Safe to call again."""
    RemoteAction._validate_action_result = _validate
    EndpointConfig.request = _request


def _validate(action: RemoteAction, result: dict[str, Any]) -> bool:
    for error in _validator().iter_errors(result):
        # Without the answer itself, which Rasa would log.
        wanted = f"{error.validator} {error.validator_value}"
        raise ValidationError(f"{action.name()} returned {error.json_path}, which is not {wanted}")
    return True


@cache
def _validator() -> Validator:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    validator: Validator = kind(schema)
    return validator


class ActionServers:
    """The action servers that an endpoint's address names, separated by blanks.

    They are asked in turn.  Actions change nothing, so that what one did not
    answer is asked of the next, or again; one that failed several times in a
    row rests for a moment.
    """

    def __init__(self, urls: Sequence[str], headers: Mapping[str, str]) -> None:
        self._urls = itertools.cycle(urls)
        self._attempts = max(3, len(urls) + 1)
        self._session = aiohttp.ClientSession(
            headers=headers, timeout=_ANSWERS_WITHIN, json_serialize=_as_json
        )
        self._breakers = AsyncCircuitBreakerFactory(
            _FAILURES, _REST, exclude=[asyncio.CancelledError, ClientResponseError]
        )

    async def call(self, json: Any) -> Any:
        """The answer of one; ClientResponseError for a status from 400 on, or aiohttp's errors."""
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(_another_may_help),
                stop=stop_after_attempt(self._attempts),
                wait=wait_random_exponential(multiplier=0.05, max=0.5),
                reraise=True,
            ):
                with attempt:
                    return await self._ask(next(self._urls), json)
        except aiohttp.ClientConnectionError:
            UNREACHED.get([]).append(True)
            raise
        raise AssertionError("the last attempt returns or raises")

    async def _ask(self, url: str, json: Any) -> Any:
        try:
            async with (
                await self._breakers.get_breaker(url),
                self._session.post(url, json=json) as response,
            ):
                if response.status >= 400:
                    raise ClientResponseError(
                        response.status, response.reason or "", await response.text()
                    )
                return msgspec.json.decode(await response.read())
        except OpenedState:
            raise aiohttp.ClientConnectionError("it failed just now and rests") from None
        except asyncio.TimeoutError as error:
            raise aiohttp.ClientConnectionError("no answer in time") from error


_servers: dict[str, ActionServers] = {}


async def _request(endpoint: EndpointConfig, *_: Any, json: Any = None, **__: Any) -> Any:
    """What Rasa calls to run an action; how long and how often is ours to say."""
    if endpoint.url not in _servers:
        _servers[endpoint.url] = ActionServers(endpoint.url.split(), endpoint.headers)
    return await _servers[endpoint.url].call(json)


def _another_may_help(error: BaseException) -> bool:
    """Not where an action refused, as it will again; a server's own failure may pass."""
    if isinstance(error, ClientResponseError):
        return bool(error.status >= 500)
    return isinstance(error, aiohttp.ClientError)


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=_plain).decode()


def _plain(value: Any) -> Any:
    """What the classifiers leave of numpy in a message."""
    return value.item()
