"""`Program` → numbered text, which reads as the same program.

Apart from the parser because it is its inverse and nothing else. `parse(compile(p))` equals `p` but for where things
stood.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from playbooks.language.keyvalues import nested, write_entries
from playbooks.language.metadata import reads_as_metadata
from playbooks.language.model import AgentClass, Playbook, Program, PythonBlock
from playbooks.language.problems import Problems
from playbooks.language.python_blocks import read_python
from playbooks.language.signature import write_signature

_JSON_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "dict": "object",
    "None": "null",
}
_BACKTICKS = re.compile("`+")


def compile_program(program: Program) -> str:
    """Write a program as compiled text.

    Args:
        program: As `parse_program` read it.

    Returns:
        One text for all its files, imports included: frontmatter, then each agent with its metadata block, its Python
        blocks, its playbooks with numbered triggers and steps, and `public.json` when some are public.
    """
    parts: list[str] = []
    if program.metadata:
        parts.append("\n".join(["---", *write_entries(program.metadata), "---"]))
    parts += ["\n\n".join(_agent(agent)) for agent in program.agents]
    return "\n\n".join(parts) + "\n" if parts else ""


def _agent(agent: AgentClass) -> Iterator[str]:
    """The agent's parts in order. A Python block stands before the first playbook that came after those it defines."""
    kind = "" if agent.kind == "AI" else f":{agent.kind}"
    yield "\n".join([f"# {agent.name}{kind}", *_head(agent.metadata, agent.description)])
    blocks = [(block, _defined(block)) for block in agent.python]
    for playbook in agent.playbooks:
        if playbook.mode != "python":
            yield "\n".join(_playbook(playbook))
            continue
        while blocks and any(playbook.name in names for _, names in blocks):
            block, _ = blocks.pop(0)
            yield _fence("python", block.source)
    for block, _ in blocks:
        yield _fence("python", block.source)
    if any(playbook.public for playbook in agent.playbooks):
        yield _fence("public.json", _listing(agent))


def _defined(block: PythonBlock) -> frozenset[str]:
    return frozenset(playbook.name for playbook in read_python(block, Problems()))


def _head(metadata: Mapping[str, str], description: str) -> list[str]:
    """The metadata block and the description; an empty block before a description that could be taken for one."""
    lines: list[str] = []
    if metadata or reads_as_metadata(description):
        lines += ["metadata:", *(f"  {line}" for line in nested(metadata)), "---"]
    return [*lines, description] if description else lines


def _playbook(playbook: Playbook) -> Iterator[str]:
    yield f"## {write_signature(playbook.name, playbook.parameters, playbook.returns)}"
    yield from _head(playbook.metadata, playbook.description)
    if playbook.triggers:
        yield "### Triggers"
        for trigger in playbook.triggers:
            yield _item(f"{trigger.number}:{trigger.kind}", trigger.text, "")
    if playbook.steps:
        yield "### Steps"
        for step in playbook.walk():
            yield _item(f"{step.number}:{step.code}", step.text, "  " * step.number.count("."))
    if playbook.notes:
        yield f"### Notes\n{playbook.notes}"


def _item(label: str, text: str, indent: str) -> str:
    first, *rest = text.split("\n")
    lines = [f"{indent}- {label} {first}".rstrip(), *(f"{indent}  {line}".rstrip() for line in rest)]
    return "\n".join(lines)


def _fence(info: str, code: str) -> str:
    """A fence longer than any run of backticks in the code."""
    mark = "`" * max(3, 1 + max((len(run) for run in _BACKTICKS.findall(code)), default=0))
    return f"{mark}{info}\n{code}\n{mark}"


def _listing(agent: AgentClass) -> str:
    """What other agents may call, as a JSON schema would say it."""
    listed = [_described(playbook) for playbook in agent.playbooks if playbook.public]
    return json.dumps(listed, indent=2, ensure_ascii=False)


def _described(playbook: Playbook) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": playbook.name,
        "description": playbook.description.split("\n", 1)[0],
        "parameters": {
            "type": "object",
            "properties": {
                parameter.name: _schema(parameter.annotation)
                for parameter in playbook.parameters
                if not parameter.name.startswith("*")
            },
            "required": [
                parameter.name
                for parameter in playbook.parameters
                if parameter.default is None and not parameter.name.startswith("*")
            ],
        },
    }
    if playbook.triggers:
        described["triggers"] = [f"{t.number}:{t.kind} {t.text}" for t in playbook.triggers]
    return described


def _schema(annotation: str) -> dict[str, str]:
    """The JSON type of a plain annotation; nothing for one that has no single type."""
    try:
        node = ast.parse(annotation, mode="eval").body if annotation else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    if isinstance(node, ast.Subscript):
        node = node.value
    name = node.id if isinstance(node, ast.Name) else ""
    known = _JSON_TYPES.get(name) or _JSON_TYPES.get(name.lower())
    return {"type": known} if known else {}
