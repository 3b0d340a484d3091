"""`ieum eval`: reads every evaluation message and tells how well it was understood."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import click
import structlog
from rich.console import Console
from rich.progress import track

from evaluation import measures, report, rivals
from evaluation.messages import MESSAGES, EvaluationMessage, read_messages
from evaluation.reading import Reader, Reading
from knowledge.base import KnowledgeBase

SUMMARY = Path(__file__).with_name("summary.json")
console = Console(highlight=False)


@click.command()
@click.argument("messages", type=click.Path(path_type=Path, exists=True), default=MESSAGES)
@click.option("--model", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where to write to.")
@click.option("--alone", is_flag=True, help="Do not measure the rivals (DIET takes minutes).")
@click.option("--errors", is_flag=True, help="Print what was read wrongly.")
@click.option("--keep", is_flag=True, help="Keep these figures as those that must not fall.")
def main(messages: Path, model: Path, out: Path, alone: bool, errors: bool, keep: bool) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    base, asked = KnowledgeBase.load(), read_messages(messages)
    pairs = list(zip(asked, _readings(model, asked), strict=True))
    machine = {
        "p50, ms a message": measures.milliseconds(pairs, 50),
        "p95, ms a message": measures.milliseconds(pairs, 95),
        "memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    others = {} if alone else _rivals(asked, base, out / "rivals")
    found = report.tables(pairs, base, others, machine)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.md").write_text(report.markdown(found), "utf-8")
    (out / "report.html").write_text(report.html(found, pairs, base), "utf-8")
    (out / "summary.json").write_text(_as_json(report.summary(pairs, base)))
    if keep:
        SUMMARY.write_text(_as_json(report.summary(pairs, base)))
    if errors:
        for line in report.errors(pairs, base):
            console.print(line, markup=False)
    console.print(report.markdown(found), markup=False)
    console.print(f"The report with its plots: {out / 'report.html'}")


def _readings(model: Path, messages: list[EvaluationMessage]) -> list[Reading]:
    reader = Reader(model)
    for message in messages[:5]:
        reader.read(message)  # the first ones load what later ones find loaded
    shown = track(messages, "Reading ...", console=console, disable=not console.is_terminal)
    return [reader.read(message) for message in shown]


def _rivals(
    messages: list[EvaluationMessage], base: KnowledgeBase, folder: Path
) -> dict[str, report.Summary]:
    console.print("Measuring the rivals; training DIET takes some minutes ...")
    diet = list(zip(messages, _readings(rivals.train_diet(folder), messages), strict=True))
    index = Path(os.environ.get("INDEX_FOLDER", "var/knowledge"))  # where they are embedded
    by_encoder = report.compared(rivals.encoder_services(messages, index), messages)
    acts = rivals.encoder_acts(messages, folder)
    readings = [reading._replace(act=act) for (_, reading), act in zip(diet, acts, strict=True)]
    by_encoder["act F1"] = measures.act_f1(list(zip(messages, readings, strict=True)))
    return {
        "the desk with DIET": {
            **report.summary(diet, base),
            "p50, ms a message": measures.milliseconds(diet, 50),
        },
        "the encoder alone": by_encoder,
        "BM25": report.compared(rivals.bm25_services(messages), messages),
    }


def _as_json(figures: report.Summary) -> str:
    return json.dumps(figures, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
