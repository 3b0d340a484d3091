"""The report: what was measured, as Markdown, as HTML with plots, and as a small summary."""

from __future__ import annotations

import base64
import io
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import matplotlib
import numpy as np

from evaluation import measures
from evaluation.measures import Pair
from evaluation.messages import EvaluationMessage
from knowledge.base import KnowledgeBase
from knowledge.catalogue import LANGUAGES

matplotlib.use("Agg")
from matplotlib import pyplot as plt

Summary = dict[str, float]
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]


def summary(pairs: Sequence[Pair], base: KnowledgeBase) -> Summary:
    """The figures that must not fall: shares between 0 and 1, rounded."""
    by_language = [measures.service_at(_in(pairs, code), 1).value for code in LANGUAGES]
    facts = measures.facts_found(pairs, base)["all"]
    figures = {
        "act F1": measures.act_f1(pairs),
        "service at 1": measures.service_at(pairs, 1).value,
        "service at 3": measures.service_at(pairs, 3).value,
        "service at 1, worst language": min(by_language),
        "fact precision": facts.precision,
        "fact recall": facts.recall,
        "fact F1": facts.f1,
        "not ours, found at 2 % false refusals": measures.refused_at(pairs).value,
        "urgent raised": measures.urgent_raised(pairs).value,
        "no false alarm": 1 - measures.false_alarms(pairs).value,
        "language": measures.language_right(pairs).value,
        "language, up to 20 characters": measures.language_right(pairs, measures.SHORT).value,
    }
    return {name: round(value, 3) for name, value in figures.items()}


def tables(
    pairs: Sequence[Pair], base: KnowledgeBase, rivals: Mapping[str, Summary], machine: Summary
) -> list[Table]:
    """Everything measured, as tables: (title, head, rows)."""
    own = summary(pairs, base)
    found: list[Table] = [
        ("The desk", ("measure", "value"), [(name, f"{value:.3f}") for name, value in own.items()]),
        (
            "Beside others, same messages, same run",
            ("pipeline", "act F1", "service at 1", "service at 3", "ms a message, p50"),
            [
                (name, *(_cell(figures.get(column)) for column in _COMPARED))
                for name, figures in (("the desk", {**own, **machine}), *rivals.items())
            ],
        ),
        ("Time and memory", ("measure", "value"), [(n, f"{v:.1f}") for n, v in machine.items()]),
        (
            "By language",
            ("language", "messages", "service at 1", "service at 3", "facts F1", "language read"),
            [_language_row(code, _in(pairs, code), base) for code in LANGUAGES],
        ),
        (
            "Facts by kind",
            ("kind", "precision", "recall", "F1", "right", "wrong", "missed"),
            [
                (kind, f"{f.precision:.3f}", f"{f.recall:.3f}", f"{f.f1:.3f}", *map(str, f))
                for kind, f in measures.facts_found(pairs, base).items()
            ],
        ),
        (
            "Refused as not ours",
            ("messages", "refused"),
            [
                ("not covered by the base", str(measures.refused(pairs, "not_covered"))),
                ("unrelated", str(measures.refused(pairs, "unrelated"))),
                ("ours (should be none)", str(measures.refused(pairs, "ours"))),
                ("at 2 % false refusals", str(measures.refused_at(pairs))),
            ],
        ),
        (
            "Urgent",
            ("messages", "raised"),
            [
                ("urgent", str(measures.urgent_raised(pairs))),
                ("calm (should be none)", str(measures.false_alarms(pairs))),
            ],
        ),
        (
            "How far the probability of the first service can be trusted",
            ("said", "right", "messages"),
            [(f"{p:.2f}", f"{r:.2f}", str(n)) for p, r, n in measures.reliability(pairs)],
        ),
        ("Acts most often taken for each other", ("meant", "read", "times"), _confusions(pairs)),
    ]
    return found


_COMPARED = ("act F1", "service at 1", "service at 3", "p50, ms a message")


def markdown(found: Sequence[Table]) -> str:
    lines = ["# How well the desk understands", ""]
    for title, head, rows in found:
        lines += [f"## {title}", "", _row(head), _row(["---"] * len(head)), *map(_row, rows), ""]
    return "\n".join(lines)


