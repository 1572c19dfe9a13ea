"""What the session is doing, in the words of the header, the line to type in and the footer.

Pure: from the record and where the person looks to lines of spans. One place for the states, so that badge, phrase,
hint and keys can't disagree.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from playbooks.runtime.decisions import CHOICES
from playbooks.runtime.notices import AgentView
from playbooks.words import counted
from playbooks_tui.ending import ending
from playbooks_tui.record import HUMAN, Record
from playbooks_tui.rows import Filter
from playbooks_tui.spans import Line, Span, ago, amount, clock, cut, money, plain, width_of

Mode = Literal[
    "opening",
    "running",
    "pausing",
    "paused",
    "back",
    "comparing",
    "waiting",
    "interrupted",
    "finished",
    "failed",
    "leaving",
]


_USUAL: Final = Filter()


class Standing(msgspec.Struct, frozen=True):
    """What the person asked of the run, and where they look."""

    held: bool = False
    """A pause was asked for and not ended."""
    stepping: bool = False
    """One step was asked for and is on its way."""
    started: bool = False
    """The run was begun in this process; else it is an older session, open nowhere."""
    leaving: bool = False
    here: int | None = None
    """The row that is looked at; None: now."""
    chosen: int | None = None
    """The selected row; None: the newest, followed."""
    mark: int | None = None
    """The row to compare with."""
    filter: Filter = _USUAL
    """What the timeline leaves out."""
    find: str = ""
    """What is looked for, in small letters; underlined where it stands."""


def engine_mode(record: Record, standing: Standing) -> Mode:
    """What the run does, wherever the person looks."""
    if standing.leaving:
        return "leaving"
    status = record.status
    if status in ("finished", "failed", "interrupted"):
        return status
    if not standing.started:
        return "opening" if not record.headers else "interrupted"
    if status in ("waiting", "paused"):
        return "running" if standing.stepping and status == "paused" else status
    if standing.stepping:
        return "running"
    return "pausing" if standing.held or status == "pausing" else "running"


def mode(record: Record, standing: Standing) -> Mode:
    """What the badge says."""
    now = engine_mode(record, standing)
    return "back" if standing.here is not None and now != "leaving" else now


def stands_still(record: Record, standing: Standing) -> bool:
    """Whether nothing runs, so that moving through the rows can look at them at once."""
    return engine_mode(record, standing) in ("paused", "waiting", "interrupted", "finished", "failed")


def moment(record: Record, standing: Standing) -> int | None:
    """The row that is marked as the moment (amber): looked at, or stood at; None while it runs or is over."""
    if standing.here is not None:
        return standing.here
    return record.newest if engine_mode(record, standing) in ("paused", "interrupted") else None


# -- header ----------------------------------------------------------------------------------------------------------

_LEAST_PHRASE = 16
_TELLING: Final = frozenset({"paused", "failed"})
"""Modes whose phrase says why it stands: what the run has cost gives way to it, and the clock to an error."""

BADGES: dict[Mode, tuple[str, str]] = {
    "opening": (" ○ READY ", "plain"),
    "running": (" ● RUNNING ", "good"),
    "pausing": (" || PAUSING ", "here"),
    "paused": (" || PAUSED ", "here"),
    "back": (" ◄◄ LOOKING BACK ", "here"),
    "comparing": (" ≠ COMPARING ", "plain"),
    "waiting": (" ? WAITING FOR YOU ", "plain"),
    "interrupted": (" = INTERRUPTED ", "here"),
    "finished": (" ■ FINISHED ", "plain"),
    "failed": (" ! FAILED ", "bad"),
    "leaving": (" = LEAVING ", "plain"),
}
"""Word, glyph and ground of a state. `here` is the moment's amber."""
_WAITING_THERE: Final = (" ? WAITING ", "plain")
"""For an answer that is typed in another process."""
_THERE: Final = "in another process, read-only"


