"""Which checkpoints of a session to keep, and how the others go without breaking one that stays.

**At every moment of a prune, also of one that is killed, every checkpoint that is still there folds as it always did.**
So the kept ones are rewritten first, each atomically, to stand on what is kept; only then the others are deleted, the
deepest first. Apart from the stores because none of it depends on where checkpoints lie; deciding (`plan`) is apart
from doing (`apply`), so that it can be shown and not done.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from playbooks.checkpoints.chain import fold
from playbooks.checkpoints.record import BASE, Checkpoint, Header
from playbooks.checkpoints.store import Damaged, Store, UnknownCheckpoint
from playbooks.errors import ExitStatus, UserError
from playbooks.state import Changes, from_builtins, reduce
from playbooks.state.changes import apply as make

PATIENCE: Final = 2
"""During a run, an agent on a branch is pruned when it has this many times what is to be kept of it."""
_FOOTHOLD: Final = BASE * BASE
"""During a run, one checkpoint at a depth divisible by a power of 32 from this on stays on each branch, so that what a
prune rewrites does not grow with the run."""


class PruneStopped(UserError):
    """A session that can't be pruned: something in it is damaged or foreign. Nothing was taken away."""

    def __init__(self, session: str, reason: str) -> None:
        fix = "every checkpoint is as it was; `playbooks timeline` shows what is damaged"
        super().__init__(f"session {session} can't be pruned: {reason}", fix, status=ExitStatus.FAILED)


class Gap(msgspec.Struct, frozen=True):
    """A kept checkpoint whose parent goes: it will stand on the nearest one before it that is kept."""

    header: Header
    onto: Header


class PrunePlan(msgspec.Struct, frozen=True):
    """What a prune of one session keeps, rewrites and deletes."""

    session: str
    kept: tuple[Header, ...]
    """In sequence order."""
    dropped: tuple[Header, ...]
    """The deepest first: the order they are deleted in."""
    gaps: tuple[Gap, ...]
    """The shallowest first: the order they are rewritten in."""


def plan(
    headers: Sequence[Header], labelled: Collection[str], keep: int, *, patience: int = 1, footholds: bool = False
) -> PrunePlan:
    """Decides what goes.

    Kept are, of each agent on each branch, the newest `keep`; and always the session's start, what is labelled, where a
    branch leaves and begins, and the end of every branch.

    Args:
        headers: All of one session, in sequence order.
        labelled: Ids that bear a label.
        keep: How many; 0 keeps all.
        patience: An agent on a branch that has less than this many times `keep` keeps all of them.
        footholds: Keep one checkpoint for each power of 32 from 32² on too, at the deepest such depth of each branch.
    """
    known = {header.id: header for header in headers}
    kept = _always_kept(headers, known, labelled)
    groups: dict[tuple[str, str], list[Header]] = defaultdict(list)
    for header in headers:
        groups[header.agent, header.branch].append(header)
    for group in groups.values():
        group.sort(key=lambda header: header.number)
        kept |= {h.id for h in (group if not keep or len(group) < patience * keep else group[-keep:])}
    if footholds:
        kept |= _footholds(headers, known)
    gaps = [
        Gap(header, next(h for h in ancestors(header, known) if h.id in kept))
        for header in headers
        if header.id in kept and header.parent in known and header.parent not in kept
    ]
    return PrunePlan(
        headers[0].session if headers else "",
        tuple(header for header in headers if header.id in kept),
        tuple(sorted((h for h in headers if h.id not in kept), key=lambda h: (h.depth, h.sequence), reverse=True)),
        tuple(sorted(gaps, key=lambda gap: gap.header.depth)),
    )


def _always_kept(headers: Sequence[Header], known: Mapping[str, Header], labelled: Collection[str]) -> set[str]:
    kept = {id for id in labelled if id in known}
    followers = Counter(header.parent for header in headers)
    newest: dict[str, str] = {}
    for header in headers:
        newest[header.branch] = header.id
        parent = known.get(header.parent)
        if header.kind in ("start", "fork") or parent is None:
            kept.add(header.id)  # one without its parent too: what it stands on can't be told
        elif parent.branch != header.branch:
            kept |= {header.id, parent.id}
        if followers[header.id] > 1:
            kept.add(header.id)
    return kept | set(newest.values())


def _footholds(headers: Sequence[Header], known: Mapping[str, Header]) -> set[str]:
    found: set[str] = set()
    for tip in {header.branch: header for header in headers}.values():
        size = _FOOTHOLD
        for header in (tip, *ancestors(tip, known)):
            if header.depth and header.depth % size == 0:
                found.add(header.id)
                while header.depth % size == 0:
                    size *= BASE
    return found


def ancestors(header: Header, known: Mapping[str, Header]) -> Iterator[Header]:
    """What a checkpoint stands on along parents, the nearest first, as far as it is known."""
    while (parent := known.get(header.parent)) is not None and parent.depth < header.depth:
        yield parent
        header = parent


