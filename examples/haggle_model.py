"""Plays Seller, Buyer and Boss of negotiation.pb without a key or a network.

Everything said is computed from the conversation and the variables: another price, another result of a tool or another
word of the Buyer gives another ending. Nothing is counted here, and no response depends on what it changes, so that a
resumed run answers as the first one did.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent
from typing import Any

PURSE = 80
"""What the Buyer can spend."""
LEAST_MARGIN = 10
"""What the Boss wants to see left over."""


def respond(request: Any) -> str:
    """The next response of whoever is asked."""
    return dedent(PARTS[request.agent, request.playbook](request)).lstrip()


def seller_main(request: Any) -> str:
    if request.turn == 0:
        return """
            # The program starts. Two others are needed before any talk: somebody to sell to, and the Boss, who alone
            # knows how low we can go. I make them both, then I haggle; that is a playbook of its own.
            # Plan: the Buyer first, so that there is time to look around, then the Boss, then the first price.
            await Step("Main:01:EXE")
            await CreateAgent("Buyer")
            await CreateAgent("Boss")
            await Step("Main:02:EXE")
            ending = await Haggle("pen")
            """
    ending = request.variables.get("ending", "no deal")
    return f"""
        # Haggle came back with "{ending}". What is left is to tell the user, and to close the shop.
        # Plan: one line that says how it ended, since nobody was there to hear it, and then the end.
        await Step("Main:03:EXE")
        await Say("user", "The pen: {ending}.")
        await Step("Main:04:YLD")
        await EndProgram()
        """


def haggle(request: Any) -> str:
    buyer, boss = agent_of(request, "Buyer"), agent_of(request, "Boss")
    price, floor = request.variables["price"], request.variables["floor"]
    answers, advice = heard(request, buyer), heard(request, boss)
    said = answers[min(request.turn, len(answers)) - 1] if answers else ""
    offer = number(said, price)

    if request.turn == 0:
        item = request.arguments["item"]
        return f"""
            # The shelf says {price}, and nobody pays what the shelf says. I open with it all the same, since whatever
            # comes first is what the rest is measured by, and I say at once what this {item} can do that others can't.
            # Plan: price, one good reason, and then silence. Silence is the part that most sellers forget.
            await Step("Haggle:01:EXE")
            await Say("agent {buyer}", "This {item} is ${price}. It writes under water.")
            await Yld("agent {buyer}")
            """
    if request.turn == 1:
        return f"""
            # {offer} is far below what I ask. Too early for the Boss. I note the offer, and let Counter say how much of
            # the gap to give away: it should look like a step, and not like a fall.
            # Plan: add {offer} to the offers, take the new price from the tool and not from my mood, say it, wait.
            await Step("Haggle:02:EXE")
            $offers.append({offer})
            $price = await Counter({offer})
            await Say("agent {buyer}", f"I can do ${{price}}.")
            await Yld("agent {buyer}")
            """
    if request.turn == 2 and "deal" in said.lower():
        return f"""
            # That was quick: the Buyer takes it at {price}.
            await Return("sold at {price}")
            """
    if request.turn == 2 and offer <= floor:
        return f"""
            # {offer} is final, and {floor} is what there is nothing in for us at. No need to bother the Boss with that:
            # I say no, and wait for the last word, in case the Buyer was only trying.
            await Step("Haggle:03:CND")
            await Step("Haggle:03.01:EXE")
            await Say("agent {buyer}", "Then no.")
            await Yld("agent {buyer}")
            """
    if request.turn == 2:
        return f"""
            # {offer}, and the Buyer calls it final. It is above {floor}, so I may not just refuse, and it is below
            # {price}, so I may not just agree either. That is what we have a Boss for.
            # Plan: ask with as few words as can be; the Boss likes that, and the Buyer sees me think.
            await Step("Haggle:04:QUE")
            await Say("agent {boss}", "{offer}?")
            await Yld("agent {boss}")
            """
    if request.turn == 3 and advice:
        allowed = number(advice[0], price)
        return f"""
            # The Boss says: "{advice[0]}" So {allowed} it is, and I say it as the last thing there is to say. Whoever
            # talks on after a last price has another one, and the Buyer knows that as well as I do.
            # Plan: set the price before I say it, so that what is kept and what is said are the same number.
            await Step("Haggle:05:EXE")
            $price = {allowed}
            await Say("agent {buyer}", "{allowed}, and it is yours.")
            await Yld("agent {buyer}")
            """
    if "deal" in said.lower():
        return f"""
            # The Buyer takes it.
            # I write it down and hand it over before anybody thinks again.
            await Return("sold at {price}")
            """
    return """
        # The pen stays on the shelf, and there are other days.
        await Return("no deal")
        """


def buyer_main(request: Any) -> str:
    seller = agent_of(request, "Seller")
    prices = heard(request, seller)
    said = prices[min(request.turn, len(prices)) - 1] if prices else ""

    if request.turn == 0:
        return f"""
            # I only listen now: who names a number first has shown it.
            await Step("Main:01:YLD")
            await Yld("agent {seller}")
            """
    asked = number(prices[0], 100)
    opening = to_fives(asked * 6 / 10)
    if request.turn == 1:
        return f"""
            # {asked} for a pen! I have {PURSE} with me and do not mean to spend it all. Somewhat over half is where one
            # can still pretend to be serious. And the shop next door has one too; that should be mentioned early.
            # Plan: {opening}, with a question mark at its end, which costs nothing, and then the neighbour's price.
            await Say("agent {seller}", "Would you take {opening}? Next door asks {asked * 3 // 4}.")
            await Step("Main:02:YLD")
            await Yld("agent {seller}")
            """
    if request.turn == 2:
        counter = number(said, asked)
        if counter <= opening:
            return f"""
                # {counter}! That is no more than I offered myself.
                await Say("agent {seller}", "Deal.")
                await Return()
                """
        final = min(PURSE, to_fives((opening + counter) / 2))
        return f"""
            # {counter} now, so there is room. The middle of that and my {opening} is {(opening + counter) / 2:g}: I
            # round it down, as one does with money of one's own, and call it final, whether or not it is.
            # Plan: one number and one word. The more I explain, the more there is to talk me out of.
            await Say("agent {seller}", "{final}, final.")
            await Step("Main:03:YLD")
            await Yld("agent {seller}")
            """
    last = number(said, 0)
    word = "Pity." if not last else "Deal." if last <= PURSE else "That is more than I have."
    return f"""
        # "{said}" There will be no better word than that, and I have {PURSE} to answer it with.
        # Plan: one word in answer, and home before the rain. The paper is wet often enough for such a pen.
        await Say("agent {seller}", "{word}")
        await Return()
        """


def boss_main(request: Any) -> str:
    seller = agent_of(request, "Seller")
    asked = heard(request, seller)
    if request.turn == 0 or not asked:
        return f"""
            # Nobody needs me yet.
            await Step("Main:01:YLD")
            await Yld("agent {seller}")
            """
    offer = number(asked[0], 0)
    return f"""
        # "{asked[0]}" So they have come that far down. I look at it properly, or they will ask me every time.
        # Plan: Advise does the looking and the answering; after that I am no longer needed here.
        await Advise({offer})
        await Return()
        """


def advise(request: Any) -> str:
    offer = request.arguments["offer"]
    if request.turn == 0:
        return f"""
            # What {offer} leaves over what we paid is in the books, and I ask them rather than my memory.
            # Plan: take the margin from the books, look at it, and only then say anything to anybody.
            await Step("Advise:01:EXE")
            $margin = await check_margin({offer})
            """
    margin = request.variables["margin"]
    lowest = offer - margin + LEAST_MARGIN
    word = f"{offer} will do." if margin >= LEAST_MARGIN else f"Not below {lowest}."
    return f"""
        # {margin} over. The rule of this house is {LEAST_MARGIN}: below that the light in the shop costs more than we
        # earn while we talk. So the answer is easy, and it is short, because a Boss has other things to do.
        # Plan: the number they may not go below, or that theirs will do. No reasons; they know the reasons.
        await Step("Advise:02:EXE")
        await Say("agent {agent_of(request, "Seller")}", "{word}")
        await Return()
        """


PARTS: dict[tuple[str, str], Callable[[Any], str]] = {
    ("Seller", "Main"): seller_main,
    ("Seller", "Haggle"): haggle,
    ("Buyer", "Main"): buyer_main,
    ("Boss", "Main"): boss_main,
    ("Boss", "Advise"): advise,
}


def agent_of(request: Any, class_name: str) -> str:
    """The id of the first agent of that class; empty while there is none."""
    return next((agent for agent, name in request.agents.items() if name == class_name), "")


def heard(request: Any, sender: str) -> list[str]:
    """All that `sender` has said to the agent asked, oldest first."""
    return [text for who, text in request.messages if who == sender]


def number(text: str, otherwise: int) -> int:
    """The first whole number in a text."""
    found = re.search(r"\d+", text)
    return int(found[0]) if found else otherwise


def to_fives(amount: float) -> int:
    """Rounded down to a multiple of five."""
    return int(amount) // 5 * 5
