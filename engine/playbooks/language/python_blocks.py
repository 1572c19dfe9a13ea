"""```` ```python ```` blocks: checked as Python, their `@playbook` functions found, nothing run.

Apart because it is the only reader here that works on a syntax tree. A program is read without importing or calling
anything it names, so a decorator's arguments must be literals.
"""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from collections.abc import Sequence

from playbooks.language.dollar import mark, unmark
from playbooks.language.items import number_triggers, read_trigger_text
from playbooks.language.keyvalues import shorten
from playbooks.language.lines import Line, without_indent
from playbooks.language.metadata import Metadata, check_metadata, flag
from playbooks.language.model import Parameter, Playbook, PythonBlock
from playbooks.language.problems import Problems
from playbooks.language.signature import misplaced_dollar

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_block(opening: Line, code: Sequence[Line]) -> PythonBlock:
    """A fence as a block, without the indentation of the fence.

    Args:
        opening: The line that opens the fence.
        code: The lines inside it; an import may have brought some from other files.
    """
    first = code[0] if code else opening
    runs: list[tuple[int, str, int]] = []
    file, expected = first.file, first.number
    for place, line in enumerate(code, 1):
        if (line.file, line.number) != (file, expected):
            runs.append((place, line.file, line.number))
        file, expected = line.file, line.number + 1
    return PythonBlock("\n".join(without_indent(code, opening)), first.file, first.number, tuple(runs))


def read_python(block: PythonBlock, problems: Problems) -> tuple[Playbook, ...]:
    """Find the playbooks of a block.

    Args:
        block: The block, its source as written.
        problems: Where mistakes go.

    Returns:
        One playbook for each function decorated with `@playbook`, in order; none when the block is no Python.
    """
    reader = _Reader(block, problems)
    tree = reader.parse()
    return reader.playbooks(tree) if tree else ()


