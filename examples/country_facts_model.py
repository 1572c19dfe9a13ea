"""Plays the Geographer of country_facts.pb without a key or a network.

Which countries come is in the program's variable, so another list gives other facts in another order.
"""

from __future__ import annotations

from textwrap import dedent
from typing import Any

FACTS = {
    "France": "No other country covers as many time zones, thanks to its islands: twelve.",
    "Japan": "Its oldest hotel has taken guests since the year 705.",
    "Kenya": "Its flag shows a shield and two spears, for the defence of freedom.",
    "Peru": "More than three thousand kinds of potato grow there.",
    "Iceland": "Its phone book is sorted by first names.",
    "Norway": "It knighted a penguin, and promoted him more than once since.",
    "Brazil": "It holds more kinds of plants than any other country.",
}


def respond(request: Any) -> str:
    """The next response of whoever is asked."""
    part = country_fact if request.playbook == "CountryFact" else main
    return dedent(part(request)).lstrip()


def main(request: Any) -> str:
    if request.turn == 0:
        countries = request.variables["countries"]
        return f"""
            # {len(countries)} countries wait. The loop over them is Python; each turn of it comes back to me.
            await Step("Main:01:EXE")
            await Say("user", {f"One fact each about {listed(countries)}."!r})
            await Step("Main:02:EXE")
            $facts = await CollectFacts($countries)
            """
    facts = request.variables["facts"]
    if not facts:
        return """
            # The list was empty, so there is nothing to tell.
            await Say("user", "You gave me no country.")
            await EndProgram()
            """
    shortest = min(facts, key=lambda country: len(facts[country]))
    says = "\n".join(
        f'            await Say("user", {f"{place}. {country}: {fact}"!r})'
        for place, (country, fact) in enumerate(facts.items(), 1)
    )
    return f"""
            # All {len(facts)} facts are in. I tell them in the order they were asked for.
            await Step("Main:03:EXE")
{says}
            await Say("user", {f"The shortest one is about {shortest}."!r})
            await Step("Main:04:YLD")
            await EndProgram()
            """


def country_fact(request: Any) -> str:
    country = request.arguments["country"]
    fact = FACTS.get(country, f"Nobody has told me anything about {country} yet.")
    return f"""
        # {country}: what do few people know about it?
        await Step("CountryFact:01:RET")
        await Return({fact!r})
        """


def listed(names: list[str]) -> str:
    """Names as a sentence has them: `a, b and c`."""
    *most, last = names or ["nothing"]
    return f"{', '.join(most)} and {last}" if most else last
