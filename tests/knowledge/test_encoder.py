"""The sentence encoder."""

from __future__ import annotations

import numpy as np

from knowledge.encoder import load_encoder


def test_many_sentences_on_all_cores_come_out_as_one_by_one_and_in_order() -> None:
    encoder = load_encoder()
    sentences = [f"I moved {number} days ago" for number in range(201)]

    together = encoder.encode(sentences)

    alone = np.vstack([encoder.encode([sentence]) for sentence in sentences[::20]])
    assert np.array_equal(together[::20], alone)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
