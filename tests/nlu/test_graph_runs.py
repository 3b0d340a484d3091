"""Rasa's graph walked through directly gives what dask gives."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner

from nlu import graph_runs

RUNS: list[str] = []


class Node:
    """Joins its name to what it was given, as a GraphNode gives (name, output)."""

    def __init__(self, name: str, breaks: bool = False) -> None:
        self.name, self.breaks = name, breaks

    def __call__(self, *given: tuple[str, str]) -> tuple[str, str]:
        RUNS.append(self.name)
        if self.breaks:
            raise RuntimeError("broken")
        return self.name, f"{self.name}({','.join(value for _, value in given)})"


def runner(breaks: bool = False) -> DaskGraphRunner:
    """Words and their meaning are read; act and facts need both; the target needs these."""
    needs = {
        "words": {"messages": "__message__"},
        "meaning": {"messages": "words"},
        "act": {"messages": "meaning", "words": "words"},
        "facts": {"messages": "meaning"},
        "all": {"a": "act", "b": "facts"},
        "unwanted": {"a": "all"},
    }
    nodes = {
        name: SchemaNode(needs=needed, uses=object, fn="run", constructor_name="load", config={})
        for name, needed in needs.items()
    }
    made = DaskGraphRunner.__new__(DaskGraphRunner)
    made._graph_schema = GraphSchema(nodes)
    made._graph_schema.nodes["all"].is_target = True
    made._instantiated_nodes = {n: Node(n, breaks and n == "facts") for n in needs}
    made._execution_context = None
    return made


@pytest.mark.parametrize("targets", [None, ["all"], ["act"], ["meaning", "facts"]])
def test_the_same_comes_out_and_nothing_runs_twice(targets: list[str] | None) -> None:
    inputs: dict[str, Any] = {"__message__": "hello"}
    by_dask = DaskGraphRunner.run(runner(), dict(inputs), targets)
    ran_by_dask = sorted(RUNS)
    RUNS.clear()
    assert graph_runs._run(runner(), dict(inputs), targets) == by_dask
    assert sorted(RUNS) == ran_by_dask
    assert len(RUNS) == len(set(RUNS))
    RUNS.clear()


def test_a_component_that_breaks_is_told_as_before() -> None:
    with pytest.raises(GraphRunError):
        graph_runs._run(runner(breaks=True), {"__message__": "hello"})