def phrase(record: Record, standing: Standing, now: float) -> tuple[Span, ...]:
    """What the badge means.

    Args:
        record: Of the session.
        standing: Where the person is.
        now: Seconds since 1970.
    """
    newest = record.headers[record.newest] if record.newest is not None else None
    match mode(record, standing):
        case "running":
            return _running(record, standing)
        case "pausing":
            busy = _busy(record)
            who = _list([record.title(agent) for agent in busy])
            come = "comes to its" if len(busy) == 1 else "come to their"
            rest = f"when {who} {come} next await · Ctrl+C twice leaves" if busy else ""
            return (Span(rest, "quiet"),)
        case "paused":
            if newest is None:
                return (Span("before the first statement", "quiet"),)
            if record.followed:
                why = f" · {record.phrase.removesuffix(f' at {newest.id}')}" if record.phrase != "paused" else ""
                return (Span("at ", "quiet"), Span(newest.id, bold=True), Span(f" · {_THERE}{why}", "quiet"))
            stop = record.stop
            why = f" · {stop.text.removesuffix(f' at {newest.id}')}" if stop and stop.reason == "breakpoint" else ""
            return (Span("at ", "quiet"), Span(newest.id, bold=True), Span(why))
        case "back":
            here = record.headers[standing.here or 0]
            behind = record.behind(standing.here or 0)
            runs = engine_mode(record, standing) in ("running", "pausing")
            tail = "the run goes on" if runs else "nothing runs"
            return (
                Span("at ", "quiet"),
                Span(here.id, bold=True),
                Span(f" · {behind} behind · {tail}" if behind else f" · the newest · {tail}", "quiet"),
            )
        case "waiting":
            if record.undecided:
                call = next(iter(record.undecided.values())).call
                return (Span("◐ ", "doubt", bold=True), Span(f"{call} may have run: i decides"))
            asking = _asking(record)
            if record.followed:
                return (Span(_THERE), Span(f" · {record.phrase or asking}", "quiet"))
            after = "the step goes on" if standing.stepping else "paused" if standing.held else ""
            return (Span(asking), Span(f" · {after} after it" if after else "", "quiet"))
        case "interrupted":
            if newest is None:
                return (Span("nothing was kept", "quiet"),)
            since = ago(max(0.0, now - newest.time))
            place = (Span("at ", "quiet"), Span(newest.id, bold=True), Span(f", {since} · ", "quiet"))
            if record.followed:
                return (*place, Span("read-only", "quiet"), Span(" · Enter takes it over"))
            return (*place, Span("Enter resumes"), Span(" · R starts afresh", "quiet"))
        case "finished":
            return (Span(plain(ending(record)) or "the program ended"),)
        case "failed":
            if why := record.error or record.phrase:
                return (Span(why, "bad"),)
            if newest is None:
                return (Span("nothing was kept", "quiet"),)
            if lost := given_up(record):
                return (Span(f"{_list(lost)} failed", "bad"),)
            since = ago(max(0.0, now - newest.time))  # an older session: what was wrong may be mended by now
            return (Span("at ", "quiet"), Span(newest.id, bold=True), Span(f", {since} · ", "quiet"), Span("r resumes"))
        case "leaving":
            return (Span("everything is kept", "quiet"),)
    return ()


def _asking(record: Record) -> str:
    names = list(dict.fromkeys(record.title(agent) for agent in record.asked))
    asking = f"{_list(names) or 'the program'} {'asks' if len(names) < 2 else 'ask'}"
    return asking + (f" {len(record.asked)} things" if len(record.asked) > len(names) else "")  # branches of one agent


def _running(record: Record, standing: Standing) -> tuple[Span, ...]:
    writing = [record.title(agent) for agent in record.writing]
    thinking = [record.title(agent) for agent in record.thinking if agent not in record.writing]
    parts = []
    if writing:
        parts.append(f"{_list(writing)} {'writes' if len(writing) == 1 else 'write'}")
    elif thinking:
        parts.append(f"{_list(thinking)} {'thinks' if len(thinking) == 1 else 'think'}")
    elif not record.followed and (busy := [record.title(agent) for agent in _busy(record)]):  # as of a checkpoint
        parts.append(f"code of {_list(busy)} runs")
    waits = sum(1 for id, view in record.agents.items() if id != HUMAN and view.status == "waiting")
    rest = f"{counted(waits, 'agent')} {'waits' if waits == 1 else 'wait'}" if waits else ""
    if standing.stepping:
        rest = "to the next checkpoint"
    lead = parts[0] if parts else ""
    if record.followed:
        lead, rest = _THERE, " · ".join(filter(None, (lead, rest)))
    return (Span(lead), Span((" · " if lead and rest else "") + rest, "quiet"))


