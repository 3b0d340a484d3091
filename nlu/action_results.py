"""Checking what an action returned, without checking Rasa's own schema again each time.

`RemoteAction` calls `jsonschema.validate`, which first validates the schema
itself.  That schema never changes, and its check took two thirds of the CPU
time of a turn (py-spy, 500 samples a second).  Here the validator is built
once; what an action returned is checked as before.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction


def validate_with_one_validator() -> None:
    """Make Rasa's remote actions share one validator.  Safe to call again."""
    RemoteAction._validate_action_result = _validate


def _validate(action: RemoteAction, result: dict[str, Any]) -> bool:
    try:
        _validator().validate(result)
    except ValidationError as error:
        error.message += (
            f". Failed to validate the result of the action {action.name()}, which is "
            "not as Rasa's action server API has it."
        )
        raise
    return True


@cache
def _validator() -> Validator:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    validator: Validator = kind(schema)
    return validator
