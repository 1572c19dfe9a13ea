"""A breakpoint as data, and the one text form it is given, kept and shown in.

Apart from finding out when one is hit, which the live run and the record do on their own ways. Reading what `str`
gives for a breakpoint gives that breakpoint again.

    WHERE [of AGENT] [if CONDITION] [hit N] [off] [log TEXT]

WHERE is a step (`Main:02`), an agent (`Seller`, `1001`), a playbook (`playbook Haggle`), `line Haggle:12`,
`code /regex/`, `say /regex/`, `from Seller`, `to Buyer`, `call NAME`, `tool NAME`, `error`, or an expression, which
stops when it becomes true (`$price < 80`).
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from playbooks.errors import UserError
from playbooks.language.model import Program
from playbooks.runtime.expression import Expression, parse_expression

Kind = Literal[
    "step", "agent", "playbook", "line", "code", "say", "from", "to", "call", "tool", "error", "when"
]  # fmt: skip
BEGINS: Final = frozenset({"playbook", "line", "code", "call", "tool"})
"""Kinds that stop before something begins; the others stop after a checkpoint."""
HELP: Final = "such as Main:02, Seller, call Haggle, say /deal/, error, $price < 80"
_STEP: Final = re.compile(r"[^\W\d]\w*:\d+(?:\.\d+)*(?::[A-Z]{3})?")
_LINE: Final = re.compile(r"(?P<name>\S+):(?P<line>[1-9]\d{0,6})")
_NAMED: Final = ("agent", "playbook", "call", "tool", "from", "to", "step", "line")
_WORD: Final = re.compile(r"[^\W\d]\w*|\d{4,}")
_MODIFIER: Final = re.compile(r"\s+(of|if|hit|off|log)(?=\s|$)")
_OPERATOR: Final = re.compile(
    r"(?:\b(?:and|or|not|in|is)|[-+*%<>=!(\[{,:.])$|^(?:agent|playbook|call|tool|from|to|step|line|when)$"
)
"""What an operand must follow."""


class Breakpoint(msgspec.Struct, frozen=True):
    """Where to stop, or what to note in passing."""

    kind: Kind
    what: str = ""
    """By kind: label of a step, name or id of an agent, name of a playbook or tool, pattern, text of the expression."""
    line: int = 0
    """Of kind `line`: in the responses of the playbook `what`, from 1."""
    agent: str = ""
    """Only there: a class or an id; empty for any."""
    condition: str = ""
    """An expression that must hold, over the variables of the agent that is hit."""
    hit: int = 1
    """From which hit on it stops."""
    log: str | None = None
    """Do not stop; note this, with `{expression}`s filled in."""
    enabled: bool = True

    def __post_init__(self) -> None:
        if self.kind in ("say", "code"):
            _pattern(self.what)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Of the kinds `say` and `code`."""
        return _pattern(self.what)

    @property
    def where(self) -> str:
        """The first part of its text."""
        if self.kind in ("say", "code"):
            return f"{self.kind} /{_slashed(self.what)}/"
        if self.kind == "error":
            return "error"
        if self.kind == "line":
            return f"line {self.what}:{self.line}"
        if self.kind == "when":
            return f"when {self.what}" if _is_other(self.what) else self.what
        if self.kind == "step":
            return self.what if _STEP.fullmatch(self.what) else f"step {self.what}"
        if self.kind == "agent":
            return self.what if _WORD.fullmatch(self.what) and self.what not in _RESERVED else f"agent {self.what}"
        return f"{self.kind} {self.what}"

    def __str__(self) -> str:
        parts = [self.where]
        if self.agent:
            parts.append(f"of {self.agent}")
        if self.condition:
            parts.append(f"if {self.condition}")
        if self.hit != 1:
            parts.append(f"hit {self.hit}")
        if not self.enabled:
            parts.append("off")
        if self.log is not None:
            parts.append(f"log {self.log}".rstrip())
        return " ".join(parts)


_RESERVED: Final = frozenset({*_NAMED, "error", "when", "say", "code", "of", "if", "hit", "off", "log"})


def parse_breakpoint(text: str, program: Program | None = None) -> Breakpoint:
    """Reads a breakpoint.

    Args:
        text: Its text form.
        program: What runs, to tell a playbook from an agent and to refuse what it has not; None refuses no name.

    Raises:
        UserError: It is none, or names what the program has not; one line.
    """
    text = " ".join(text.split("\n")).strip()
    if not text:
        raise UserError("a breakpoint is missing", HELP)
    try:
        where, rest = _split(text)
        found = _modified(_where(where), rest)
    except UserError as error:
        if type(error) is UserError:
            raise
        raise UserError(f"breakpoint {text!r}: {error.what}", error.fix) from None
    return _resolved(found, program) if program is not None else found


