"""What dominates a turn: py-spy on each process of a desk that eight people write to.

    python -m tests.bench.profile [--seconds 20]

Prints, for each process, the functions in which most of the time passes.  Needs
the right to look into other processes (root, or `kernel.yama.ptrace_scope=0`).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.settings import Settings
from tests.bench.turn import OURS, crowd, talker
from tests.desk import Desk

SECONDS = 20.0
PROGRAMS = ("rasa", "actions", "gateway")
SHOWN = 18


def main() -> None:
    """Profile all three at once, under the same load."""
    parser = argparse.ArgumentParser(description="Profile a desk.")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    seconds = parser.parse_args().seconds
    out = Settings.load().folder / "bench"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Desk(Path(folder) / "desk") as desk:
        crowd(lambda: talker(desk), OURS, 5)  # warm
        with ThreadPoolExecutor(len(PROGRAMS)) as pool:
            raw = [pool.submit(record, desk.pid_of(name), seconds, out) for name in PROGRAMS]
            turns = crowd(lambda: talker(desk), OURS, seconds + 3)
        print(f"{len(turns) / (seconds + 3):.1f} turns a second")
        for name, recorded in zip(PROGRAMS, raw, strict=True):
            tell(name, recorded.result())


def record(pid: int, seconds: float, out: Path) -> list[str]:
    """Stacks with their counts, as py-spy writes them; only while the process computes."""
    file = out / f"{pid}.raw"
    py_spy = str(Path(sys.executable).with_name("py-spy"))
    command = [
        py_spy,
        "record",
        "--pid",
        str(pid),
        "--duration",
        f"{seconds:g}",
        "--rate",
        "100",
        "--gil",
    ]
    subprocess.run([*command, "--format", "raw", "--output", str(file)], check=True)
    lines = file.read_text().splitlines()
    file.unlink()
    return lines


def tell(name: str, lines: list[str]) -> None:
    inside, itself = Counter[str](), Counter[str]()
    total = 0
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = [frame.partition(":")[0].strip() for frame in stack.split(";")]
        total += int(count)
        itself[frames[-1]] += int(count)
        for frame in set(frames):
            inside[frame] += int(count)
    print(f"\n{name}: {total} samples\n  share inside          share itself")
    for (frame, among), (own, alone) in zip(
        inside.most_common(3 * SHOWN), itself.most_common(3 * SHOWN), strict=False
    ):
        print(f"  {among / total:5.1%} {frame[:60]:62s} {alone / total:5.1%} {own[:60]}")


if __name__ == "__main__":
    main()
