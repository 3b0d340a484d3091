"""The desk understands no less than it did: `ieum eval` against the figures that are kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.__main__ import SUMMARY

A_POINT = 0.01


@pytest.mark.timeout(600)
def test_no_figure_has_fallen_by_more_than_a_point(tmp_path: Path) -> None:
    ieum = Path(sys.executable).with_name("ieum")
    done = subprocess.run(
        [str(ieum), "eval", "--alone", "--out", str(tmp_path)],
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    kept = json.loads(SUMMARY.read_text())
    measured = json.loads((tmp_path / "summary.json").read_text())
    fallen = {
        name: f"{kept[name]} → {measured[name]}"
        for name in kept
        if measured[name] < kept[name] - A_POINT
    }
    assert not fallen, "if it is meant so, keep the new figures: ieum eval --alone --keep"
    assert (tmp_path / "report.html").read_text("utf-8").count("<img") == 3
