"""Models: a request in, a stream of text out. Importing this imports no provider's library."""

from playbooks.models.base import Model, ModelError, ModelRequest, ModelSettings, Retry, Text, Usage
from playbooks.models.choose import create_model, parse_model_option
from playbooks.models.keys import missing_key
from playbooks.models.prompt import PROMPT_VERSION, system_prompt

__all__ = [
    "PROMPT_VERSION",
    "Model",
    "ModelError",
    "ModelRequest",
    "ModelSettings",
    "Retry",
    "Text",
    "Usage",
    "create_model",
    "missing_key",
    "parse_model_option",
    "system_prompt",
]