def apply(store: Store, plan: PrunePlan, steps: MutableMapping[str, Changes] | None = None) -> None:
    """Does what a plan says.

    Args:
        store: Where.
        plan: Of a session that no other process has open.
        steps: What the run at hand knows of what its checkpoints changed, by id; brought up to date. Without, it is
            folded again.

    Raises:
        PruneStopped: Something to be rewritten is damaged or foreign; nothing was deleted.
        StorageError: The storage refused; what is there is whole.
    """
    known = {header.id: header for header in (*plan.kept, *plan.dropped)}
    dropped = {header.id for header in plan.dropped}
    steps = steps if steps is not None else {}
    try:
        for gap in plan.gaps:
            merged = _changes_between(store, gap.header, gap.onto, known, steps)
            known[gap.header.id] = _put_onto(store, gap.header, gap.onto, merged)
            steps[gap.header.id] = merged
        for header in map(known.__getitem__, (kept.id for kept in plan.kept)):
            parent = known.get(header.parent)
            # One that was put over a gap, now or before, stands on its parent; its record may be large: it is not read.
            if header.depth % BASE == 0 and parent is not None and parent.depth == header.depth - 1:
                _mend_base(store, header, dropped, known, steps)
    except (Damaged, UnknownCheckpoint, ValueError, KeyError) as error:
        raise PruneStopped(plan.session, str(error)) from error
    store.delete(header.id for header in plan.dropped)
    for id in dropped:
        steps.pop(id, None)


def _mend_base(
    store: Store,
    header: Header,
    dropped: Collection[str],
    known: Mapping[str, Header],
    steps: Mapping[str, Changes],
) -> None:
    """A checkpoint that keeps its parent but carries merged changes since one that goes: now since a kept one."""
    checkpoint = _own(store, header.id)
    if checkpoint.base not in dropped:
        return
    least = header.depth - checkpoint.span
    onto = known[header.parent]
    for ancestor in ancestors(header, known):
        if ancestor.depth < least:
            break
        if ancestor.id not in dropped:
            onto = ancestor  # the farthest within its old span: the chain stays as short as it was
    _put_onto(store, header, onto, _changes_between(store, header, onto, known, steps), parent=header.parent)


def _changes_between(
    store: Store, header: Header, onto: Header, known: Mapping[str, Header], steps: Mapping[str, Changes]
) -> Changes:
    """What changed from one checkpoint to a later one that stands on it, however far back."""
    path = [header]
    for ancestor in ancestors(header, known):
        if ancestor.id == onto.id:
            break
        path.append(ancestor)
    path.reverse()
    if all(link.id in steps for link in path):
        merged = Changes()
        for link in path:
            merged.merge(steps[link.id].copy())
        return merged
    state = fold(partial(_own, store), onto.id).state
    merged = Changes()
    for link in path:
        checkpoint = _own(store, link.id)
        if checkpoint.merged is not None and checkpoint.base == checkpoint.header.parent:
            changes = Changes(checkpoint.merged)
            merged.add(changes.writes(), state.tables)
            state.apply(changes)
            continue
        for event in from_builtins(checkpoint.events):
            writes = reduce(state, event)
            merged.add(writes, state.tables)
            make(state.tables, writes)
    return merged


def _put_onto(store: Store, header: Header, onto: Header, merged: Changes, *, parent: str = "") -> Header:
    """Rewrites a checkpoint to fold on from another; its place in the tree moves with it, unless `parent` is given."""
    checkpoint = _own(store, header.id)
    span = header.depth - onto.depth
    moved = msgspec.structs.replace(checkpoint.header, parent=parent or onto.id)
    tables = None if onto.id == parent and span == 1 else merged.tables
    store.replace(replace(checkpoint, header=moved, merged=tables, base=onto.id, span=span))
    return moved


def _own(store: Store, id: str) -> Checkpoint:
    """A checkpoint that this user's engine wrote: rewriting signs it, and that must not make a foreign one ours."""
    checkpoint, signed = store.read_signed(id)
    if not signed:
        raise ValueError(f"{id} was not written by this user's engine")
    return checkpoint


def prune(store: Store, session: str, keep: int, *, dry_run: bool = False) -> PrunePlan:
    """Prunes a session by hand.

    Args:
        store: Where.
        session: Its id.
        keep: How many checkpoints of each agent on each branch; 0 keeps all.
        dry_run: Only tell.

    Returns:
        What was done, or would be.

    Raises:
        SessionOpen: A living process has it.
        PruneStopped: It is damaged or foreign; nothing was deleted.
        StorageError: The storage refused; what is there is whole.
    """
    if dry_run:
        return plan(store.headers(session), store.labels(session), keep)
    with store.lock(session):
        made = plan(store.headers(session), store.labels(session), keep)
        apply(store, made)
    return made


class BuiltOn(UserError):
    """A session that others build on can't be taken away."""

    def __init__(self, session: str, by: str) -> None:
        super().__init__(f"session {session} can't be taken away: {by} builds on it", "take that one away first")


def remove(store: Store, session: str, *, dry_run: bool = False) -> PrunePlan:
    """Takes all of a session away, labelled or not, with what is noted of it.

    The deepest goes first, so that what a kill leaves still folds; the notes go last.

    Raises:
        SessionOpen: A living process has it.
        BuiltOn: A checkpoint of another session stands on one of its.
        StorageError: The storage refused; what is there is whole.
    """
    if dry_run:
        return _all_of(store.headers(session))
    with store.lock(session):
        made = _all_of(store.headers(session))
        own = {header.id for header in made.dropped}
        for other in store.headers():
            if other.session != session and other.parent in own:
                raise BuiltOn(session, f"{other.id} of session {other.session}")
        store.delete(header.id for header in made.dropped)
        store.clear_notes(session, None)
    return made


def _all_of(headers: Iterable[Header]) -> PrunePlan:
    ordered = sorted(headers, key=lambda h: (h.depth, h.sequence), reverse=True)
    return PrunePlan(ordered[0].session if ordered else "", (), tuple(ordered), ())
