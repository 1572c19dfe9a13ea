"""The settings of a run: `playbooks.toml` and everything that may stand above or below it.

Apart so that every room takes settings as typed, frozen data and none reads a file or the environment. Values come,
later wins, from the defaults here, a program's frontmatter `model:`, `playbooks.toml` in the current folder, the
environment (`PLAYBOOKS_DURABILITY__ENABLED=true`) and the command line; `config_layers` reads them and names what is
wrong.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from msgspec import Meta, Struct

from playbooks.config_layers import PREFIX, Layer, environment_layer, file_layer, frontmatter_layer, override_layer
from playbooks.language.model import Program
from playbooks.models.base import ModelSettings

FILE_NAME = "playbooks.toml"
DEFAULT_PROVIDER = "anthropic"

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Words = Annotated[str, Meta(min_length=1)]


class ModelConfig(Struct, frozen=True, kw_only=True):
    """`[model]`, with `[model.execution]` already laid over it."""

    provider: Words = DEFAULT_PROVIDER
    """Any LiteLLM provider, or `script`."""
    name: Words = "claude-haiku-4-5"
    path: str = ""
    """Of a script; relative to the file that names it, here to the current folder."""
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = 0.2
    """None (written `"none"`) leaves it to the model."""
    max_completion_tokens: AtLeastOne = 7500
    stall_timeout_s: Positive = 30.0
    max_failures: AtLeastOne = 3
    """Failed turns in a row before an agent fails."""
    token_delay_s: NotNegative = 0.01
    """Of a script: seconds between two chunks."""


class DurabilityConfig(Struct, frozen=True, kw_only=True):
    """`[durability]`: whether checkpoints are kept, where, and how many."""

    enabled: bool = False
    provider: Words = "filesystem"
    storage_path: Words = ".checkpoints"
    """Relative to the file that names it, here to the current folder."""
    max_checkpoint_size_mb: Positive = 10
    """Of one value."""
    keep_last_n: Annotated[int, Meta(ge=0)] = 10
    """Per agent and branch; 0 keeps all."""
    fsync: bool = False
    """True survives power loss, not only a crash."""
    interrupted_tool: Literal["rerun", "ask", "fail"] = "rerun"
    """What becomes of a tool that may have run when the process died."""


class DebuggerConfig(Struct, frozen=True, kw_only=True):
    """`[debugger]`: what the terminal debugger looks like and which keys it takes."""

    theme: Words = "textual-dark"
    keymap: dict[str, str] = {}
    """Binding id to keys, `"run_or_pause": "space,p"`."""


class Settings(Struct, frozen=True, kw_only=True):
    """All that `playbooks.toml` can say."""

    timeout_s: Positive = 60.0
    """One model call in all, retries included."""
    max_llm_calls: AtLeastOne = 100
    artifact_result_threshold: AtLeastOne = 500
    """Characters from which on a result becomes an artifact."""
    message_batch_timeout: NotNegative = 0.5
    """Seconds of quiet after which a meeting's wait returns."""
    message_batch_max_wait: NotNegative = 2.0
    """Seconds after which a meeting's wait returns although people still talk."""
    model: ModelConfig = ModelConfig()
    durability: DurabilityConfig = DurabilityConfig()
    debugger: DebuggerConfig = DebuggerConfig()