def given_up(record: Record) -> list[str]:
    """Titles of the agents that have failed: a resume is exact and leaves them so, only another past can help."""
    return [record.title(id) for id, view in record.agents.items() if view.status == "failed"]


def _busy(record: Record) -> list[str]:
    return [id for id, view in record.agents.items() if id != HUMAN and view.status == "running"]


def header_line(record: Record, standing: Standing, width: int, now: float, seconds: float) -> Line:
    """The first row of the screen. When it is narrow, tokens go first, then the session, then the phrase is cut.

    Args:
        record: Of the session.
        standing: Where the person is.
        width: Cells.
        now: Seconds since 1970.
        seconds: How long the session has run.
    """
    state = mode(record, standing)
    word, ground = _WAITING_THERE if state == "waiting" and record.followed else BADGES[state]
    badge = Span(word, f"badge-{ground}", bold=True)
    said = phrase(record, standing, now)
    told = seconds > 0 or engine_mode(record, standing) in ("running", "pausing", "paused", "waiting")
    here = standing.here
    variants = totals(record, record.headers[here].branch if here is not None else record.branch, seconds, told=told)
    taken = width_of((badge,)) + 1
    # Where the moment is must be read; who writes just now is seen below too.
    own = mode(record, standing) == "running" and not record.followed
    least = 0 if own and width_of(variants[3]) + taken + 2 <= width else width_of(said)
    room = [width - taken - width_of(variant) - 3 for variant in variants]
    if mode(record, standing) == "interrupted" and room[3] < width_of(said):
        said = said[:-1]  # the footer says it too
    right = next((v for v, left in zip(variants, room, strict=True) if left >= width_of(said)), None)
    if right is None and mode(record, standing) in _TELLING:
        right = variants[-1] if mode(record, standing) == "paused" else ()
    elif right is None:
        lead = width_of(said[:1]) if record.followed else min(least, _LEAST_PHRASE)
        fits = (v for v, left in zip(variants, room, strict=True) if left >= lead)
        right = next(fits, variants[-1])
    spare = width - taken - (width_of(right) + 2 if right else 1)
    left = [badge, Span(" "), *(_cut_to(said, spare) if spare >= min(_LEAST_PHRASE, width_of(said)) else ())]
    gap = width - width_of(left) - width_of(right)
    return Line((*left, Span(" " * max(1, gap)), *right))


def totals(record: Record, branch: str, seconds: float, *, told: bool) -> tuple[tuple[Span, ...], ...]:
    """What stands at the right of the header: program, session, branch and what they came to; shorter and shorter.

    Args:
        record: Of the session.
        branch: Its name, or those that are compared.
        seconds: How long the session has run.
        told: Whether that is known.
    """
    tally = record.tally
    tokens = amount(None if tally.into is None or tally.out is None else tally.into + tally.out)
    calls, cost = counted(tally.calls, "call"), money(tally.cost)
    time, dot = Span(f"{clock(seconds)} " if told else " "), " · " if told else ""
    own = Span(branch, bold=True)
    session = (Span(record.session), quiet(" ▸ ")) if record.session else ()
    name = (Span(record.program), quiet(" ▸ "))
    every, few = counted(len(record.headers), "checkpoint"), f"{len(record.headers)} ckpt"
    return (
        (*name, *session, own, quiet(f"    {every} · {calls} · {tokens} tokens · {cost}{dot}"), time),
        (*name, *session, own, quiet(f"    {every} · {calls} · {cost}{dot}"), time),
        (*name, *session, own, quiet(f"    {few} · {calls} · {cost}{dot}"), time),
        (*name, own, quiet(f"    {few} · {calls} · {cost}{dot}"), time),
        (own, quiet(f"  {few} · {calls} · {cost}{dot}"), time),
        (quiet(f"{few} · {cost}{dot}"), time),
        (own, quiet(dot), time),
        (time,),
    )


