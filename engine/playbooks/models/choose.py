"""From settings to a model, and from `--model` to settings.

Apart so that a front end makes a model without knowing which kinds there are; a new kind is one more line here.
"""

from __future__ import annotations

import re
from pathlib import Path

from playbooks.errors import UserError
from playbooks.models.base import Model, ModelSettings
from playbooks.models.litellm import LiteLLMModel
from playbooks.models.script import ScriptModel

SCRIPT = "script"
FORMS = "write script:FILE, PROVIDER/NAME or NAME"

PROVIDER_OF = (
    (re.compile(r"claude"), "anthropic"),
    (re.compile(r"(gpt|chatgpt|o[1-9]|codex)([-.\d]|$)"), "openai"),
    (re.compile(r"gemini"), "gemini"),
    (re.compile(r"(mistral|magistral|ministral|codestral|devstral)"), "mistral"),
    (re.compile(r"deepseek"), "deepseek"),
    (re.compile(r"grok"), "xai"),
    (re.compile(r"command"), "cohere_chat"),
)
"""Whose a bare name is, by how it begins; any other name is of the provider that is configured."""


def parse_model_option(text: str) -> dict[str, str]:
    """Reads the value of `--model`, or a program's frontmatter `model:`.

    Args:
        text: `script:PATH`, `PROVIDER/NAME` (the name may hold more slashes), or a bare name.

    Returns:
        The settings it stands for, to be laid over the others: `provider` and `name` or `path`; of a bare name whose
        provider can't be told, only `name`. A path is as written; what it is relative to, the caller knows.

    Raises:
        UserError: It is none of these.
    """
    text = text.strip()
    kind, colon, path = text.partition(":")
    if colon and kind == SCRIPT:
        if not path.strip():
            raise UserError("the model script: names no file", "write script:FILE")
        return {"provider": SCRIPT, "path": path.strip()}
    if text == SCRIPT:
        raise UserError("the model script names no file", "write script:FILE")
    provider, slash, name = text.partition("/")
    if slash:
        if not provider or not name or re.search(r"\s", text):
            raise UserError(f'"{text}" names no model', FORMS)
        return {"provider": provider, "name": name}
    if not text or re.search(r"\s", text):
        raise UserError(f'"{text}" names no model', FORMS)
    if text.endswith(".py"):
        raise UserError(f'the model "{text}" is a file', f"write script:{text}")
    found = next((provider for pattern, provider in PROVIDER_OF if pattern.match(text)), None)
    return {"provider": found, "name": text} if found else {"name": text}


def create_model(settings: ModelSettings, base_dir: str | Path = ".") -> Model:
    """Makes the model that settings name. Nothing is called, and LiteLLM is not imported.

    Args:
        settings: What to make.
        base_dir: The folder a script's path is relative to.

    Returns:
        The model.

    Raises:
        UserError: Its script can't be used.
    """
    if settings.provider != SCRIPT:
        return LiteLLMModel(settings)
    if not settings.path:
        raise UserError('the model\'s provider is "script", but it has no path', 'set path = "FILE" beside it')
    path = Path(base_dir, Path(settings.path).expanduser())
    return ScriptModel(path, settings.token_delay_s, shown=settings.path)
