"""What a message is for: the act, by Rasa's logistic regression."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.training_data.training_data import TrainingData

_WEIGHTS = "acts.pickle"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ActClassifier(LogisticRegressionClassifier):
    """Rasa's classifier, its weights laid out as one message needs them.

    scikit-learn keeps a row for each act and reads by columns, for which it
    copied all weights for every message.  Rasa keeps the weights with skops,
    which takes five seconds to be imported, at every start.
    """

    def persist(self) -> None:
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _WEIGHTS).write_bytes(pickle.dumps(self.clf))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LogisticRegressionClassifier:
        loaded = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            # Written by `persist` into the desk's own model; nothing else is ever unpickled.
            loaded.clf = pickle.loads((folder / _WEIGHTS).read_bytes())
        loaded.clf.coef_ = np.asfortranarray(loaded.clf.coef_)
        return loaded

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        # Nothing that comes later in training looks at acts.
        return training_data
