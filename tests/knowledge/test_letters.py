"""Runs of letters: what scikit-learn would say, for less."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from knowledge.letters import LetterRuns

TEXTS = [
    "F-6 비자로 3년 살았어요",
    "can i get permanent residence, F-6?",
    "結婚ビザで韓国に3年",
    "visa f6 ở hàn 3 năm",
    "у меня виза F-6",
    "a  b",
    "",
]


@pytest.mark.parametrize("lengths", [(1, 4), (2, 4)])
@settings(deadline=None)
@given(text=st.text(max_size=60) | st.sampled_from(TEXTS))
def test_vectors_are_those_of_scikit_learn(lengths: tuple[int, int], text: str) -> None:
    theirs = TfidfVectorizer(analyzer="char_wb", ngram_range=lengths, sublinear_tf=True)
    expected_all = theirs.fit_transform(TEXTS)
    runs, fitted = LetterRuns.fit(TEXTS, *lengths)
    assert np.allclose(fitted.toarray(), expected_all.toarray(), atol=1e-6)
    expected = theirs.transform([text, "F-6 F-6 visa"]).toarray()
    assert np.allclose(runs.vectors([text, "F-6 F-6 visa"]).toarray(), expected, atol=1e-5)


def test_they_are_kept_without_what_they_remember() -> None:
    runs, _ = LetterRuns.fit(TEXTS, 1, 4, fewest=2)
    runs.vectors(["visa F-6"])
    again = pickle.loads(pickle.dumps(runs))
    assert len(again) == len(runs)
    assert (again.vectors(["visa F-6"]) != runs.vectors(["visa F-6"])).nnz == 0