# -- reading -----------------------------------------------------------------------------------------------------------


def _split(text: str) -> tuple[str, str]:
    """The first part, and the modifiers."""
    if match := re.match(r"(say|code)\s*/", text):
        end = _slash(text, match.end())
        return text[: end + 1], text[end + 1 :]
    place = _next(text, 0)
    return text[:place], text[place:]


def _slash(text: str, start: int) -> int:
    place = start
    while place < len(text):
        if text[place] == "/":
            return place
        place += 2 if text[place] == "\\" else 1
    raise UserError(f"{text!r}: the / that ends the pattern is missing", "such as say /deal/")


def _next(text: str, start: int) -> int:
    """Where the next modifier begins: not in a string or brackets, not where an operand must stand."""
    place, depth = start, 0
    while place < len(text):
        char = text[place]
        if char in "\"'":
            place = _closing(text, place)
            continue
        depth += (char in "([{") - (char in ")]}")
        if char.isspace() and depth <= 0 and _MODIFIER.match(text, place):
            before = text[:place].rstrip()
            if before and not _OPERATOR.search(before):
                return place
        place += 1
    return len(text)


def _closing(text: str, place: int) -> int:
    quote = text[place : place + 3] if text[place : place + 3] in ('"""', "'''") else text[place]
    place += len(quote)
    while place < len(text) and not text.startswith(quote, place):
        place += 2 if text[place] == "\\" else 1
    return place + len(quote)


def _where(text: str) -> Breakpoint:
    text = text.strip()
    word, _, rest = text.partition(" ")
    rest = rest.strip()
    if match := re.fullmatch(r"(say|code)\s*/(.*)/", text, re.DOTALL):
        return Breakpoint("say" if match[1] == "say" else "code", _unslashed(match[2]))
    if text in ("say", "code"):
        raise UserError(f"{text} needs a pattern", f"{text} /deal/")
    if word in ("say", "code") and rest[:1].isalnum():
        raise UserError(f"{text!r}: a pattern stands between slashes", f"{word} /{rest}/")
    if text in ("error", "errors"):
        return Breakpoint("error")
    if text in _NAMED or text == "when":
        raise UserError(f"{text} needs a name" if text != "when" else "when needs an expression", HELP)
    if word == "line" and rest:
        if (match := _LINE.fullmatch(rest)) is None:
            raise UserError(f"{text!r} is no line of a response", f"such as line {rest.partition(':')[0]}:12")
        return Breakpoint("line", match["name"], int(match["line"]))
    if word == "step" and rest:
        return Breakpoint("step", rest)
    for kind in ("agent", "playbook", "call", "tool", "from", "to"):
        if word == kind and rest and not _begins_operator(rest):
            return Breakpoint(kind, rest)
    if _STEP.fullmatch(text):
        return Breakpoint("step", text)
    if _WORD.fullmatch(text):
        return Breakpoint("agent", text)
    return Breakpoint("when", parse_expression(rest if word == "when" and rest else text).text)


def _begins_operator(text: str) -> bool:
    return re.match(r"(?:[-+*/%<>=!]|(?:and|or|in|is|not)\b)", text) is not None


def _is_other(text: str) -> bool:
    """Whether an expression on its own would be read as something else."""
    try:
        where, rest = _split(text)
        return bool(rest.strip()) or _where(where).kind != "when" or text.partition(" ")[0] == "when"
    except UserError:
        return True


def _modified(found: Breakpoint, rest: str) -> Breakpoint:
    while rest.strip():
        match = _MODIFIER.match(" " + rest.lstrip())
        if match is None:
            raise UserError(f"{rest.strip()!r} is not understood", "after WHERE come: of, if, hit, off, log")
        name, body = match[1], rest.lstrip()[len(match[1]) :]
        if name == "log":
            return replace(found, log=_template(body.strip()))
        if name == "off":
            found, rest = replace(found, enabled=False), body
            continue
        if name == "of":
            agent, _, rest = body.strip().partition(" ")
            if not agent:
                raise UserError("of needs an agent", "such as of Seller")
            found = replace(found, agent=agent)
            continue
        end = _next(body, _operand(body))
        value, rest = body[:end].strip(), body[end:]
        if name == "if":
            found = replace(found, condition=parse_expression(value).text)
        else:
            if not re.fullmatch("0{0,9}[1-9][0-9]{0,8}", value):
                raise UserError("hit needs a number from 1 on", "such as hit 3: stops from the third on")
            found = replace(found, hit=int(value))
    return found


