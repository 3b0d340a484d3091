"""The OpenAPI 3.1 document of the HTTP API, made from the structs that the calls decode."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from bot.api.conversations import (
    LONGEST_WAIT,
    Answer,
    Conversed,
    NewConversation,
    NewMessage,
    Opened,
    TelegramLink,
)
from bot.api.knowledge import LONGEST_QUERY, MOST_RESULTS, Assess
from bot.api.operations import Health, Readiness
from bot.problems import MEDIA_TYPE, TITLES

Schema = dict[str, Any]
STRUCTS = (
    Answer,
    Assess,
    Conversed,
    Health,
    NewConversation,
    NewMessage,
    Opened,
    Readiness,
    TelegramLink,
)
CARDS = ("question", "clarify", "verdict", "answer", "urgent", "handoff", "out_of_scope", "notice")


def document() -> Schema:
    """The whole document, as JSON-able data."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ieum, a counselling desk for foreign residents of Korea",
            "version": version("ieum"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/v1/conversations": {
                "post": _call(
                    "open_conversation",
                    "Open a conversation: its token, and the greeting",
                    {201: "Opened"},
                    body="NewConversation",
                    body_required=False,
                )
            },
            "/v1/conversations/{id}/messages": {
                "post": _call(
                    "say",
                    "Say something, or press a button: what the desk says to it, in order",
                    {200: "Answer"},
                    body="NewMessage",
                    of_conversation=True,
                )
            },
            "/v1/conversations/{id}": {
                "get": _call(
                    "read",
                    "The conversation so far; with `after` and `wait`, what comes next",
                    {200: "Conversed"},
                    _query(
                        "after",
                        {"type": "string"},
                        "Only messages after this message id.",
                    ),
                    _query(
                        "wait",
                        {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT},
                        "Seconds to wait for a message where there is none yet.",
                    ),
                    of_conversation=True,
                ),
                "delete": _call(
                    "erase",
                    "Erase everything stored about the conversation",
                    {204: None},
                    of_conversation=True,
                ),
            },
            "/v1/conversations/{id}/telegram": {
                "post": _call(
                    "link_telegram",
                    "An address that goes on with it in Telegram, once, after consent there",
                    {201: "TelegramLink"},
                    of_conversation=True,
                    refuses=(503,),
                )
            },
            "/v1/conversations/{id}/socket": {"get": _socket()},
            "/v1/services": {
                "get": _call("services", "The services", {200: [_object("id", "title")]}, _LANGUAGE)
            },
            "/v1/services/{id}": {
                "get": _call(
                    "service",
                    "One service, whole, with its sources",
                    {200: _object("id", "title", "requirements", "documents", "fees", "sources")},
                    _ID,
                    _LANGUAGE,
                    refuses=(404,),
                )
            },
            "/v1/services/{id}/assess": {
                "post": _call(
                    "assess",
                    "The verdict on a service for a person with these facts; nothing is stored",
                    {200: _object("type", "service", "outcome", "requirements", "missing")},
                    _ID,
                    body="Assess",
                    body_required=False,
                    refuses=(404,),
                )
            },
            "/v1/facts": {
                "get": _call(
                    "facts",
                    "What an applicant can be asked",
                    {200: [_object("id", "kind", "unit", "choices", "question")]},
                    _LANGUAGE,
                )
            },
            "/v1/sources": {
                "get": _call(
                    "sources",
                    "The register of sources",
                    {200: [_object("id", "title", "publisher", "language", "as_of")]},
                    _LANGUAGE,
                )
            },
            "/v1/search": {
                "get": _call(
                    "search",
                    "The statements of the base nearest to a question, best first",
                    {200: [_object("service", "id", "text", "score", "citations")]},
                    _query(
                        "q",
                        {"type": "string", "minLength": 1, "maxLength": LONGEST_QUERY},
                        "The question, in any language.",
                        required=True,
                    ),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST_RESULTS}),
                    _LANGUAGE,
                    refuses=(422,),
                )
            },
            "/v1/phrases": {
                "get": _call(
                    "phrases",
                    "The widget's own words",
                    {200: {"type": "object", "additionalProperties": {"type": "string"}}},
                    _LANGUAGE,
                )
            },
            "/healthz": {"get": _call("healthz", "Whether the gateway is up", {200: "Health"})},
            "/readyz": {
                "get": _call(
                    "readyz",
                    "Whether Rasa, the action server and the database answer",
                    {200: "Readiness"},
                    refuses=(503,),
                )
            },
            "/metrics": {"get": _text("metrics", "Figures for Prometheus")},
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"conversation_token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _call(
    name: str,
    summary: str,
    answers: dict[int, Any],
    *parameters: Schema,
    body: str | None = None,
    body_required: bool = True,
    of_conversation: bool = False,
    refuses: tuple[int, ...] = (),
) -> Schema:
    """One operation.  `answers` are schemas, names of structs, or lists of one schema."""
    refused = {429, 500, 503, *refuses}
    call: Schema = {"operationId": name, "summary": summary}
    if body:
        refused |= {400, 408, 413, 415, 422}
        content = {"application/json": {"schema": _ref(body)}}
        call["requestBody"] = {"content": content, "required": body_required}
    if of_conversation:
        refused |= {401, 404} | ({422} if parameters else set())
        parameters = (_ID, *parameters)
        call["security"] = [{"conversation_token": []}]
    if parameters:
        call["parameters"] = list(parameters)
    call["responses"] = {
        **{str(status): _answer(schema) for status, schema in answers.items()},
        **{str(status): _refusal(status) for status in sorted(refused)},
    }
    return call