def html(found: Sequence[Table], pairs: Sequence[Pair], base: KnowledgeBase) -> str:
    """One page with the tables, the plots, and every message that was read wrongly."""
    parts = [_HEAD]
    for title, head, rows in found:
        parts.append(f"<h2>{escape(title)}</h2><table><tr>")
        parts += [f"<th>{escape(cell)}</th>" for cell in head]
        parts += ["</tr><tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
        parts.append("</tr></table>")
    plots = (_reliability_plot(pairs), _confusion_plot(pairs), _language_plot(pairs))
    parts += [f'<img alt="" src="data:image/png;base64,{plot}">' for plot in plots]
    parts.append("<h2>Read wrongly</h2><ul>")
    parts += [f"<li>{escape(line)}</li>" for line in errors(pairs, base)]
    return "\n".join([*parts, "</ul></body></html>"])


def errors(pairs: Sequence[Pair], base: KnowledgeBase) -> list[str]:
    """Each message that was read wrongly, and in what."""
    lines = []
    for message, reading in pairs:
        wrong = []
        if reading.act not in message.acts:
            wrong.append(f"act {reading.act}, not {message.act}")
        first = reading.services[0] if reading.services else ("none", 0.0)
        if message.services and not message.asked and first[0] not in message.services:
            wrong.append(f"service {first[0]} ({first[1]:.2f}), not {message.service}")
        if message.scope != "ours" and not message.urgent and "out_of_scope" not in reading.cards:
            wrong.append(f"not refused ({message.scope}), taken for {first[0]} ({first[1]:.2f})")
        if message.urgent != reading.urgent:
            wrong.append("urgent, not raised" if message.urgent else "false alarm")
        if not message.asked and reading.language != message.lang:
            wrong.append(f"language {reading.language}")
        found = measures.facts_found([(message, reading)], base).get("all")
        if found and (found.wrong or found.missed):
            wrong.append(f"facts {reading.facts}, not {dict(message.facts)}")
        if wrong:
            lines.append(f"{message.id}: {message.text!r}: {'; '.join(wrong)}")
    return lines


def compared(services: Sequence[Sequence[str]], messages: Sequence[EvaluationMessage]) -> Summary:
    """The service figures of a rival that only ranks services."""
    about = [(m, s) for m, s in zip(messages, services, strict=True) if m.services and not m.asked]
    return {
        f"service at {k}": float(np.mean([bool(m.services & set(s[:k])) for m, s in about]))
        for k in (1, 3)
    }


def _in(pairs: Sequence[Pair], language: str) -> list[Pair]:
    return [(m, r) for m, r in pairs if m.lang == language]


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _language_row(code: str, pairs: Sequence[Pair], base: KnowledgeBase) -> tuple[str, ...]:
    facts = measures.facts_found(pairs, base).get("all")
    return (
        code,
        str(len(pairs)),
        f"{measures.service_at(pairs, 1).value:.3f}",
        f"{measures.service_at(pairs, 3).value:.3f}",
        f"{facts.f1:.3f}" if facts else "–",
        f"{measures.language_right(pairs).value:.3f}",
    )


def _confusions(pairs: Sequence[Pair]) -> list[tuple[str, str, str]]:
    taken = Counter((m.act, r.act) for m, r in pairs if r.act not in m.acts)
    return [(meant, read, str(times)) for (meant, read), times in taken.most_common(12)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _reliability_plot(pairs: Sequence[Pair]) -> str:
    figure, axes = plt.subplots(figsize=(5, 4))
    said, right, _ = zip(*measures.reliability(pairs), strict=True)
    axes.plot([0, 1], [0, 1], linestyle=":")
    axes.plot(said, right, marker="o")
    axes.set(xlabel="probability said", ylabel="share right", title="Reliability of the router")
    return _png(figure)


def _confusion_plot(pairs: Sequence[Pair]) -> str:
    acts = sorted({m.act for m, _ in pairs} | {r.act for _, r in pairs})
    counts: Any = np.zeros((len(acts), len(acts)))
    for message, reading in pairs:
        meant = reading.act if reading.act in message.acts else message.act
        counts[acts.index(meant), acts.index(reading.act)] += 1
    counts /= np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(8, 8))
    axes.imshow(counts, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(acts)), acts, rotation=90)
    axes.set_yticks(range(len(acts)), acts)
    axes.set(xlabel="read", ylabel="meant", title="Acts")
    return _png(figure)


def _language_plot(pairs: Sequence[Pair]) -> str:
    by_language: dict[str, float] = defaultdict(float)
    for code in LANGUAGES:
        by_language[code] = measures.service_at(_in(pairs, code), 1).value
    figure, axes = plt.subplots(figsize=(7, 3.5))
    axes.bar(list(by_language), list(by_language.values()))
    axes.set(ylim=(0, 1), title="Right service at 1, by language")
    return _png(figure)


def _png(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.tight_layout()
    figure.savefig(buffer, format="png", dpi=90)
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()


_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>How well the desk understands</title><style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } td, th { border: 1px solid #bbb; padding: .2rem .6rem }
img { max-width: 100% } li { margin: .4rem 0 }
</style></head><body><h1>How well the desk understands</h1>"""
