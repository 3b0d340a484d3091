"""Rasa runs without TensorFlow, and says so to who needs it."""

from __future__ import annotations

import subprocess
import sys

IMPORT = """
from nlu.without_tensorflow import leave_out_tensorflow
leave_out_tensorflow()
import sys, rasa.server
import rasa.engine.recipes.default_components
from rasa.nlu.classifiers.diet_classifier import DIET
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", IMPORT + code], capture_output=True, text=True)


def test_rasa_is_imported_whole_and_nothing_of_tensorflow() -> None:
    done = python("print(type(sys.modules['tensorflow']).__name__)")
    assert done.stdout == "_Module\n", done.stderr


def test_a_component_that_needs_it_says_what_to_do() -> None:
    done = python("DIET()")
    assert done.returncode == 1
    assert "DIET needs TensorFlow" in done.stderr
    assert "python -m rasa" in done.stderr