class _Reader:
    """One block while it is read."""

    def __init__(self, block: PythonBlock, problems: Problems) -> None:
        self._block, self._problems = block, problems

    def parse(self) -> ast.Module | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an invalid `\d` is the author's business, and must not tear a screen
                tree = ast.parse(mark(self._block.source))
                compile(tree, "<block>", "exec", dont_inherit=True)
        except SyntaxError as error:
            why = unmark(error.msg or "invalid syntax")
            outside = re.fullmatch(r"'(?:await|async \w+)' outside (?:async )?function", why)
            fix = "await it in an async @playbook" if outside else "correct this line"
            self._tell(f"the Python block has a syntax error: {why}", fix, error.lineno or 1)
            return None
        except (ValueError, RecursionError, MemoryError) as error:
            why = str(error) if isinstance(error, ValueError) else "it is nested too deep"
            self._tell(f"the Python block cannot be read: {why}", "simplify it", 1)
            return None
        for statement in tree.body if "$" in self._block.source else ():
            if why := misplaced_dollar(statement):
                self._tell(why, "only variables have a dollar", statement.lineno)
        return tree

    def playbooks(self, tree: ast.Module) -> tuple[Playbook, ...]:
        found = [
            self._playbook(node, decorator)
            for node in tree.body
            if isinstance(node, _Function) and (decorator := _decorator(node))
        ]
        top = {id(node) for node in tree.body}
        if "@playbook" in self._block.source:
            for node in ast.walk(tree):
                if isinstance(node, _Function) and id(node) not in top and _decorator(node):
                    self._tell(
                        f"{node.name} is marked @playbook inside other code",
                        "move it to the outermost level of the block",
                        node.lineno,
                    )
        return tuple(found)

    def _playbook(self, node: _Function, decorator: ast.expr) -> Playbook:
        metadata: Metadata = {}
        triggers: list[tuple[str, str, str, Line]] = []
        description = inspect.cleandoc(ast.get_docstring(node, clean=False) or "")
        arguments = decorator.keywords if isinstance(decorator, ast.Call) else []
        if isinstance(decorator, ast.Call) and decorator.args:
            self._tell("@playbook takes no bare argument", "name it, triggers=[…]", decorator.lineno)
        for argument in arguments:
            value = self._literal(argument)
            if argument.arg == "triggers":
                triggers = self._triggers(argument.value, value)
            elif argument.arg == "description":
                if isinstance(value, str):
                    description = inspect.cleandoc(value)
                else:
                    self._tell("description= is no text", 'write description="…"', argument.value.lineno)
            elif argument.arg == "metadata" and isinstance(value, dict):
                at = self._at(argument.value.lineno)
                metadata.update({str(key): (_text(item), at) for key, item in value.items()})
            elif argument.arg:
                metadata[argument.arg] = (_text(value), self._at(argument.value.lineno))
        if _generates(node):
            self._tell(f"{node.name} yields: a playbook gives one value", "return a list", node.lineno)
        if "execution_mode" in metadata:
            self._tell("execution_mode means nothing to a Python playbook", "remove it", node.lineno)
        check_metadata(metadata, of="playbook", problems=self._problems)
        place = self._at(node.lineno)
        return Playbook(
            name=node.name,
            parameters=_parameters(node.args),
            returns=_source(node.returns),
            description=description,
            mode="python",
            triggers=number_triggers(triggers, node.name, self._problems),
            public=flag(metadata, "public"),
            hidden=flag(metadata, "hidden"),
            meeting=flag(metadata, "meeting"),
            metadata={key: value for key, (value, _) in metadata.items()},
            is_async=isinstance(node, ast.AsyncFunctionDef),
            file=place.file,
            line=place.number,
        )

    def _literal(self, argument: ast.keyword) -> object:
        try:
            return ast.literal_eval(argument.value)
        except (ValueError, TypeError, RecursionError, MemoryError):
            name = argument.arg or "**"
            self._tell(f"@playbook({name}=…) is no plain value", "write a literal there", argument.value.lineno)
            return () if argument.arg == "triggers" else "" if argument.arg == "description" else None

    def _triggers(self, node: ast.expr, value: object) -> list[tuple[str, str, str, Line]]:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
            self._tell("triggers= is no list of texts", 'write triggers=["When …"]', node.lineno)
            return []
        nodes = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        found = []
        for text, at in zip(texts, nodes, strict=False):
            own, kind, said = read_trigger_text(text)
            found.append((said, own, kind, self._at(at.lineno)))
        return found

    def _at(self, line: int) -> Line:
        """The place of a line of the block, counted from 1."""
        return Line("", *self._block.place(min(max(line, 1), 1 + self._block.source.count("\n"))))

    def _tell(self, what: str, fix: str, line: int) -> None:
        at = self._at(line)
        self._problems.add(shorten(what, 200), fix, file=at.file, line=at.number)


def _decorator(node: _Function) -> ast.expr | None:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Name) and called.id == "playbook":
            return decorator
    return None


def _generates(node: _Function) -> bool:
    """Whether a function is a generator: a `yield` stands in it, not in one inside it."""
    pending: list[ast.AST] = [*node.body]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending += ast.iter_child_nodes(part)
    return False


def _parameters(arguments: ast.arguments) -> tuple[Parameter, ...]:
    """In the order of the call; `*rest` and `**options` bear their stars in the name."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    defaults += arguments.defaults
    found = [_parameter(argument, default) for argument, default in zip(plain, defaults, strict=True)]
    if arguments.vararg:
        found.append(_parameter(arguments.vararg, None, "*"))
    found += [
        _parameter(argument, default)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        found.append(_parameter(arguments.kwarg, None, "**"))
    return tuple(found)


def _parameter(argument: ast.arg, default: ast.expr | None, stars: str = "") -> Parameter:
    return Parameter(stars + argument.arg, _source(argument.annotation), _source(default) if default else None)


def _source(node: ast.expr | None) -> str:
    if node is None:
        return ""
    try:
        return unmark(ast.unparse(node))
    except RecursionError:
        return "…"


def _text(value: object) -> str:
    """A decorator's value as a metadata line would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(item) for item in value) + "]"
    return str(value)
