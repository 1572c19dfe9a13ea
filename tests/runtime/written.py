"""Programs as `.pb` text with a scripted model, run and resumed as those of `scenario`.

Apart from `scenario` because it goes through the parser: what is proven of a program here is proven of one in a file.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runtime.scenario import Broken, Run, Scenario, check, start

from playbooks.language import parse_program
from playbooks.language.model import Program, SourceFile
from playbooks.models.base import ModelRequest
from playbooks.runtime.notices import Output
from playbooks.runtime.runtime import RunSettings

Answer = str | tuple[str, ...] | Callable[[ModelRequest], str | Broken]
"""One response for every turn, one for each turn (the last one again after that), or what makes it of the request."""


@dataclass(frozen=True)
class Written(Scenario):
    """A program as text, and what its model answers for each playbook."""

    source: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By `Buyer.Haggle`, else by `Haggle`."""

    def program(self) -> Program:
        return parse_program([SourceFile("written.pb", self.source)], _no_imports)

    def answer(self, request: ModelRequest) -> str | Broken:
        found = self.answers.get(f"{request.agent}.{request.playbook}", self.answers.get(request.playbook))
        if found is None:
            raise AssertionError(f"the model is asked for {request.agent}.{request.playbook}, which has no answer")
        if callable(found):
            answer = found(request)
            return answer if isinstance(answer, Broken) else _code(answer)
        turns = (found,) if isinstance(found, str) else found
        return _code(turns[min(request.turn, len(turns) - 1)])


def _code(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def _no_imports(path: str) -> str:
    raise FileNotFoundError(path)


def written(
    source: str,
    answers: Mapping[str, Answer],
    *,
    person: tuple[str, ...] = (),
    chunk: int = 7,
    settings: RunSettings | None = None,
) -> Written:
    """A program as text, its common indent taken off, and what its model answers."""
    return Written(
        {},
        person=person,
        chunk=chunk,
        settings=settings or QUICK,
        source=textwrap.dedent(source).strip() + "\n",
        answers=answers,
    )


QUICK = RunSettings(message_batch_timeout=0.0, message_batch_max_wait=0.0)
"""Meetings wait for no more than what is there."""

MAIN = """
    # Seller
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go
"""
"""One agent with one playbook, whose steps nobody reads."""


def main(*turns: str, person: tuple[str, ...] = (), settings: RunSettings | None = None) -> Written:
    """A program of one agent with one playbook, and its answers."""
    return written(MAIN, {"Main": turns}, person=person, settings=settings)


def resumes(scenario: Scenario, *, ordered: bool = True, race: bool = False) -> Run:
    """The run, after asserting that it ends the same from each of its checkpoints, and without any."""
    run = start(scenario)
    _, wrong, _ = check(scenario, ordered=ordered, race=race)
    bare = start(scenario, durable=False).outcome(ordered)
    if not race and bare != run.outcome(ordered):
        wrong.append(f"not durable: {bare}\nwant {run.outcome(ordered)}")
    assert not wrong, "\n".join(wrong[:3])
    return run


def said(run: Run, sender: str = "", receiver: str = "") -> list[str]:
    """What was said, oldest first; by one agent, and to one, where they are given."""
    rows = [run.runtime.state.message(id) for id in sorted(run.runtime.state.messages)]
    return [row.text for row in rows if sender in ("", row.sender) and (not receiver or receiver in row.receivers)]


def prompts(run: Run, playbook: str = "Main") -> list[str]:
    """All of each prompt by which the model was asked for a playbook."""
    return [
        "\n\n".join(message["content"] for message in request.prompt)
        for request in run.model.requests
        if request.playbook == playbook
    ]


def told(run: Run, playbook: str = "Main") -> str:
    """What the last prompt for a playbook says beyond the system prompt."""
    request = [request for request in run.model.requests if request.playbook == playbook][-1]
    return "\n\n".join(message["content"] for message in request.prompt[1:])


def outputs(run: Run) -> list[str]:
    """Lines for Output."""
    return [notice.text for notice in run.notices if isinstance(notice, Output)]


def variables(run: Run, agent: str = "1000") -> dict[str, object]:
    """An agent's variables at the end."""
    held = run.runtime.state.variables.get(agent, {})
    return {name: run.runtime.values.decode(data) for name, data in sorted(held.items())}
