"""What stands under a heading: metadata lines told from the description, and the keys that mean something.

Apart because the line between the two is a set of rules people should be able to read:

- `key: value` lines right under the heading are metadata, up to the first line that is none. A key is lower case; a
  value that ends like a sentence (`remember: never tell.`) is no metadata, so that no instruction falls out of a
  prompt. `public` alone on its line there means `public: true`.
- A `metadata:` or `remote:` line with lines indented under it is metadata anywhere in the description.
- So is a line with one of the keys below and a value that the key allows, `public: true`; a key that no prose has,
  `startup_mode`, is one with any single word, so that a wrong one is told.
- A `metadata:` block ended by a line `---`, as compiled text has it, is all there is: what follows is description.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from playbooks.language.keyvalues import Entry, flat, key_value, read_entries, read_list, shorten
from playbooks.language.lines import Line
from playbooks.language.problems import Problems

Metadata = dict[str, tuple[str, Line]]
"""Key → value as written, and where."""

_LINE = re.compile(r"[a-z_][a-z0-9_-]*:(?:[ \t].*)?", re.S)
_RULE = re.compile(r"-{3,}[ \t]*")
_NESTED = re.compile(r"[ \t]+\S")
_SENTENCE_ENDS = (".", "!", "?", ":", "…")
_FLAGS = ("public", "hidden", "export", "meeting", "cli_entry")
_CHOICES = {
    **dict.fromkeys(_FLAGS, ("true", "false")),
    "startup_mode": ("default", "standby"),
    "execution_mode": ("playbook", "react", "raw"),
}
_BLOCKS = ("metadata", "remote")
_OF_AGENTS = frozenset(["public", "hidden", "export", "startup_mode", "remote"])
_OF_PLAYBOOKS = frozenset([*_FLAGS, "execution_mode", "required_attendees"])
KNOWN = _OF_AGENTS | _OF_PLAYBOOKS


def take_metadata(lines: Sequence[Line], problems: Problems) -> tuple[Metadata, list[Line]]:
    """Tell the metadata under a heading from the description.

    Args:
        lines: What stands between the heading and its first section, code fences taken out.
        problems: Where mistakes go.

    Returns:
        The metadata, and the lines of the description.
    """
    metadata: Metadata = {}
    rest: list[Line] = []
    head = True
    i = 0

    def keep(entries: Sequence[Entry]) -> None:
        for key, (value, line) in flat(entries).items():
            if key in metadata:
                before = metadata[key][1].number
                _tell(problems, line, f"{key} is given twice, first on line {before}", "keep one of them")
            else:
                metadata[key] = (value, line)

    while i < len(lines):
        line = lines[i]
        text = line.text.rstrip()
        if not text:
            head = head and not metadata
            rest.append(line)
            i += 1
            continue
        end = _block_end(lines, i)
        pair = key_value(text) if line.kind == "text" and _LINE.fullmatch(text) else None
        if line.kind == "text" and head and text in _FLAGS:
            keep([Entry(text, "true", line)])
        elif pair is None:
            head = False
            rest.append(line)
            end = i + 1
        elif pair[0] == "metadata" and not pair[1] and (end > i + 1 or _rule_after(lines, end) >= 0):
            keep(read_entries(lines[i + 1 : end], problems))
            head = False
            if (rule := _rule_after(lines, end)) >= 0:
                return metadata, [*rest, *lines[rule + 1 :]]
        elif entries := _entries(pair, lines[i:end], problems, head=head):
            keep(entries)
        else:
            head = False
            rest.append(line)
            end = i + 1
        i = end
    return metadata, rest


def reads_as_metadata(description: str) -> bool:
    """Whether a description would lose lines to the metadata if it stood right under its heading."""
    lines = [Line(text, "", 0) for text in description.split("\n")]
    return any(line.text in _FLAGS or _LINE.fullmatch(line.text) for line in lines)


def check_metadata(metadata: Metadata, *, of: str, problems: Problems) -> None:
    """Tell of values that a known key does not allow, of keys in the wrong place and of misspelt ones.

    Args:
        metadata: As `take_metadata` found it.
        of: `agent` or `playbook`.
        problems: Where mistakes go.
    """
    allowed, other = (_OF_AGENTS, "a playbook") if of == "agent" else (_OF_PLAYBOOKS, "an agent")
    for key, (value, line) in metadata.items():
        top = key.split(".")[0]
        if top in allowed:
            if wrong := _wrong_value(key, value):
                _tell(problems, line, *wrong)
        elif top in KNOWN:
            _tell(problems, line, f"{top} belongs to {other}", f"move it under the heading of {other}")
        elif close := difflib.get_close_matches(top, allowed, 1, 0.8):
            _tell(problems, line, f"unknown key {top}", f"did you mean {close[0]}?")


def attendees(metadata: Metadata) -> tuple[str, ...]:
    """The names in `required_attendees`, as written."""
    return read_list(metadata["required_attendees"][0]) if "required_attendees" in metadata else ()


def flag(metadata: Metadata, key: str) -> bool:
    """Whether a key says true."""
    return key in metadata and metadata[key][0] == "true"


def _wrong_value(key: str, value: str) -> tuple[str, str] | None:
    """What is wrong with the value of a known key and what to do; None when it is sound."""
    top, _, below = key.partition(".")
    if top == "remote":
        return None if below else ("remote has no settings", "write `type:` and `url:` on lines indented under it")
    if below:
        return f"{top} has lines nested under it", "give it one value"
    if top in _CHOICES and value not in _CHOICES[top]:
        return f"{top} is {shorten(value) or 'empty'}", f"write {' or '.join(_CHOICES[top])}"
    if top == "required_attendees" and not read_list(value):
        return "required_attendees names nobody", "write a list of agents, [Chef, Waiter]"
    return None


def _entries(pair: tuple[str, str], block: Sequence[Line], problems: Problems, *, head: bool) -> tuple[Entry, ...]:
    """The entries of a block that may be metadata; none when it is description."""
    key, value = pair
    if key in _BLOCKS and len(block) > 1:
        return read_entries(block, problems, deepest=2)
    if not head:
        sound = (
            value in _CHOICES.get(key, ())
            or (key in _CHOICES and "_" in key and value.isidentifier())
            or (key == "required_attendees" and value.startswith("["))
        )
        return (Entry(key, value, block[0]),) if sound and len(block) == 1 else ()
    if key in KNOWN:
        return read_entries(block, problems)
    if value.endswith(_SENTENCE_ENDS) or (not value and len(block) == 1):
        return ()
    trial = Problems()
    entries = read_entries(block, trial)
    return () if len(trial) else entries


def _block_end(lines: Sequence[Line], start: int) -> int:
    """The end of the lines indented under one line."""
    end = start + 1
    while end < len(lines) and lines[end].kind == "text" and _NESTED.match(lines[end].text):
        end += 1
    return end


def _rule_after(lines: Sequence[Line], start: int) -> int:
    """The `---` that ends a `metadata:` block; -1 when another line comes first."""
    while start < len(lines) and not lines[start].text.strip():
        start += 1
    return start if start < len(lines) and _RULE.fullmatch(lines[start].text) else -1


def _tell(problems: Problems, line: Line, what: str, fix: str) -> None:
    problems.add(what, fix, file=line.file, line=line.number)