class Config(Settings, frozen=True, kw_only=True):
    """Settings with where they came from. Never changes: the methods return another one."""

    layers: tuple[Layer, ...] = ()
    """What was laid over the defaults, lowest first."""

    @classmethod
    def load(
        cls,
        folder: str | Path = ".",
        env: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Config:
        """Reads `playbooks.toml` in `folder` (none is no error) and lays the rest over it.

        Args:
            folder: Where the file is looked for.
            env: The environment; the process's own when None.
            overrides: What the command line said, nested as the file is: `{"model": {"temperature": 0}}`.

        Raises:
            UserError: A value that can't be used, naming file, line and key (`UserErrors` when there are several).
        """
        layers = (
            file_layer(Path(folder) / FILE_NAME, Settings),
            environment_layer(os.environ if env is None else env, Settings),
            override_layer(overrides or {}, Settings),
        )
        return _merged(layers)

    def for_program(self, program: Program) -> Config:
        """These settings with the program's frontmatter `model:` below the file, in place of any other program's.

        Raises:
            UserError: The frontmatter's `model:` can't be used.
        """
        rest = tuple(layer for layer in self.layers if layer.rank != "frontmatter")
        return _merged((frontmatter_layer(program, Settings), *rest))

    def with_overrides(self, overrides: Mapping[str, Any]) -> Config:
        """These settings with some laid on top as the command line does.

        Raises:
            UserError: A value that can't be used.
        """
        return _merged((*self.layers, override_layer(overrides, Settings)))

    def for_debug(self) -> Config:
        """What `debug` and `fork` work with: checkpoints always, all of them, and asking before a tool runs twice.

        Retention and `interrupted_tool` stay as set where they were set.
        """
        below = Layer("debug", {"durability.keep_last_n": 0, "durability.interrupted_tool": "ask"})
        above = Layer("debug", {"durability.enabled": True})
        return _merged((below, *self.layers, above))

    def is_set(self, key: str) -> bool:
        """Whether anything but the defaults says `key`, dotted: `durability.keep_last_n`."""
        return any(key in layer.values for layer in self.layers)

    def source(self, key: str, entry: str = "") -> str:
        """Where a setting is said, for a mistake: the file's path, or the name of the environment's variable.

        Args:
            key: Dotted: `durability.provider`.
            entry: One of those that the setting's table holds.

        Returns:
            Empty for a default and for what the command line said.
        """
        for layer in reversed(self.layers):
            if key in layer.values and (not entry or entry in layer.values[key]):
                return PREFIX + key.replace(".", "__").upper() if layer.rank == "environment" else layer.file
        return ""

    @property
    def file(self) -> str:
        """The path of the `playbooks.toml` that was read; empty when there was none."""
        return next((layer.file for layer in self.layers if layer.rank == "file"), "")

    def model_settings(self) -> ModelSettings:
        """What one model call may use."""
        model = self.model
        return ModelSettings(
            provider=model.provider,
            name=model.name,
            path=model.path,
            temperature=model.temperature,
            max_completion_tokens=model.max_completion_tokens,
            timeout_s=self.timeout_s,
            stall_timeout_s=model.stall_timeout_s,
            token_delay_s=model.token_delay_s,
        )


def _merged(layers: Sequence[Layer]) -> Config:
    """The defaults with `layers` over them, lowest first, key by key."""
    tables: dict[str, dict[str, Any]] = {"": {}, "model": {}, "durability": {}, "debugger": {}}
    for layer in layers:
        for key, value in layer.values.items():
            table, _, name = key.rpartition(".")
            tables[table][name] = {**tables[table].get(name, {}), **value} if isinstance(value, dict) else value
        bare_name = "model.name" in layer.values and "model.provider" not in layer.values
        if bare_name and tables["model"].get("provider") == "script":  # over a script it means a real model
            tables["model"]["provider"] = DEFAULT_PROVIDER
    return Config(
        **tables[""],
        model=ModelConfig(**tables["model"]),
        durability=DurabilityConfig(**tables["durability"]),
        debugger=DebuggerConfig(**tables["debugger"]),
        layers=tuple(layer for layer in layers if layer.values or layer.file),
    )


class _LoadedOnUse:
    """Stands for the settings of the current folder until one is asked for: importing this module reads no file."""

    def __init__(self) -> None:
        self._config: Config | None = None

    def __getattr__(self, name: str) -> Any:
        if self._config is None:
            self._config = Config.load()
        return getattr(self._config, name)


config = cast(Config, _LoadedOnUse())
"""The settings of the current folder, read at the first attribute access: `config.durability.enabled`."""
