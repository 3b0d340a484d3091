"""Calls to the action server without the work that Rasa repeats for each of them.

Two things are done once here that Rasa does anew with every call; what is sent
and what is accepted stays the same.  Found with py-spy, see `tests/bench/turn.py`:

- `RemoteAction` validates the schema of an answer before it validates the
  answer, which took two thirds of the CPU time of a turn;
- `EndpointConfig` opens a new connection.
"""

from __future__ import annotations

from functools import cache
from types import TracebackType
from typing import Any

import aiohttp
from jsonschema import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import EndpointConfig


def speed_up_action_calls() -> None:
    """Make Rasa share one validator and keep its connections.  Safe to call again."""
    RemoteAction._validate_action_result = _validate
    EndpointConfig.session = _kept_session


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


class _KeptSession:
    """Stands where Rasa opens and closes a session, and does neither."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        return self._session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave it open for the next call."""


_session = _KeptSession()


def _kept_session(endpoint: EndpointConfig) -> _KeptSession:
    # A turn of ours is over in milliseconds; Rasa's default would wait 300 seconds for an action.
    return _session
