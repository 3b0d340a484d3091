"""Rasa's command line without TensorFlow: `python -m nlu.without_tensorflow run ...`.

Rasa imports every component that it knows, and with DIET and its like
TensorFlow: half of a start and 350 MB of every worker, for classes that this
pipeline has no use for.  A stand-in takes TensorFlow's place, of which classes
can be derived and none can be made: who puts DIET into config.yml is told.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_LEFT_OUT = ("tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras")


class NotLoaded(RuntimeError):
    """A component needs TensorFlow."""


def leave_out_tensorflow() -> None:
    """From now on the stand-in is imported in its place."""
    sys.meta_path.insert(0, _Finder())


class _AnyName(type):
    """Has every attribute that is asked for."""

    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _StandIn

    def __call__(cls, *given: Any, **named: Any) -> Any:
        if cls is not _StandIn:
            raise NotLoaded(
                f"{cls.__name__} needs TensorFlow, which Ieum leaves out. To try a component that "
                "uses it, start Rasa with `python -m rasa` instead of `nlu.without_tensorflow`."
            )
        # A decorator, or a value that a class is defined with.
        return given[0] if given and callable(given[0]) else _StandIn


class _StandIn(metaclass=_AnyName):
    """Whatever is found in TensorFlow: a class, a function or a module."""


class _Module(ModuleType):
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _StandIn


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in _LEFT_OUT:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


if __name__ == "__main__":
    leave_out_tensorflow()
    from rasa.__main__ import main

    main()
