"""Whether two programs are the same one: what compiling and reading again must keep."""

from __future__ import annotations

from msgspec.structs import replace

from playbooks.language.model import Program, PythonBlock, Step


def same_program(a: Program, b: Program) -> bool:
    """Whether two programs are equal but for where they stand: files, paths and line numbers do not count.

    All else does: agents and playbooks and their order, every text, number, code, trigger, parameter and metadata line.
    """
    return _placeless(a) == _placeless(b)


def _placeless(program: Program) -> Program:
    agents = tuple(
        replace(
            agent,
            file="",
            line=0,
            metadata=dict(agent.metadata),
            python=tuple(PythonBlock(block.source, "", 0) for block in agent.python),
            playbooks=tuple(
                replace(
                    playbook,
                    file="",
                    line=0,
                    metadata=dict(playbook.metadata),
                    triggers=tuple(replace(trigger, line=0) for trigger in playbook.triggers),
                    steps=tuple(_placeless_step(step) for step in playbook.steps),
                )
                for playbook in agent.playbooks
            ),
        )
        for agent in program.agents
    )
    return Program(agents, (), (), dict(program.metadata))


def _placeless_step(step: Step) -> Step:
    return replace(step, file="", line=0, children=tuple(_placeless_step(child) for child in step.children))
