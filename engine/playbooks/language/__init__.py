"""The language: `.pb` text → an immutable `Program`, offline and deterministic.

Apart because a program can be read, checked, compiled and shown without a model, a runtime or a screen.
"""

from playbooks.language.compiler import compile_program
from playbooks.language.dollar import mark, unmark
from playbooks.language.load import load_program
from playbooks.language.model import (
    AgentClass,
    Parameter,
    Playbook,
    Program,
    PythonBlock,
    SourceFile,
    Step,
    Trigger,
)
from playbooks.language.names import RESERVED_NAMES
from playbooks.language.parser import parse_program
from playbooks.language.placeholders import ExpressionPart, TextPart, split_description

__all__ = [
    "RESERVED_NAMES",
    "AgentClass",
    "ExpressionPart",
    "Parameter",
    "Playbook",
    "Program",
    "PythonBlock",
    "SourceFile",
    "Step",
    "TextPart",
    "Trigger",
    "compile_program",
    "load_program",
    "mark",
    "parse_program",
    "split_description",
    "unmark",
]
