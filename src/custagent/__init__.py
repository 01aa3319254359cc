"""custagent: create, test, deploy and run an AI customer agent from the command line, or from Python (`load`)."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custagent.api import (
        AgentConversation,
        Answer,
        Citation,
        ConfigError,
        CustagentError,
        Decision,
        DecisionKind,
        EmbedderError,
        IndexDamaged,
        LoadedAgent,
        LoadedWorkspace,
        ModelError,
        Reason,
        StoreError,
        UnknownName,
        Utterance,
        WorkspaceError,
        load,
    )

__version__ = "0.1.0"

__all__ = [
    "AgentConversation",
    "Answer",
    "Citation",
    "ConfigError",
    "CustagentError",
    "Decision",
    "DecisionKind",
    "EmbedderError",
    "IndexDamaged",
    "LoadedAgent",
    "LoadedWorkspace",
    "ModelError",
    "Reason",
    "StoreError",
    "UnknownName",
    "Utterance",
    "WorkspaceError",
    "__version__",
    "load",
]


def __getattr__(name: str) -> object:
    # Each command imports this file: what the Python API needs is loaded when it is asked for, and by its name, so that
    # no floor below is taken to import it.
    if name in __all__:
        return getattr(import_module("custagent.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
