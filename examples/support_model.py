"""Plays Support of support.pb without a key or a network: a few words of each line decide which playbook answers it."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

MONEY_BACK = re.compile(r"refund|money back|return (it|this|the)|give .* back", re.IGNORECASE)
GOODBYE = re.compile(r"\b(bye|goodbye|thanks|thank you|that's all|that is all|no)\b", re.IGNORECASE)
ORDER = re.compile(r"\b\d{4}\b")


def respond(request: Any) -> str:
    """The next response of whoever is asked."""
    part = {"Main": main, "Where": where, "Refund": refund, "Goodbye": goodbye}[request.playbook]
    return dedent(part(request)).lstrip()


def main(request: Any) -> str:
    if request.turn == 0:
        return """
            # The shop opens.
            await Step("Main:01:QUE")
            await Say("user", "Hello! This is the tea shop. What can I do for you?")
            await Step("Main:02:CND")
            await Yld("user")
            """
    said = [text for sender, text in request.messages if sender == "human"]
    line = said[min(request.turn, len(said)) - 1]
    found = ORDER.search(line)
    keep = f'$number = "{found[0]}"' if found else "# No order number in it."
    if MONEY_BACK.search(line):
        return f"""
            # The customer wants money back: that is what Refund waits for.
            {keep}
            await Trigger("Refund:T1:EVT")
            await Refund()
            await Yld("user")
            """
    if found:
        return f"""
            # An order is named: that is what Where waits for.
            {keep}
            await Trigger("Where:T1:EVT")
            await Where()
            await Yld("user")
            """
    if GOODBYE.search(line):
        return """
            # The customer leaves.
            await Trigger("Goodbye:T1:EVT")
            await Goodbye()
            """
    return """
        # Nothing fits yet. An order number would help.
        await Step("Main:02.02:EXE")
        await Say("user", "I can look an order up or pay it back. What is its number?")
        await Yld("user")
        """


def where(request: Any) -> str:
    number = request.variables["number"]
    if request.turn == 0:
        return """
            await Step("Where:01:EXE")
            order = await find_order($number)
            """
    order = request.variables["order"]
    word = f"Order {number}, {order['item']}, is {order['status']}." if order else f"There is no order {number}."
    return f"""
        # What the books say about {number} is all there is to tell.
        await Say("user", {word!r})
        await Return()
        """


def refund(request: Any) -> str:
    number = request.variables.get("number")
    if number is None:
        return """
            # Which one, though?
            await Step("Refund:01:CND")
            await Say("user", "Gladly. Which order is it about?")
            await Return()
            """
    if request.turn == 0:
        return """
            await Step("Refund:02:CND")
            amount = await pay_back($number)
            """
    amount = request.variables["amount"]
    word = f"${amount} for order {number} are on their way back to you." if amount else f"Nothing is open for {number}."
    return f"""
        # {amount} paid back.
        await Say("user", {word!r})
        await Return()
        """


def goodbye(request: Any) -> str:
    total = request.variables["refunded"]
    word = f"Thank you, and enjoy the tea. ${total} came back today." if total else "Thank you, and enjoy the tea."
    return f"""
        await Step("Goodbye:01:EXE")
        await Say("user", {word!r})
        await EndProgram()
        """
