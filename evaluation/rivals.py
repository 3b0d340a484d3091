"""What the chosen pipeline is held against, on the same messages in the same run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression

from evaluation.messages import EvaluationMessage
from knowledge.encoder import load_encoder
from knowledge.router import embed_kept, read_examples

ROOT = Path(__file__).parents[1]
_CLASSIFIER = "nlu.acts.ActClassifier"


def bm25_services(messages: Sequence[EvaluationMessage]) -> list[list[str]]:
    """The services for each message, best first: words of their examples, scored by BM25."""
    import bm25s

    examples = list(read_examples())
    index = bm25s.BM25()
    index.index([_grams(example.text) for example in examples], show_progress=False)
    return [
        _first_of_each([examples[i].service for i in np.argsort(index.get_scores(_grams(m.text)))])
        for m in messages
    ]


def encoder_services(messages: Sequence[EvaluationMessage], folder: Path) -> list[list[str]]:
    """The same by the encoder alone: nearest example by cosine."""
    examples, encoder = list(read_examples()), load_encoder()
    known = embed_kept([example.text for example in examples], encoder, folder)
    asked = encoder.encode([m.text for m in messages])
    return [
        _first_of_each([examples[i].service for i in np.argsort(row)]) for row in asked @ known.T
    ]


def encoder_acts(messages: Sequence[EvaluationMessage], folder: Path) -> list[str]:
    """The acts by a logistic regression on the encoder alone."""
    texts, acts = zip(*_act_examples(), strict=True)
    encoder = load_encoder()
    model = LogisticRegression(C=100, max_iter=200, tol=1e-2)
    model.fit(embed_kept(texts, encoder, folder / "acts"), acts)
    return [str(act) for act in model.predict(encoder.encode([m.text for m in messages]))]


def train_diet(folder: Path) -> Path:
    """The desk's own pipeline with Rasa's DIET as the classifier; returns the model."""
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    pipeline = config["pipeline"]
    [ours] = [n for n, component in enumerate(pipeline) if component["name"] == _CLASSIFIER]
    pipeline[ours] = {"name": "DIETClassifier", "epochs": 40, "entity_recognition": False}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    command = [
        *(sys.executable, "-m", "rasa", "train", "nlu", "--fixed-model-name", "diet"),
        *("--config", str(folder / "config.yml"), "--domain", str(ROOT / "domain.yml")),
        *("--nlu", str(ROOT / "nlu" / "data" / "acts"), "--out", str(folder)),
    ]
    with (folder / "diet.log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=log, check=True)
    return folder / "diet.tar.gz"


def _act_examples() -> list[tuple[str, str]]:
    return [
        (line.strip().removeprefix("- "), entry["intent"])
        for path in sorted((ROOT / "nlu" / "data" / "acts").glob("*.yml"))
        for entry in yaml.load(path.read_bytes(), yaml.CSafeLoader)["nlu"]
        for line in entry["examples"].splitlines()
    ]


def _grams(text: str) -> list[str]:
    """Letters in threes: words for languages with and without spaces."""
    text = f" {text.casefold()} "
    return [text[i : i + 3] for i in range(len(text) - 2)]


def _first_of_each(worst_first: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(reversed(worst_first)))
