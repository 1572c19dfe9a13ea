"""What each kind of event does to the state: the one way by which it changes.

The live state and a restored one come from here alone, so they cannot drift apart: a checkpoint is the events since
the one before, and looking at a past moment folds them, which never runs anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playbooks.state import events as e
from playbooks.state.changes import Write
from playbooks.state.program_state import ProgramState, owner
from playbooks.state.rows import AgentRow, MeetingRow, ProgressRow

_OF_A_FRAME = ("returned", "progress", "response", "whole", "step", "asked", "names", "children", "transcript")


def reduce(state: ProgramState, event: e.Event) -> list[Write]:
    """What an event changes. Pure: `state` is only read; apply the writes to get the next one."""
    return _REDUCERS[type(event)](state, event)


# -- one function a kind of event --------------------------------------------------------------------------------------


def _session_started(s: ProgramState, v: e.SessionStarted) -> list[Write]:
    values = {
        "hash": v.program_hash,
        "roots": v.roots,
        "files": v.files,
        "model": v.model,
        "message": v.message,
        "settings": v.settings,
        "branch": "main",
    }
    return [("session", name, value) for name, value in values.items()]


def _forked(s: ProgramState, v: e.Forked) -> list[Write]:
    writes: list[Write] = [("session", "branch", v.branch)]
    if v.model:
        writes.append(("session", "model", v.model))
    if v.temperature is not None:
        writes.append(("session", "temperature", v.temperature))
    if v.program_hash:
        writes += [("session", "hash", v.program_hash), ("session", "roots", v.roots), ("session", "files", v.files)]
    return writes


def _agent_created(s: ProgramState, v: e.AgentCreated) -> list[Write]:
    row = AgentRow(v.class_name, v.created_by, v.name, "idle", "", 0, 0)
    number = int(v.agent) + 1 if v.agent.isdigit() else s.count.get("agent", 1000)
    return [("agents", v.agent, tuple(row)), ("count", "agent", max(number, s.count.get("agent", 1000)))]


def _agent_status(s: ProgramState, v: e.AgentStatus) -> list[Write]:
    return [("agents", v.agent, tuple(s.agent(v.agent)._replace(status=v.status, error=v.error)))]


def _root_started(s: ProgramState, v: e.RootStarted) -> list[Write]:
    row = s.agent(v.agent)._replace(roots=v.n, root=v.frame, status="running")
    writes: list[Write] = [("agents", v.agent, tuple(row))]
    if v.meeting:
        writes.append(("attended", (v.meeting, v.agent), True))
    return writes


def _variable_written(s: ProgramState, v: e.VariableWritten) -> list[Write]:
    return [("variables", v.agent, v.name, v.data)]


def _frame_entered(s: ProgramState, v: e.FrameEntered) -> list[Write]:
    writes: list[Write] = [
        ("frames", v.frame, (v.agent, v.playbook, v.arguments, v.parent, v.unit, v.path, v.n, v.meeting)),
        ("count", "frame", max(v.frame, s.count.get("frame", 0))),
    ]
    if v.parent:
        writes += [
            ("children", v.parent, v.frame, True),
            ("record", (v.parent, v.unit), ("child", v.path, v.n), (v.frame,)),
        ]
    return writes


def _frame_returned(s: ProgramState, v: e.FrameReturned) -> list[Write]:
    return [("returned", v.frame, v.value)]


def _frame_dropped(s: ProgramState, v: e.FrameDropped) -> list[Write]:
    writes: list[Write] = []
    parent = s.frames[v.frame][3] if v.frame in s.frames else 0
    if parent:
        writes.append(("children", parent, v.frame, None))
    pending = [v.frame]
    while pending:
        frame = pending.pop()
        pending += s.children.get(frame, ())
        if frame not in s.frames:
            continue
        writes.append(("frames", frame, None))
        writes += [(name, frame, None) for name in _OF_A_FRAME if frame in s.tables[name]]
        record = (frame, s.progress_of(frame).unit)
        if record in s.record:
            writes.append(("record", record, None))
    return writes


def _model_asked(s: ProgramState, v: e.ModelAsked) -> list[Write]:
    return [
        ("asked", v.frame, (v.call, v.turn, v.tick, v.prompt_hash, v.model)),
        ("count", "call", max(v.call, s.count.get("call", 0))),
        ("count", "tick", max(v.tick, s.count.get("tick", 0))),
    ]


def _response_received(s: ProgramState, v: e.ResponseReceived) -> list[Write]:
    if v.replace:
        return [("response", v.frame, v.text), ("whole", v.frame, len(v.text))]
    return [("response", v.frame, s.response.get(v.frame, "") + v.text)]


def _response_ended(s: ProgramState, v: e.ResponseEnded) -> list[Write]:
    writes: list[Write] = [("progress", v.frame, tuple(s.progress_of(v.frame)._replace(ended=True)))]
    if v.served:
        return [*writes, ("count", "served", s.count.get("served", 0) + 1)]
    return [*writes, *_taken(s, v)]


def _call_dropped(s: ProgramState, v: e.CallDropped) -> list[Write]:
    return _taken(s, v)


def _taken(s: ProgramState, v: e.ResponseEnded | e.CallDropped) -> list[Write]:
    """What a call took; once one is unknown, so is the sum."""
    writes: list[Write] = []
    for name, value in (("input_tokens", v.input_tokens), ("output_tokens", v.output_tokens), ("cost", v.cost)):
        total = s.count.get(name, 0)
        writes.append(("count", name, -1 if value is None or total == -1 else total + value))
    return writes


def _response_cut(s: ProgramState, v: e.ResponseCut) -> list[Write]:
    return [("progress", v.frame, tuple(s.progress_of(v.frame)._replace(ended=False)))]


def _turn_ended(s: ProgramState, v: e.TurnEnded) -> list[Write]:
    row = s.progress_of(v.frame)
    row = row._replace(turn=row.turn + 1, offset=0, stage=None, ended=False, failures=v.failures)
    writes: list[Write] = [("progress", v.frame, tuple(row)), ("response", v.frame, None), ("whole", v.frame, None)]
    if v.frame in s.response:
        held = s.transcript.get(v.frame)
        writes.append(("transcript", v.frame, len(held) if held else 0, ("response", s.response[v.frame])))
    return writes


def _failed(s: ProgramState, v: e.Failed) -> list[Write]:
    return [("progress", v.frame, tuple(s.progress_of(v.frame)._replace(failures=v.failures)))]


def _unit_ended(s: ProgramState, v: e.UnitEnded) -> list[Write]:
    unit, turn, _, _, ended, failures = s.progress.get(v.frame) or ProgressRow()
    units = v.units if isinstance(v, e.UnitsEnded) else 1
    writes: list[Write] = [("progress", v.frame, (unit + units, turn, v.offset, v.stage, ended, failures))]
    if (v.frame, unit) in s.record:
        writes.append(("record", (v.frame, unit), None))
    if v.names:
        writes += [("names", v.frame, name, data) for name, data in v.names]
    return writes


def _step_reached(s: ProgramState, v: e.StepReached) -> list[Write]:
    return [("step", v.frame, v.label)]


def _noted(s: ProgramState, v: e.Noted) -> list[Write]:
    held = s.transcript.get(v.frame)
    at = v.at if v.at >= 0 else len(held) if held else 0
    return [("transcript", v.frame, at, (v.kind, v.text))]


def _effect_began(s: ProgramState, v: e.EffectBegan) -> list[Write]:
    return [
        ("record", (v.frame, v.unit), ("begun", v.path, v.n), (v.tick, v.label, v.digest, v.waits_for)),
        ("count", "tick", max(v.tick, s.count.get("tick", 0))),
    ]


def _effect_ended(s: ProgramState, v: e.EffectEnded) -> list[Write]:
    return [
        ("record", (v.frame, v.unit), ("ended", v.path, v.n), (v.tick, v.ok, v.outcome)),
        ("record", (v.frame, v.unit), ("child", v.path, v.n), None),
        ("count", "tick", max(v.tick, s.count.get("tick", 0))),
        *_not_attempted(s, v),
    ]


def _effect_cancelled(s: ProgramState, v: e.EffectCancelled) -> list[Write]:
    return [
        ("record", (v.frame, v.unit), ("begun", v.path, v.n), None),
        ("record", (v.frame, v.unit), ("child", v.path, v.n), None),
        *_not_attempted(s, v),
    ]


def _not_attempted(s: ProgramState, v: e.EffectEnded | e.EffectCancelled) -> list[Write]:
    held = ("tried", v.path, v.n) in s.record.get((v.frame, v.unit), ())
    return [("record", (v.frame, v.unit), ("tried", v.path, v.n), None)] if held else []


def _call_attempted(s: ProgramState, v: e.CallAttempted) -> list[Write]:
    return [("record", (v.frame, v.unit), ("tried", v.path, v.n), (v.shown,))]


def _variables_seen(s: ProgramState, v: e.VariablesSeen) -> list[Write]:
    place = (v.frame, v.unit)
    writes: list[Write] = [("record", place, ("seen", name), (number,)) for name, number in v.names]
    return [*writes, ("record", place, ("witness",), (v.path, v.n))]


def _calls_counted(s: ProgramState, v: e.CallsCounted) -> list[Write]:
    return [("count", "call", max(v.call, s.count.get("call", 0)))]


def _variable_read(s: ProgramState, v: e.VariableRead) -> list[Write]:
    data = s.variables.get(owner(s.frames[v.frame][0], v.name), {}).get(v.name)
    return [
        ("record", (v.frame, v.unit), ("segment", v.path, v.n), True),
        ("record", (v.frame, v.unit), ("read", v.path, v.n, v.name), (data,)),
    ]


def _sync_done(s: ProgramState, v: e.SyncDone) -> list[Write]:
    return [("record", (v.frame, v.unit), ("sync", v.path, v.n, v.index), (v.label, v.outcome))]


def _task_happened(s: ProgramState, v: e.TaskHappened) -> list[Write]:
    return [
        ("record", (v.frame, v.unit), ("task", v.path, v.what, v.n), (v.tick,)),
        ("count", "tick", max(v.tick, s.count.get("tick", 0))),
    ]


def _edit_placed(s: ProgramState, v: e.EditPlaced) -> list[Write]:
    return [("record", (v.frame, v.unit), ("edit", v.tick, v.name), (v.data,))]


def _edit_taken(s: ProgramState, v: e.EditTaken) -> list[Write]:
    return [("record", (v.frame, v.unit), ("edit", v.tick, v.name), None)]


def _message_sent(s: ProgramState, v: e.MessageSent) -> list[Write]:
    writes: list[Write] = [
        ("messages", v.id, (v.sender, v.receivers, v.text, v.meeting)),
        ("count", "message", max(v.id, s.count.get("message", 0))),
    ]
    writes += [("inbox", receiver, v.id, True) for receiver in v.receivers if receiver != "human"]
    return writes


def _messages_taken(s: ProgramState, v: e.MessagesTaken) -> list[Write]:
    return [("inbox", v.agent, id, None) for id in v.ids]


def _artifact_saved(s: ProgramState, v: e.ArtifactSaved) -> list[Write]:
    return [("artifacts", v.agent, v.name, (v.summary, v.data))]


def _trigger_recorded(s: ProgramState, v: e.TriggerRecorded) -> list[Write]:
    return [("triggers", v.agent, len(s.triggers.get(v.agent, ())), v.label)]


def _meeting_began(s: ProgramState, v: e.MeetingBegan) -> list[Write]:
    return [
        ("meetings", v.id, tuple(MeetingRow(v.host, v.topic, v.playbook, (v.host,), False))),
        ("count", "meeting", max(int(v.id), s.count.get("meeting", 100))),
    ]


def _meeting_joined(s: ProgramState, v: e.MeetingJoined) -> list[Write]:
    row = s.meeting(v.id)
    attendees = tuple(agent for agent in row.attendees if agent != v.agent)
    writes: list[Write] = [
        ("meetings", v.id, tuple(row._replace(attendees=(*attendees, v.agent) if v.joined else attendees)))
    ]
    if v.joined and (v.id, v.agent) in s.attended:  # it left, and is asked back
        writes.append(("attended", (v.id, v.agent), None))
    return writes


def _meeting_ended(s: ProgramState, v: e.MeetingEnded) -> list[Write]:
    return [("meetings", v.id, tuple(s.meeting(v.id)._replace(ended=True)))]


_REDUCERS: dict[type, Callable[[ProgramState, Any], list[Write]]] = {
    e.SessionStarted: _session_started,
    e.Forked: _forked,
    e.AgentCreated: _agent_created,
    e.AgentStatus: _agent_status,
    e.RootStarted: _root_started,
    e.VariableWritten: _variable_written,
    e.FrameEntered: _frame_entered,
    e.FrameReturned: _frame_returned,
    e.FrameDropped: _frame_dropped,
    e.ModelAsked: _model_asked,
    e.ResponseReceived: _response_received,
    e.ResponseEnded: _response_ended,
    e.ResponseCut: _response_cut,
    e.TurnEnded: _turn_ended,
    e.Failed: _failed,
    e.UnitEnded: _unit_ended,
    e.UnitsEnded: _unit_ended,
    e.StepReached: _step_reached,
    e.Noted: _noted,
    e.EffectBegan: _effect_began,
    e.EffectEnded: _effect_ended,
    e.EffectCancelled: _effect_cancelled,
    e.VariableRead: _variable_read,
    e.SyncDone: _sync_done,
    e.TaskHappened: _task_happened,
    e.EditPlaced: _edit_placed,
    e.EditTaken: _edit_taken,
    e.MessageSent: _message_sent,
    e.MessagesTaken: _messages_taken,
    e.ArtifactSaved: _artifact_saved,
    e.TriggerRecorded: _trigger_recorded,
    e.MeetingBegan: _meeting_began,
    e.MeetingJoined: _meeting_joined,
    e.MeetingEnded: _meeting_ended,
    e.CallAttempted: _call_attempted,
    e.CallsCounted: _calls_counted,
    e.CallDropped: _call_dropped,
    e.VariablesSeen: _variables_seen,
}
