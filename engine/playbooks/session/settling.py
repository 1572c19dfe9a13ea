"""Which program, model and limits a branch runs with: what its checkpoints record, below what is asked for now.

Apart because opening, going on and forking must all answer this alike, and answering it runs nothing.
"""

from __future__ import annotations

import sys

import msgspec

from playbooks.config import Config
from playbooks.config_layers import frontmatter_model
from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.models import create_model, missing_key, parse_model_option
from playbooks.models.base import Model, ModelSettings
from playbooks.runtime.runtime import RunSettings
from playbooks.session.programs import recorded_program
from playbooks.state import ProgramState


class ForkOptions(msgspec.Struct, frozen=True):
    """What answers and what runs on a new branch; None is as before."""

    model: str | None = None
    """As `--model`."""
    temperature: float | None = None
    program: Program | None = None


class Settled(msgspec.Struct, frozen=True):
    """What a runtime is made of, besides its journal."""

    program: Program
    config: Config
    model: Model
    model_settings: ModelSettings
    limits: RunSettings


def begun(program: Program, config: Config, model: str | None) -> Settled:
    """Of a program that begins; `model` as `--model`.

    Raises:
        UserError: The model can't be used, or two files name two.
    """
    if model is None:
        refuse_two_models(program, config)
    return _settled(program, _answered_by(config.for_program(program), model, None))


def gone_on(state: ProgramState, config: Config, model: str | None, options: ForkOptions | None = None) -> Settled:
    """Of a branch that goes on from a state, or of one that leaves there with `options`.

    Args:
        state: What it records of its program and of who answered.
        config: Settings that the record does not tell.
        model: As `--model`, for this process.
        options: What a fork asks for, over all others.

    Raises:
        UserError: The program can't be read or the model can't be used.
    """
    options = options or ForkOptions()
    recorded = state.session
    program = options.program or recorded_program(state)
    config = _answered_by(config.for_program(program), recorded.get("model"), recorded.get("temperature"))
    config = _answered_by(config, model, None)
    return _settled(program, _answered_by(config, options.model, options.temperature))


def refuse_two_models(program: Program, config: Config) -> None:
    """Raises `UserError` for files given together whose frontmatters name different models, if those decide."""
    if any(config.is_set(f"model.{key}") for key in ("provider", "name", "path")):
        return
    named = {root: model for root in program.roots if (model := frontmatter_model(program, root))}
    first = next(iter(named), "")
    for root, model in named.items():
        if model != named[first]:
            raise UserError(
                f"{first} names the model {named[first]}, and {root} {model}", "say with --model which one answers"
            )


def _answered_by(config: Config, model: str | None, temperature: float | None) -> Config:
    if model:
        config = config.with_overrides({"model": parse_model_option(model)})
    if temperature is not None:
        config = config.with_overrides({"model": {"temperature": temperature}})
    return config


def _settled(program: Program, config: Config) -> Settled:
    settings = config.model_settings()
    if reason := missing_key(settings):
        raise UserError(reason)
    return Settled(program, config, create_model(settings), settings, limits_of(config))


def limits_of(config: Config) -> RunSettings:
    """The limits of a run, from the configuration."""
    return RunSettings(
        max_llm_calls=config.max_llm_calls,
        max_failures=config.model.max_failures,
        artifact_result_threshold=config.artifact_result_threshold,
        message_batch_timeout=config.message_batch_timeout,
        message_batch_max_wait=config.message_batch_max_wait,
        max_value_bytes=int(min(config.durability.max_checkpoint_size_mb * 1e6, sys.maxsize)),
    )
