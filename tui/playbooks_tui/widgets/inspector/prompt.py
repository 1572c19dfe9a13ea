"""Prompt: exactly what the model was sent for the response that the moment stands in."""

from __future__ import annotations

from playbooks.words import counted
from playbooks_tui.inspected import Inspected
from playbooks_tui.spans import Line, Span, wrapped
from playbooks_tui.widgets.inspector.sheet import ListSheet, head, quiet_line


class PromptSheet(ListSheet):
    """The messages, in order, each under its role."""

    id = "prompt"
    name = "Prompt"

    def lines(self, inspected: Inspected | None, width: int, *, at_moment: bool) -> list[Line]:
        deep = self.deep
        if inspected is None or deep is None or not deep.wish.prompt:
            return [quiet_line("reading …")]
        prompt = deep.prompt
        if prompt is None:
            return [quiet_line(deep.why_no_prompt or "no model was asked for what runs here")]
        size = sum(len(text) for _, text in prompt.messages)
        found = [head(f"Call {prompt.call}", f"at {prompt.asked_at}", width)]
        facts = [prompt.model, f"{counted(len(prompt.messages), 'message')}, {size:,} characters"]
        if prompt.exact:
            facts.append("to the letter what was sent")
        lines = facts[:1]
        for fact in facts[1:]:
            joined = f"{lines[-1]} · {fact}"
            lines[-1:] = [joined] if len(joined) <= width - 2 else [lines[-1], fact]
        found += [quiet_line(line) for line in lines]
        if not prompt.exact:
            found.append(Line((Span(" !~ ", "doubt", bold=True), Span("not to the letter what was sent", "doubt"))))
        for role, text in prompt.messages:
            found += [Line(), Line((Span(f" {role}", bold=True),))]
            for row in text.split("\n"):
                for piece in wrapped(row, max(8, width - 2)):
                    found.append(Line((Span(f" {piece}", "quiet" if role == "system" else "plain"),)))
        return found
