"""`make bench`: every benchmark, one after the other, and one report in var/bench/report.md.

python -m tests.bench [--only turn,length,load,workers,engine,retrieval,growth,widget] [--quick]
"""

import argparse
import sys

from tests.bench import engine, growth, length, load, retrieval, turn, widget

BENCHMARKS = {
    "engine": engine.main,
    "retrieval": retrieval.main,
    "growth": growth.main,
    "turn": turn.main,
    "length": length.main,
    "workers": load.workers,
    "load": load.main,
    "widget": widget.main,
}
QUICK = {
    "turn": lambda: turn.main(rounds=5, slice_seconds=2),
    "length": lambda: length.main(turns=60),
    "workers": lambda: load.workers(seconds=5),
    "load": lambda: load.main(seconds=20),
}

parser = argparse.ArgumentParser(description="Benchmarks of the desk.")
parser.add_argument("--only", default=",".join(BENCHMARKS), help="which, separated by commas")
parser.add_argument("--quick", action="store_true", help="show that they run; no figures to quote")
parser.add_argument("--seconds", type=float, default=load.SECONDS, help="of the load")
wanted = parser.parse_args()
sys.argv[1:] = []  # some of them read their own
for name in wanted.only.split(","):
    if wanted.quick and name in QUICK:
        QUICK[name]()
    elif name == "load":
        load.main(wanted.seconds)
    else:
        BENCHMARKS[name]()
