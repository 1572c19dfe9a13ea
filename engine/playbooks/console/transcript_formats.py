"""A session's transcript as Markdown or as one HTML page.

Apart from what is in it because these are rules of two notations: nothing that a model said may become markup it did
not mean, or a script.
"""

from __future__ import annotations

import html
import re

from playbooks.console.transcript import clean
from playbooks.session.transcript_export import Section, Transcript

# -- Markdown ----------------------------------------------------------------------------------------------------------

_MARKS = re.compile(r"([\\`*_\[\]<>|#~&])")


def to_markdown(found: Transcript) -> str:
    """A transcript as Markdown. What was said may be Markdown itself and is quoted as it is, except for HTML."""
    lines = [f"# {_plain(found.title)}", "", _plain(found.about), ""]
    for section in found.sections:
        lines += [f"## {_plain(_heading(section))}", ""]
        for entry in section.entries:
            if entry.message:
                id = f" {_code(entry.checkpoint)}" if entry.checkpoint else ""
                lines += [f"**{_plain(entry.head)}**{id}", ""]
                lines += [f"> {line}".rstrip() for line in _without_html(entry.text).split("\n")]
            else:
                lines.append(f"*{_plain(entry.head)}* {_code(_one_line(entry.text))} {_code(entry.checkpoint)}")
            lines.append("")
        for agent, values in section.variables:
            lines += [f"{_plain(agent)}, {_until(section)}:", ""]
            lines += [f"- {_code(f'{name} = {_one_line(value)}')}" for name, value in values]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _heading(section: Section) -> str:
    left = f", left {section.left}" if section.left else ""
    return f"{section.name}{left}{': ' + section.changes if section.changes else ''} ({section.status})"


def _until(section: Section) -> str:
    """What the values of a branch are of: its end, or where it has come to."""
    return "in the end" if section.status in ("finished", "failed") else "so far"


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", _one_line(text))


def _without_html(text: str) -> str:
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", clean(text))


def _one_line(text: str) -> str:
    return " ".join(clean(text).split("\n"))


def _code(text: str) -> str:
    """A span of code, with more backticks around it than are in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


# -- HTML --------------------------------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; --quiet: #575757; --line: #a6a6a6; --said: #00609c; }
@media (prefers-color-scheme: dark) { :root { --quiet: #969696; --line: #4c4c4c; --said: #5cb8ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h2 { border-top: 1px solid var(--line); padding-top: 1rem; }
.said b { color: var(--said); } .id, .about { color: var(--quiet); font-size: .85em; }
.said p { margin: .1rem 0 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
""".strip()


def to_html(found: Transcript) -> str:
    """A transcript as one HTML file without scripts, or anything to load."""
    title = _text(found.title)
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        f'<head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width">',
        f"<style>\n{_STYLE}\n</style></head>",
        f'<body><h1>{title}</h1><p class="about">{_text(found.about)}</p>',
    ]
    for section in found.sections:
        parts.append(f"<section><h2>{_text(_heading(section))}</h2>")
        for entry in section.entries:
            name = _text(entry.checkpoint)
            id = f'<a class="id" id="{name}">{name}</a>' if name else ""
            if entry.message:
                parts.append(f'<div class="said"><b>{_text(entry.head)}</b> {id}<p>{_text(entry.text)}</p></div>')
            else:
                parts.append(f"<p><i>{_text(entry.head)}</i> <code>{_text(entry.text)}</code> {id}</p>")
        for agent, values in section.variables:
            parts.append(f"<h3>{_text(agent)}, {_until(section)}</h3><ul>")
            parts += [f"<li><code>{_text(name)} = {_text(value)}</code></li>" for name, value in values]
            parts.append("</ul>")
        parts.append("</section>")
    return "\n".join([*parts, "</body></html>", ""])


def _text(text: str) -> str:
    return html.escape(clean(text))
