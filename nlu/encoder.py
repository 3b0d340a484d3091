"""A sentence's meaning as numbers: what the act classifier and the router read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from babel import Locale
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.catalogue import LANGUAGES
from knowledge.encoder import DEFAULT, Encoder, load_encoder

EMBEDDING = "embedding"
_BABEL = {"tl": "fil"}
_BATCH = 1000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """One dense sentence feature of 384 numbers.

    E5 puts all sentences into a narrow cone (cosines of .8 between strangers).
    The feature is what is left without the cone's axis, stretched by `scale` to
    weigh as much as the character n-grams beside it under the fixed penalty of
    Rasa's logistic regression.  The plain vector, which the router compares,
    is kept as `embedding`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "encoder": DEFAULT, "scale": 25.0}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        return cls(execution_context.node_name, config)

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        super().__init__(name, config)
        self._encoder = load_encoder(config["encoder"])
        _loaded[:] = [self._encoder]
        self._scale = float(config["scale"])
        # Words that share nothing but being words show the axis.
        names = [Locale(_BABEL.get(code, code)).display_name for code in LANGUAGES]
        self._axis = self._encoder.encode(names, "query").mean(axis=0, keepdims=True)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if text := message.get(TEXT):
                vectors = self._encode([text])
                message.set(EMBEDDING, vectors[0])
                self._add_features([message], vectors)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        # Plain vectors are not kept here: Rasa would print each of them to see whether it changed.
        examples = [e for e in training_data.training_examples if e.get(TEXT)]
        for start in range(0, len(examples), _BATCH):
            batch = examples[start : start + _BATCH]
            self._add_features(batch, self._encode([example.get(TEXT) for example in batch]))
        return training_data

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        if float(config["scale"]) <= 0:
            raise ValueError("config.yml: `scale` of SentenceEncoder is a number above 0")

    def _add_features(self, messages: list[Message], vectors: NDArray[np.float32]) -> None:
        for message, vector in zip(messages, vectors, strict=True):
            feature = (vector[np.newaxis, :] - self._axis) * self._scale
            self.add_features_to_message(None, feature, TEXT, message)

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        if all(text.startswith(INTENT_MESSAGE_PREFIX) for text in texts):
            # A pressed button has no words to understand.
            return np.zeros((len(texts), self._encoder.dimensions), dtype=np.float32)
        return self._encoder.encode(texts, "query")


_loaded: list[Encoder] = []  # the model's, once it is loaded
_beside = ThreadPoolExecutor(1, "encoder")


async def encode_ahead(text: str) -> None:
    """Encode a message before Rasa reads it, on another core than Rasa's.

    The encoder's C code holds no lock of Python's, so other conversations go
    on meanwhile; the component then finds the vector remembered.
    """
    for encoder in _loaded:
        await asyncio.get_running_loop().run_in_executor(_beside, encoder.encode, [text])
