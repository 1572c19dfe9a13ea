"""`.pb` and `.pbasm` text → `Program`: headings cut it into agents, playbooks and sections, each read by its own part.

Apart from the parts because here only the shape of a program is decided. Pure: the one thing that reads files is an
argument. A mistake never stops the reading; all of them are raised at the end.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from playbooks.language.items import read_steps, read_triggers
from playbooks.language.keyvalues import plain, read_entries, shorten
from playbooks.language.lines import Line, Text, fence_info, read_texts
from playbooks.language.metadata import Metadata, attendees, check_metadata, flag, take_metadata
from playbooks.language.model import AgentClass, AgentKind, ExecutionMode, Playbook, Program, PythonBlock, SourceFile
from playbooks.language.names import identifier, refusal
from playbooks.language.placeholders import ExpressionPart, split_description
from playbooks.language.problems import Problems
from playbooks.language.program_checks import check_program
from playbooks.language.python_blocks import python_block, read_python
from playbooks.language.signature import read_signature

_HEADING = re.compile(r"(#{1,3})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*", re.S)
_NO_SPACE = re.compile(r"#{2,3}[^\s#]")
_INDENTED = re.compile(r" {1,3}#{2,3}[ \t]")
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,})[ \t]*")
_SECTIONS = {title: key for key in ("triggers", "steps", "notes") for title in (key, key[:-1])}
_KINDS: dict[str, AgentKind] = {"AI": "AI", "Human": "Human", "MCP": "MCP"}


class _Section(msgspec.Struct):
    """A heading and the lines up to the next of its kind."""

    level: int
    title: str
    line: Line
    body: list[Line] = msgspec.field(default_factory=list)


def parse_program(sources: Sequence[SourceFile], read: Callable[[str], str]) -> Program:
    """Read a program.

    Args:
        sources: The files given, in order, several as one program.
        read: The text of a path, asked for imported files only; may raise `UserError` or `OSError`.

    Returns:
        The program.

    Raises:
        UserError: When there is a mistake.
        UserErrors: When there are several: all of them, in reading order.
    """
    problems = Problems()
    texts, files = read_texts(sources, read, problems)
    parser = _Parser(problems)
    agents = tuple(agent for text in texts for agent in parser.agents(text))
    metadata: dict[str, object] = {}
    for text in texts:
        metadata = {**plain(read_entries(text.frontmatter, problems)), **metadata}
    if not len(problems):
        check_program(agents, sources, problems)
    problems.raise_if_any([file.path for file in files])
    return Program(agents, tuple(files), tuple(source.path for source in sources), metadata)


class _Parser:
    """Reads agents, and knows those read so far."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._agents: dict[str, AgentClass] = {}

    def agents(self, text: Text) -> list[AgentClass]:
        found: list[AgentClass] = []
        prelude, sections = self._sections(text.lines)
        for line in prelude:
            if line.text.strip() and not (line.kind == "text" and _RULE.fullmatch(line.text)):
                self._tell(line, "text before the first agent", "begin with a heading `# AgentName`")
                break
        place = 0
        while place < len(sections):
            section = sections[place]
            end = place + 1
            while end < len(sections) and sections[end].level == 2:
                end += 1
            if section.level == 2:
                for orphan in sections[place:end]:
                    self._tell(
                        orphan.line,
                        f"the playbook {shorten(orphan.title)} stands outside an agent",
                        "write `# AgentName` above it",
                    )
            elif agent := self._agent(section, sections[place + 1 : end]):
                found.append(agent)
            place = end
        return found

    def _sections(self, lines: Sequence[Line]) -> tuple[list[Line], list[_Section]]:
        """Cut at `#` and `##`."""
        prelude: list[Line] = []
        sections: list[_Section] = []
        body = prelude
        for line in lines:
            if line.kind == "text" and line.text.startswith("#"):
                heading = _HEADING.fullmatch(line.text)
                if heading and len(heading[1]) < 3:
                    sections.append(_Section(len(heading[1]), heading[2].strip(), line))
                    body = sections[-1].body
                    continue
                if not heading and _NO_SPACE.match(line.text):
                    self._tell(line, f"{shorten(line.text)} has no space after the #", "write `## Name`")
            body.append(line)
        return prelude, sections

    def _agent(self, section: _Section, below: Sequence[_Section]) -> AgentClass | None:
        title, kind = self._kind(section)
        name = self._name("an agent", title, section.line)
        body, blocks, listing = self._fences(section.body)
        metadata, description = take_metadata(body, self._problems)
        check_metadata(metadata, of="agent", problems=self._problems)
        self._headings(description, "an agent", "### belongs under a playbook's ## heading")
        playbooks: list[Playbook] = []
        python: list[PythonBlock] = []
        for block in blocks:
            python.append(block)
            playbooks += read_python(block, self._problems)
        for part in below:
            rest, blocks, more = self._fences(part.body)
            if playbook := self._playbook(part, rest):
                playbooks.append(playbook)
            for block in blocks:
                python.append(block)
                playbooks += read_python(block, self._problems)
            listing += more
        if metadata.get("remote.type", ("",))[0] == "mcp":
            kind = "MCP"
        agent = AgentClass(
            name=name,
            kind=kind,
            description=_prose(description),
            standby=metadata.get("startup_mode", ("",))[0] == "standby",
            playbooks=self._listed(self._once(playbooks), listing, name),
            python=tuple(python),
            metadata=_written(metadata),
            file=section.line.file,
            line=section.line.number,
        )
        return agent if name and self._new(agent, section.line) else None

    def _new(self, agent: AgentClass, line: Line) -> bool:
        """Whether this is the first of its name."""
        first = self._agents.setdefault(agent.name, agent)
        if first is agent:
            return True
        same = (first.file, first.line) == (agent.file, agent.line)
        where = "this file is read twice" if same else f"it stands at {first.file}:{first.line}"
        fix = "import the file once" if same else "rename one of them"
        self._tell(line, f"there is already an agent {agent.name}: {where}", fix)
        return False

    def _kind(self, section: _Section) -> tuple[str, AgentKind]:
        title, colon, kind = section.title.rpartition(":")
        if not colon:
            return section.title, "AI"
        kind = kind.strip()
        if kind not in _KINDS:
            self._tell(section.line, f"{shorten(kind) or 'nothing'} is no kind of agent", "write :AI, :Human or :MCP")
        return title, _KINDS.get(kind, "AI")

    def _name(self, what: str, title: str, line: Line) -> str:
        """The name a title makes; empty, and told, when it makes none."""
        name = identifier(title)
        if not title.strip():
            self._tell(line, f"{what} has no name", "write it after the #")
        elif not name:
            self._tell(line, f"{shorten(title)} cannot be the name of {what}", "begin with a letter")
        elif why := refusal(name):
            self._tell(line, f"{what} cannot be called {name}: {why}", "choose another name")
        return name

    def _fences(self, body: Sequence[Line]) -> tuple[list[Line], list[PythonBlock], list[tuple[Line, str]]]:
        """Take Python and `public.json` fences out of a body; others are part of the text around them."""
        rest: list[Line] = []
        blocks: list[PythonBlock] = []
        listing: list[tuple[Line, str]] = []
        place = 0
        while place < len(body):
            opening = body[place]
            info = fence_info(opening.text) if opening.kind == "open" else ""
            if info not in ("python", "public.json"):
                rest.append(opening)
                place += 1
                continue
            end = place + 1
            while body[end].kind != "close":
                end += 1
            code = list(body[place + 1 : end])
            if info == "python":
                blocks.append(python_block(opening, code))
            else:
                listing.append((opening, "\n".join(line.text for line in code)))
            place = end + 1
            if rest and place < len(body) and not rest[-1].text.strip() and not body[place].text.strip():
                place += 1  # one blank line where the fence was, not two
        return rest, blocks, listing

    def _playbook(self, section: _Section, body: Sequence[Line]) -> Playbook | None:
        line = section.line
        signature = read_signature(section.title, lambda what, fix: self._tell(line, what, fix))
        name = self._name("a playbook", signature.title, line)
        parts = self._parts(body)
        metadata, prose = take_metadata(parts.get("", _Section(3, "", line)).body, self._problems)
        check_metadata(metadata, of="playbook", problems=self._problems)
        self._headings(prose, "a playbook", "put the # at the beginning of the line")
        description = _prose(prose)
        steps = read_steps(parts["steps"].body, name, self._problems) if "steps" in parts else ()
        triggers = read_triggers(parts["triggers"].body, name, self._problems) if "triggers" in parts else ()
        self._placeholders(description, prose)
        self._sense(metadata, parts)
        if not name:
            return None
        return Playbook(
            name=name,
            parameters=signature.parameters,
            returns=signature.returns,
            description=description,
            mode=_mode(metadata, bool(steps)),
            triggers=triggers,
            steps=steps,
            notes=_prose(parts["notes"].body) if "notes" in parts else "",
            public=flag(metadata, "public"),
            hidden=flag(metadata, "hidden"),
            meeting=flag(metadata, "meeting"),
            required_attendees=tuple(identifier(who) or who for who in attendees(metadata)),
            metadata=_written(metadata),
            file=line.file,
            line=line.number,
        )

    def _parts(self, body: Sequence[Line]) -> dict[str, _Section]:
        """Cut a playbook at `### Triggers`, `### Steps` and `### Notes`; what stands before them is under no key."""
        parts: dict[str, _Section] = {}
        current = _Section(3, "", body[0] if body else Line("", "", 0))
        parts[""] = current
        for line in body:
            heading = _HEADING.fullmatch(line.text) if line.kind == "text" and line.text.startswith("###") else None
            if not heading:
                current.body.append(line)
                continue
            title = heading[2].strip()
            key = _SECTIONS.get(title.lower().rstrip(":"), "")
            close = difflib.get_close_matches(title.lower(), _SECTIONS, 1, 0.75)
            if key and key in parts:
                first = parts[key].line.number
                self._tell(line, f"there are two sections {title}", f"join it with that on line {first}")
            elif key:
                current = parts[key] = _Section(3, title, line)
            elif close or len(parts) > 1:
                fix = (
                    f"did you mean {_SECTIONS[close[0]].title()}?"
                    if close
                    else "a playbook has Triggers, Steps and Notes"
                )
                self._tell(line, f"unknown section {shorten(title)}", fix)
                current = _Section(3, title, line)
            else:
                current.body.append(line)
        return parts

    def _sense(self, metadata: Metadata, parts: dict[str, _Section]) -> None:
        """Tell of parts that contradict one another, and of sections with nothing in them."""
        for key in ("steps", "triggers"):
            if key in parts and not any(line.text.strip() for line in parts[key].body):
                self._tell(parts[key].line, f"the section {parts[key].title} is empty", "write a list, `- …`")
        mode, at = metadata.get("execution_mode", ("", parts[""].line))
        if mode == "raw" and "steps" in parts:
            self._tell(at, "a raw playbook has no steps", "remove `### Steps`, or `execution_mode: raw`")
        if "required_attendees" in metadata and not flag(metadata, "meeting"):
            at = metadata["required_attendees"][1]
            self._tell(at, "required_attendees without a meeting", "add the line `meeting: true`")

    def _placeholders(self, description: str, prose: Sequence[Line]) -> None:
        said = _trimmed(prose)
        for part in split_description(description):
            if isinstance(part, ExpressionPart) and part.error:
                self._tell(
                    said[min(part.line, len(said) - 1)],
                    f"{{{shorten(part.source)}}} is no Python: {part.error}",
                    "correct it, or write {{ and }} for braces that are text",
                )

    def _headings(self, lines: Sequence[Line], where: str, fix: str) -> None:
        """Tell of headings in a description that people meant as sections."""
        for line in lines:
            if line.kind != "text":
                continue
            if _INDENTED.match(line.text):
                self._tell(line, f"this heading is indented: {shorten(line.text)}", "begin the line with the #")
                continue
            heading = _HEADING.fullmatch(line.text) if line.text.startswith("###") else None
            if heading and heading[2].strip().lower() in _SECTIONS:
                self._tell(line, f"{heading[2].strip()} cannot stand right under {where}", fix)

    def _once(self, playbooks: Sequence[Playbook]) -> list[Playbook]:
        """The playbooks, each name once."""
        first: dict[str, Playbook] = {}
        for playbook in playbooks:
            before = first.setdefault(playbook.name, playbook)
            why = refusal(playbook.name) if playbook.mode == "python" else ""
            at = Line("", playbook.file, playbook.line)
            if before is not playbook:
                self._tell(
                    at,
                    f"there is already a playbook {playbook.name}, at {before.file}:{before.line}",
                    "rename one of them",
                )
            elif why:
                self._tell(at, f"a playbook cannot be called {playbook.name}: {why}", "choose another name")
        return list(first.values())

    def _listed(
        self, playbooks: Sequence[Playbook], listing: Sequence[tuple[Line, str]], agent: str
    ) -> tuple[Playbook, ...]:
        """Make public what the agent's `public.json` lists."""
        names: set[str] = set()
        for opening, text in listing:
            try:
                listed = json.loads(text) if text.strip() else []
                names |= {str(entry["name"]) for entry in listed}
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                why = error.msg if isinstance(error, json.JSONDecodeError) else "it is no list of objects with a name"
                self._tell(opening, f"public.json cannot be read: {why}", "correct it, or remove the fence")
        for name in sorted(names - {playbook.name for playbook in playbooks}):
            self._tell(
                listing[0][0], f"public.json lists {shorten(name)}, no playbook of {agent}", "remove it from the list"
            )
        return tuple(replace(playbook, public=playbook.public or playbook.name in names) for playbook in playbooks)

    def _tell(self, line: Line, what: str, fix: str) -> None:
        self._problems.add(what, fix, file=line.file, line=line.number)


def _mode(metadata: Metadata, has_steps: bool) -> ExecutionMode:
    """As it says, else by whether there are steps: a playbook without any is reasoned out from its description."""
    written = metadata.get("execution_mode", ("",))[0]
    if written == "raw":
        return "raw"
    if written == "react":
        return "react"
    return "playbook" if has_steps or written == "playbook" else "react"


def _written(metadata: Metadata) -> dict[str, str]:
    return {key: value for key, (value, _) in metadata.items()}


def _trimmed(lines: Sequence[Line]) -> Sequence[Line]:
    """Without blank lines at the ends, and without a rule `---` at the bottom: it only sets off the next heading."""
    start, end = 0, len(lines)
    while end > start and (
        not lines[end - 1].text.strip() or (lines[end - 1].kind == "text" and _RULE.fullmatch(lines[end - 1].text))
    ):
        end -= 1
    while start < end and not lines[start].text.strip():
        start += 1
    return lines[start:end]


def _prose(lines: Sequence[Line]) -> str:
    return "\n".join(line.text.rstrip() for line in _trimmed(lines))
