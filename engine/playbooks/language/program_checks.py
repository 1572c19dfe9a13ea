"""Mistakes that only a whole program shows: who is missing, who is there twice, whom a playbook requires.

Apart from the parser because no single line is wrong: every file was read before any of this can be told.
"""

from __future__ import annotations

from collections.abc import Sequence

from playbooks.language.keyvalues import shorten
from playbooks.language.model import AgentClass, SourceFile
from playbooks.language.problems import Problems


def check_program(agents: Sequence[AgentClass], sources: Sequence[SourceFile], problems: Problems) -> None:
    """Adds to `problems` what the agents of a program, each without a mistake, lack together."""
    if not any(agent.kind == "AI" for agent in agents):
        file = sources[0].path if sources else ""
        what = "the program has no agent that a model plays" if agents else "the program is empty"
        problems.add(what, "begin an agent with a heading `# Name`", file=file)
    humans = [agent for agent in agents if agent.kind == "Human"]
    for human in humans[1:]:
        problems.add(
            f"{human.name} is a second human; {humans[0].name} is the person at the keyboard",
            "remove one of them",
            file=human.file,
            line=human.line,
        )
    for human in humans:
        if human.playbooks:
            problems.add(
                f"{human.name} is a human and has playbooks", "move them to an agent", file=human.file, line=human.line
            )
    known = {agent.name for agent in agents} | {"human", "user"}
    for agent in agents:
        for playbook in agent.playbooks:
            for who in playbook.required_attendees:
                if who not in known:
                    problems.add(
                        f"{playbook.name} requires {shorten(who)}, who is no agent of this program",
                        f"name one of {', '.join(sorted(known - {agent.name}))}",
                        file=playbook.file,
                        line=playbook.line,
                    )
