"""The codes of steps and the kinds of triggers, chosen from their words by rule: the same text has the same label.

Apart because these two tables are the whole of what another compiler would ask a model. The first row that
matches decides; case does not matter. A label only tells people and models where a program is: nothing runs differently
by its code.
"""

from __future__ import annotations

import re

from playbooks.language.model import StepCode, TriggerKind

STEP_RULES: tuple[tuple[StepCode, str], ...] = (
    # The playbook ends here: "Return $total", "Return".
    ("RET", r"return\b"),
    # It goes on elsewhere: "Go to step 02", "Repeat from the beginning", "Continue with step 03", "JMP 01".
    ("JMP", r"(?:go (?:back )?to (?:step|the (?:beginning|start|top)|\d)|jump (?:back )?to|jmp)\b"),
    ("JMP", r"(?:repeat|restart|resume|start (?:over|again)|loop back)\b (?:from|to|with|at)\b|start over\b"),
    ("JMP", r"(?:continue|proceed) (?:from|with|at|to) (?:step|\d)"),
    # Whether, or how often, what follows happens: "If …", "Otherwise", "While …", "For each …", "When …", "Once …".
    ("CND", r"(?:if|else|elif|otherwise|while|until|unless|when|whenever|once|as long as|as soon as|in case)\b"),
    ("CND", r"for (?:each|every|all|any|\$?\w+ in)\b|repeat (?:until|while|for|the following|\d+ times)\b"),
    # A rule is applied: "Check that …", "Validate $email", "Make sure …".
    ("CHK", r"(?:check|validate|verify|ensure|make sure|confirm that|double-check)\b"),
    # Control is given away: "Wait for the Buyer", "Yield", "End program".
    ("YLD", r"(?:wait|yield|yld|pause)\b"),
    ("YLD", r"(?:end|exit|quit|stop|terminate|finish)(?: the)? program\b"),
    # Thought before deeds: "Think deeply about …".
    ("TNK", r"(?:think|reflect|reason|ponder|deliberate)\b"),
    # A call is queued: somebody is asked, or the step is written as a call, "Haggle($price)", "$x = Shop.Price()".
    ("QUE", r"(?:ask|inquire|enquire|query|request|prompt|question|poll)\b"),
    ("QUE", r".*\b(?:and|then|or) ask\b|.*\?\Z"),
    ("QUE", r"(?:\$\w+(?: *: *[\w\[\], .]+)? *= *)?(?:await )?(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*\(.*\)[.;]?\Z"),
    # All else is done by the model itself: "Greet the user", "$x = 10".
    ("EXE", r""),
)
"""Code and pattern; a pattern must match from the beginning of the step's first line."""

TRIGGER_RULES: tuple[tuple[TriggerKind, str], ...] = (
    # The program starts: "When the program starts", "At the beginning", "On startup".
    ("BGN", r"(?:when|once|as soon as|after) (?:the |this )?(?:program|playbook|agent|session) (?:starts|begins)\b"),
    ("BGN", r"(?:at|from|in) (?:the )?(?:beginning|start|outset|startup|launch)\b"),
    ("BGN", r"on (?:program )?(?:start|startup|launch)\b"),
    # Somebody acts: "When the user gives a PIN", "When another agent asks about rates".
    (
        "EVT",
        r"(?:when|whenever|if|once|after|as soon as|every time|each time) (?:(?:the|a|an|any|another|some) )?"
        r"(?:user|human|person|customer|client|someone|somebody|anyone|agent)\b",
    ),
    # Something arrives or was called: "When a new email is received", "After calling LoadAccount", "On message".
    ("EVT", r".*\b(?:(?:is|are|was|were|been) (?:received|sent|delivered|called)|arrives?|messages?)\b"),
    ("EVT", r"(?:before|after|when|while|on) (?:calling|a call|the call|receiving|getting)\b"),
    # All else is a condition that may come to hold: "When $attempts > 3", "After 5 minutes".
    ("CND", r""),
)
"""Kind and pattern, read likewise."""

_STEPS = [(code, re.compile(pattern, re.I)) for code, pattern in STEP_RULES]
_TRIGGERS = [(kind, re.compile(pattern, re.I)) for kind, pattern in TRIGGER_RULES]
_EMPHASIS = re.compile(r"[*_`\"'(\[]+")


def step_code(text: str) -> StepCode:
    """The code of a step that a person wrote.

    Args:
        text: The step's text; only its first line counts, emphasis before its first word does not.

    Returns:
        The first row of `STEP_RULES` that matches.
    """
    line = _first_line(text)
    return next(code for code, pattern in _STEPS if pattern.match(line))


def trigger_kind(text: str) -> TriggerKind:
    """The kind of a trigger that a person wrote, by `TRIGGER_RULES`."""
    line = _first_line(text)
    return next(kind for kind, pattern in _TRIGGERS if pattern.match(line))


def number(place: int, parent: str = "") -> str:
    """The number of a step: its place among its siblings, from 1, after its parent's: `02.01`."""
    return f"{parent}.{place:02d}" if parent else f"{place:02d}"


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0].strip()
    emphasis = _EMPHASIS.match(line)
    return line[emphasis.end() :] if emphasis else line
