"""Rasa's graph of components, walked through directly.

Rasa runs it with dask, which plans the order anew for every message, and it
writes every message into a debug line that nobody reads: together a tenth of
what Rasa computes in a turn (docs/performance.md).  The order is a matter of
what needs what, so one function that calls another finds it by itself.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner


def speed_up_graph_runs() -> None:
    """Let Rasa's runner walk.  Safe to call again."""
    DaskGraphRunner.run = _run


def _run(
    runner: DaskGraphRunner,
    inputs: dict[str, Any] | None = None,
    targets: list[str] | None = None,
) -> dict[str, Any]:
    """What the targets give, each component after those it needs, and none twice."""
    schema, nodes = runner._graph_schema, runner._instantiated_nodes
    given = {name: (name, value) for name, value in (inputs or {}).items()}

    def of(name: str) -> Any:
        if name not in given:
            given[name] = nodes[name](*map(of, schema.nodes[name].needs.values()))
        return given[name]

    try:
        return dict(of(target) for target in targets or schema.target_names)
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
