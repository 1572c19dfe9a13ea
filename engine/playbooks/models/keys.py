"""Which environment variable holds the key of which provider, and how to keep a key out of what people read.

Apart because the check for a missing key must be instant: it knows the common providers by itself, so that a run
without a key says so at once instead of importing LiteLLM for seconds first.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping

from playbooks.models.base import ModelSettings

OFFLINE = "run offline with --model script:FILE"

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "azure": ("AZURE_API_KEY", "AZURE_AD_TOKEN"),
    "cerebras": ("CEREBRAS_API_KEY",),
    "cohere": ("COHERE_API_KEY",),
    "cohere_chat": ("COHERE_API_KEY",),
    "dashscope": ("DASHSCOPE_API_KEY",),
    "deepinfra": ("DEEPINFRA_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks_ai": ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "huggingface": ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    "mistral": ("MISTRAL_API_KEY",),
    "moonshot": ("MOONSHOT_API_KEY",),
    "nvidia_nim": ("NVIDIA_NIM_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY", "OR_API_KEY"),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "replicate": ("REPLICATE_API_KEY", "REPLICATE_API_TOKEN"),
    "sambanova": ("SAMBANOVA_API_KEY",),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY"),
    "xai": ("XAI_API_KEY",),
}
"""The variables LiteLLM reads a provider's key from; any one of them is enough, the first is the one to name."""

LOCAL = frozenset({"hosted_vllm", "llamafile", "lm_studio", "ollama", "ollama_chat", "oobabooga", "vllm", "xinference"})
"""Servers that people run themselves: they ask for no key, and a call of theirs costs nothing."""

SIGNED_IN = frozenset({"bedrock", "bedrock_converse", "sagemaker", "sagemaker_chat", "vertex_ai", "vertex_ai_beta"})
"""Providers one signs in to by other ways than a variable (profiles, roles, a login): only the call can tell."""

BASES: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"),
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
}
"""The variables that point a provider's client at another server, the one that wins first."""


_ALIKE = 0.7
"""How alike an unknown provider's name is to a known one to be a slip of the finger."""


def meant(provider: str) -> str:
    """What to write instead of a provider that does not exist: the known one it is likest to, or the form."""
    close = difflib.get_close_matches(provider.lower(), [*VARIABLES, *LOCAL, *SIGNED_IN], n=1, cutoff=_ALIKE)
    return f"did you mean {close[0]}?" if close else "write PROVIDER/NAME, as anthropic/claude-haiku-4-5"


def missing_key(settings: ModelSettings, environ: Mapping[str, str] | None = None) -> str | None:
    """Tells of a key that is not there or is none, or of a provider that does not exist, before anything is called.

    Args:
        settings: The model in question.
        environ: The environment; the process's own when None.

    Returns:
        One line that says which variable to set and how to do without, or which provider may be meant; None when a key
        is there, none is needed, or only the call can tell. A provider this module does not know is looked up in
        LiteLLM, which takes seconds the first time.
    """
    environ = os.environ if environ is None else environ
    provider = settings.provider
    if provider == "script" or provider in LOCAL or provider in SIGNED_IN:
        return None
    if spoilt := _spoilt(provider, environ):
        return spoilt
    if needs_no_key(provider, environ):
        return None
    if provider not in VARIABLES and not _is_known(settings):
        return f'no provider is called "{provider}"; {meant(provider)}'
    variables = VARIABLES.get(provider) or _asked_of_litellm(settings)
    if not variables or any(environ.get(variable) for variable in variables):
        return None
    return f"no key for {provider}: set {variables[0]}, or {OFFLINE}"


def _spoilt(provider: str, environ: Mapping[str, str]) -> str:
    """Tells of a key that no request can carry, as one pasted with the `…` of an example; never with the key."""
    for variable in VARIABLES.get(provider, ()):
        if found := re.search(r"[^!-~]", environ.get(variable, "")):
            what = "a space or a line break" if found[0].isspace() else f"the character {found[0]!r}"
            return f"{variable} holds {what}, which no key does: set it anew, or {OFFLINE}"
    return ""


def needs_no_key(provider: str, environ: Mapping[str, str]) -> bool:
    """Whether a provider's calls go to an OpenAI-compatible server of the user's, which may well ask for no key."""
    return provider == "openai" and base_url(provider, environ) != ""


def base_url(provider: str, environ: Mapping[str, str]) -> str:
    """The server a provider's client is pointed at; empty for the provider's own."""
    return next((environ[name] for name in BASES.get(provider, ()) if environ.get(name)), "")


def variable_of(provider: str) -> str:
    """The variable to name when a provider's key is wrong; empty when this module does not know it."""
    return VARIABLES.get(provider, ("",))[0]


def _is_known(settings: ModelSettings) -> bool:
    """Whether LiteLLM knows the provider."""
    from playbooks.models.litellm import load

    try:
        load().get_llm_provider(f"{settings.provider}/{settings.name}")
    except Exception as error:
        return "Provider NOT provided" not in str(error)
    return True


def _asked_of_litellm(settings: ModelSettings) -> tuple[str, ...]:
    """What LiteLLM misses for a provider that is not in the table; empty when it misses nothing or knows nothing."""
    from playbooks.models.litellm import load

    missing = load().validate_environment(f"{settings.provider}/{settings.name}").get("missing_keys") or ()
    return tuple(str(name) for name in missing)


SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
SECRET_TEXT = re.compile(
    r"""
      \b(?:sk|pk|rk|gsk|xai|hf|r8|nvapi|AIza|ya29)[-_.]?[A-Za-z0-9*][A-Za-z0-9_\-.*]{6,}   # keys by their known heads
    | (?<=Bearer\s)\S+
    | (?<=[?&]key=)[^&\s]+
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)                                                      # user:password of an address
    """,
    re.VERBOSE,
)
SHORTEST_SECRET = 8
"""A shorter value of a variable called KEY is no key, and taking it out would garble ordinary words."""


def redact(text: str, environ: Mapping[str, str] | None = None) -> str:
    """A text without keys: those of the environment, and whatever looks like one, become `[key]`.

    Args:
        text: What a provider or a library said.
        environ: The environment; the process's own when None.
    """
    environ = os.environ if environ is None else environ
    values = {value for name, value in environ.items() if SECRET_NAME.search(name) and len(value) >= SHORTEST_SECRET}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "[key]")
    return SECRET_TEXT.sub("[key]", text)
