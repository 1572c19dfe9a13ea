"""Plays the three of standup.pb without a key or a network.

What is decided follows from what the Builder has done and what the Tester's tool finds: without a bug they ship.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent
from typing import Any

ENDED = "has ended"
"""What waiting in a meeting gives once it is over."""


def respond(request: Any) -> str:
    """The next response of whoever is asked."""
    return dedent(PARTS[request.agent, request.playbook](request)).lstrip()


def lead_main(request: Any) -> str:
    if request.turn == 0:
        return """
            # Two people are waiting in the room already.
            await Step("Main:01:EXE")
            plan = await Standup("the release")
            """
    plan = request.variables["plan"]
    return f"""
        # Everybody is back at work; the plan is what is left of it.
        await Step("Main:02:EXE")
        await Say("user", {f"The plan for today: {plan}."!r})
        await Step("Main:03:YLD")
        await EndProgram()
        """


def lead_standup(request: Any) -> str:
    done = re.search(r"Through with (.+)\.", said_by(request, "Builder"))
    found = re.search(r"I found (\d+)", said_by(request, "Tester"))
    when = re.search(r"in (\d+) hours", said_by(request, "Builder"))
    part = done[1] if done else "it"
    if request.turn == 0:
        return f"""
            # I keep it short: one question each, and nobody sits down.
            await Step("Standup:01:QUE")
            await Say("meeting", "Good morning! This is about {request.arguments["topic"]}. Builder, what is done?")
            await Yld("meeting")
            """
    if request.turn == 1:
        return f"""
            # The Builder is through with {part}. Whether it holds, only the Tester knows.
            await Step("Standup:02:QUE")
            await Say("meeting", {f"Tester, how does {part} hold?"!r})
            await Yld("meeting")
            """
    bugs = int(found[1]) if found else 0
    if request.turn == 2 and bugs:
        return f"""
            # {bugs} found: nothing is shipped on top of that.
            await Step("Standup:03:CND")
            await Step("Standup:03.01:QUE")
            await Say("meeting", "Builder, please mend {bugs} {"things" if bugs > 1 else "thing"} first. How long?")
            await Yld("meeting")
            """
    plan = f"mend {part} in {when[1]} hours, then ship" if when else f"ship {part}"
    return f"""
        # Enough is known to decide.
        await Step("Standup:04:EXE")
        await Say("meeting", {f"Then we {plan}. Thank you!"!r})
        await Return({plan!r})
        """


def builder(request: Any) -> str:
    line = asked(request, "Builder")
    things = re.search(r"mend (\d+)", line)
    if not line:
        return listen("Standup:01.01:YLD")
    done, hours = request.variables["done"], request.variables["hours"]
    word = f"That will be mended in {int(things[1]) * hours} hours." if things else f"Through with {done}."
    return f"""
        # That was for me.
        await Step("Standup:01.02:CND")
        await Say("meeting", {word!r})
        said = await Yld("meeting")
        """


def tester(request: Any) -> str:
    line = asked(request, "Tester")
    part = re.search(r"how does (.+) hold", line)
    if not part:
        return listen("Standup:01.01:YLD")
    if request.variables.get("found") is None:
        return f"""
            # That was for me. What I know of {part[1]} is in the list.
            await Step("Standup:01.02:CND")
            found = await find_bugs({part[1]!r})
            """
    found = request.variables["found"]
    word = f"I found {len(found)}: {'; '.join(found)}." if found else "I found nothing."
    return f"""
        # {len(found)} in the list.
        await Say("meeting", {word!r})
        said = await Yld("meeting")
        """


def listen(label: str) -> str:
    """Waits for the next word."""
    return f"""
        # Nothing in it for me.
        await Step("{label}")
        said = await Yld("meeting")
        """


def attending(part: Callable[[Any], str]) -> Callable[[Any], str]:
    """An attendee's part, left when the meeting has ended."""

    def respond_or_leave(request: Any) -> str:
        if str(request.variables.get("said", "")).endswith(ENDED):
            return "await Return()\n"
        return part(request)

    return respond_or_leave


PARTS: dict[tuple[str, str], Callable[[Any], str]] = {
    ("Lead", "Main"): lead_main,
    ("Lead", "Standup"): lead_standup,
    ("Builder", "Standup"): attending(builder),
    ("Tester", "Standup"): attending(tester),
}


def said_by(request: Any, class_name: str) -> str:
    """All that the agent of that class has said, a message a line."""
    return "\n".join(text for sender, text in request.messages if request.agents.get(sender) == class_name)


def asked(request: Any, name: str) -> str:
    """What the Lead asked `name` and has no answer to yet; empty when there is nothing."""
    open_question = ""
    for sender, text in request.messages:
        if sender == request.agent_id:
            open_question = ""
        elif request.agents.get(sender) == "Lead" and f"{name}, " in text:
            open_question = text
    return open_question