def _socket() -> Schema:
    call = _call(
        "listen",
        "A WebSocket: the same messages both ways, and pushes",
        {},
        _query("after", {"type": "string"}, "Only messages after this message id."),
        refuses=(401, 403, 404, 426),
    )
    call["parameters"].insert(0, _ID)
    call["description"] = (
        "The token is offered as the subprotocol `bearer.<token>`, or sent in the first frame: "
        '`{"token": "...", "after": "<last message id>"}`. After that the client sends what '
        '`POST .../messages` takes. The desk sends `{"type": "message", "message": {...}}`, '
        '`{"type": "typing"}`, `{"type": "ready"}` once nothing is missing, and '
        '`{"type": "problem", "key": ..., "problem": {...}}`.'
    )
    call["responses"]["101"] = {"description": "The socket is open."}
    return call


def _text(name: str, summary: str) -> Schema:
    call = _call(name, summary, {})
    content = {"text/plain": {"schema": {"type": "string"}}}
    call["responses"]["200"] = {"description": "As asked.", "content": content}
    return call


def _answer(schema: Any) -> Schema:
    if schema is None:
        return {"description": "Done."}
    if isinstance(schema, list):
        schema = {"type": "array", "items": schema[0]}
    elif isinstance(schema, str):
        schema = _ref(schema)
    return {"description": "As asked.", "content": {"application/json": {"schema": schema}}}


def _refusal(status: int) -> Schema:
    titles = [title for of_status, title in TITLES.values() if of_status == status]
    return {
        "description": " / ".join(titles),
        "content": {MEDIA_TYPE: {"schema": _ref("Problem")}},
    }


def _schemas() -> dict[str, Schema]:
    _, schemas = msgspec.json.schema_components(STRUCTS, ref_template="#/components/schemas/{name}")
    # What its __post_init__ asks for: one of the two, and not both.
    schemas["NewMessage"]["oneOf"] = [
        {"required": [one], "properties": {one: {"type": "string"}, other: {"type": "null"}}}
        for one, other in (("text", "choice"), ("choice", "text"))
    ]
    schemas["Message"]["properties"]["card"] = {
        "anyOf": [_object("type", "citations"), {"type": "null"}],
        "description": f"The same as data; `type` is one of {', '.join(CARDS)}.",
    }
    schemas["Problem"] = {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    return schemas


def _object(*required: str) -> Schema:
    return {"type": "object", "required": list(required)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _query(name: str, schema: Schema, description: str = "", required: bool = False) -> Schema:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "schema": schema,
        **({"description": description} if description else {}),
    }


_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_LANGUAGE = _query("language", {"type": "string"}, "The language to read in, as ja or ko.")