def _operand(body: str) -> int:
    """Past the space and the first character of what a modifier is about, so that it is not taken for the next one."""
    stripped = body.lstrip()
    if re.match(r"(?:of|if|hit|off|log)(?=\s|$)", stripped):
        return 0
    return len(body) - len(stripped)


@lru_cache(256)
def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise UserError(f"/{text}/ is no regular expression: {error}") from None


def _slashed(pattern: str) -> str:
    """A pattern so that no `/` ends it early."""
    return re.sub(r"\\.|/", lambda found: "\\/" if found[0] == "/" else found[0], pattern, flags=re.DOTALL)


def _unslashed(text: str) -> str:
    return re.sub(r"\\.", lambda found: "/" if found[0] == "\\/" else found[0], text, flags=re.DOTALL)


# -- what is noted -----------------------------------------------------------------------------------------------------


def _template(text: str) -> str:
    template_parts(text)
    return text


def template_parts(text: str) -> list[str | Expression]:
    """A log text as its plain pieces and its expressions; `{{` and `}}` are braces.

    Raises:
        UserError: A brace has no partner, or between two stands no expression.
    """
    parts: list[str | Expression] = []
    place = 0
    for match in re.finditer(r"\{\{|\}\}|\{([^{}]*)\}|[{}]", text):
        parts.append(text[place : match.start()])
        place = match.end()
        if match[0] in ("{{", "}}"):
            parts.append(match[0][0])
        elif match[1] is None:
            raise UserError(f"log {text!r}: {match[0]} has no partner", "write it twice to mean the brace itself")
        else:
            parts.append(parse_expression(match[1]))
    parts.append(text[place:])
    return [part for part in parts if part != ""]


# -- against a program -------------------------------------------------------------------------------------------------


def _resolved(found: Breakpoint, program: Program) -> Breakpoint:
    agents = [agent.name for agent in program.agents]
    playbooks = list(dict.fromkeys(playbook.name for agent in program.agents for playbook in agent.playbooks))
    tools = list(
        dict.fromkeys(p.name for agent in program.agents for p in agent.playbooks if p.mode == "python")
    )  # fmt: skip
    if found.agent:
        _known(found.agent, agents, "agent")
    if found.kind == "agent" and not _is_agent(found.what, agents):
        if found.what in playbooks:
            return replace(found, kind="playbook")
        _known(found.what, [*agents, *playbooks], "agent or playbook")
    elif found.kind in ("from", "to"):
        _known(found.what, agents, "agent")
    elif found.kind in ("playbook", "line"):
        _known(found.what, playbooks, "playbook")
    elif found.kind == "tool":
        _known(found.what, [*tools, "Loadfile"], "tool")
    elif found.kind == "step":
        _known_step(found.what, program)
    return found


def _is_agent(name: str, agents: list[str]) -> bool:
    return name in agents or name.isdigit() or name in ("human", "user", "you")


def _known(name: str, names: list[str], what: str) -> None:
    if name in names or ("agent" in what and _is_agent(name, [])):
        return
    close = difflib.get_close_matches(name, names, n=1)
    fix = f"did you mean {close[0]}?" if close else f"there are: {', '.join(names) or 'none'}"
    raise UserError(f"there is no {what} {name}", fix)


def _known_step(label: str, program: Program) -> None:
    name, _, _ = label.partition(":")
    steps = [step for agent in program.agents for p in agent.playbooks if p.name == name for step in p.walk()]
    if not any(same_step(step.label, label) for step in steps):
        known = sorted({playbook.name for agent in program.agents for playbook in agent.playbooks})
        there = ", ".join(f"{step.playbook}:{step.number}" for step in steps[:8])
        raise UserError(
            f"there is no step {label}",
            f"{name} has {there}" if steps else f"{name} has no steps" if name in known else
            f"there is no playbook {name}; there are: {', '.join(known)}",
        )  # fmt: skip


def same_step(label: str, wanted: str) -> bool:
    """Whether a step that was reached, `Main:02:CND`, is the one named, `Main:02` or `Main:02:CND`; as written `Main:2`
    too.
    """
    return label == wanted or _numbered(label) == _numbered(wanted)


def _numbered(label: str) -> tuple[str, tuple[str, ...]]:
    name, number, *_ = (*label.split(":"), "")
    return name, tuple(part.lstrip("0") for part in number.split("."))