def quiet(text: str) -> Span:
    """A span that is read second."""
    return Span(text, "quiet")


def _cut_to(spans: tuple[Span, ...], width: int) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        room = width - width_of(kept)
        if room <= 0:
            break
        kept.append(Span(cut(span.text, room), span.ink, span.bold))
    return kept


def _list(names: list[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{len(names)} agents"


# -- panes -----------------------------------------------------------------------------------------------------------


def doing(record: Record, view: AgentView, *, live: bool, over: bool = False) -> tuple[Span, ...]:
    """What an agent does or waits for, for its pane's title.

    Args:
        record: Of the session.
        view: The agent, now or at the moment that is looked at.
        live: Whether it is now, and something runs.
        over: Whether it is now, and the program is finished.
    """
    if view.id == HUMAN:
        return ()
    agent = view.id
    step = step_name(view.step) or view.playbook
    if view.status == "failed":
        return (Span("failed", "bad"),)  # why stands in the header, and whole in the pane
    if live and (agent in record.writing or agent in record.thinking):
        what = "writes" if agent in record.writing else "thinks"
        return (Span("● ", "good"), Span(step), Span(f" · {what}" if step else what, "quiet"))
    if over:
        return (quiet("idle"),)
    if view.status == "waiting":
        whom = waited(record, view.waits_for)
        return (Span(f"{step} · waits for {whom}" if step else f"waits for {whom}", "quiet"),)
    if view.status == "running" and live:
        return (Span("● ", "good"), Span(step))
    return (Span(step if view.status == "running" else "idle", "quiet"),)


def waited(record: Record, target: str) -> str:
    """Who is waited for, by name."""
    if target in ("user", HUMAN):
        return "you"
    return record.title(target.removeprefix("agent "))


def step_name(step: str) -> str:
    """`Haggle:02` of `Haggle:02:CND`."""
    parts = step.split(":")
    return ":".join(parts[:2])


# -- the line to type in ---------------------------------------------------------------------------------------------


def asked_words(record: Record) -> str:
    """Whose question the next answer goes to, and which."""
    question = record.question
    if question is None:
        return ""
    who = record.title(record.asked[0])
    if not question.text:
        return f"{who} asks in {question.playbook}" if question.playbook else f"{who} asks"
    return f"{who} asks “{plain(question.text)}”"


def ask_line(record: Record, standing: Standing, room: int = 200) -> str:
    """What the empty line says.

    Args:
        record: Of the session.
        standing: Where the person is.
        room: Cells; how it ended is cut, what can be done next never is.
    """
    now = engine_mode(record, standing)
    if standing.here is not None:
        return "look only: nothing is sent from the past"
    if now in ("finished", "failed"):
        said = ending(record).rstrip(".") if now == "finished" else "the run failed"
        if not record.headers:
            return f"{said or 'the program ended'} before its first checkpoint: q leaves"
        rest = ". ↑ looks back" if now == "finished" or given_up(record) else ": r goes on, ↑ looks back"
        rest += ", e changes one thing."
        words = cut(plain(said or "the program ended"), room - len(rest))
        return words + (rest[1:] if words.endswith("…") else rest)
    if now in ("interrupted", "opening", "leaving"):
        return "nothing runs"
    if record.followed:
        asking = record.phrase or f"{_asking(record)} in the other process"
        return f"look only: {asking if now == 'waiting' else 'another process runs it'}"
    if record.undecided:
        call = next(iter(record.undecided.values())).call
        choices = f"i, then {CHOICES}"
        whole = f"{call} may have run: {choices}"
        return whole if len(whole) <= room else choices  # the header says which call
    if len(record.asked) > 1:
        place = f" · 1 of {len(record.asked)}: i answers this one"
        return cut(asked_words(record), room - len(place)) + place
    if record.asked:
        return f"{record.title(record.asked[0])} asks you: i answers"
    return "nobody asks you now"
