"""Meetings: who is in them, who hears what, what they share, and how they end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from runtime.scenario import Run, resume
from runtime.written import Answer, Written, outputs, resumes, said, start, told, variables, written

from playbooks.runtime.runtime import RunSettings

TEAM = """
    # Lead
    ## Main
    ### Triggers
    - When the program starts
    ### Steps
    - Go

    ## Standup($topic, attendees=None, day="Monday")
    meeting: true
    required_attendees: [Builder]
    ### Steps
    - Go

    # Builder
    startup_mode: standby
    ## Standup($topic, $day)
    meeting: true
    ### Steps
    - Go

    # Tester
    startup_mode: standby
    ## Review
    meeting: true
    ### Steps
    - Go

    # Guest
    startup_mode: standby
    ## Other
    public: true
    ### Steps
    - Go
"""
OPENS = 'x = await Standup("the release")\nawait Return(x)'
LISTENS = 'while not (x := await Yld("meeting")).endswith("has ended"):\n    $heard = x\nawait Return($heard)'


def team(
    lead: Answer,
    builder: Answer = LISTENS,
    main: Answer = OPENS,
    person: tuple[str, ...] = (),
    settings: RunSettings | None = None,
    **answers: Answer,
) -> Written:
    all_answers: dict[str, Answer] = {"Main": main, "Lead.Standup": lead, "Builder.Standup": builder, **answers}
    return written(TEAM, all_answers, person=person, settings=settings)


def meeting(run: Run, id: str = "101"):  # type: ignore[no-untyped-def]
    return run.runtime.state.meeting(id)


@pytest.mark.rule("R-MEETING")
def test_calling_its_playbook_opens_a_meeting_and_makes_who_must_take_part() -> None:
    run = resumes(team("await Return([meeting.topic, meeting.attendees, meeting.id, str(meeting)])"))
    assert run.results["1000"] == [["the release", ["agent 1000", "agent 1001"], "meeting 101", "meeting 101"]]
    assert run.runtime.state.agents["1001"][0] == "Builder"
    assert meeting(run).ended


def test_the_model_is_told_the_meeting_its_topic_and_who_is_there() -> None:
    run = start(team("await Return(1)", "await Return(2)"))
    leads, attends = (str(request.prompt) for request in run.model.requests if request.playbook == "Standup")
    assert "You are in meeting 101, about the release, with agent 1001 (Builder)." in leads
    assert "You are in meeting 101, about the release, with agent 1000 (Lead)." in attends


def test_the_model_of_an_attendee_is_told_when_the_meeting_has_ended() -> None:
    run = start(team("await Return(1)", ('await Yld("meeting")', "await Return(2)")))
    last = next(str(r.prompt) for r in reversed(run.model.requests) if r.playbook == "Standup" and r.agent_id == "1001")
    assert "Meeting 101, about the release, has ended." in last and "You are in meeting" not in last


def test_an_attendee_is_given_the_leaders_arguments() -> None:
    run = resumes(
        team('await Yld("meeting")\nawait Return(1)', 'await Say("meeting", topic)\nawait Return([topic, day])')
    )
    assert run.results["1001"] == [["the release", "Monday"]]
    assert said(run) == ["the release"]


@pytest.mark.rule("R-MEETING")
def test_all_hear_what_is_said_to_the_meeting_and_nobody_else() -> None:
    run = resumes(
        team(
            'await Say("meeting", "hello")\nawait Return(1)',
            main="""
            await CreateAgent("Tester")
            await CreateAgent("Guest")
            x = await Standup("it", attendees=["Tester"])
            await Return(x)
            """,
            Review=LISTENS,
        )
    )
    assert [sorted(row[1]) for row in run.runtime.state.messages.values()] == [["1001", "1003"]]
    assert run.results["1001"] == ["Lead (agent 1000): hello"]
    assert run.results["1003"] == ["Lead (agent 1000): hello"]
    assert "1002" not in run.results


def test_what_is_said_to_some_is_heard_by_those_alone() -> None:
    run = resumes(
        team(
            """
            await Say("meeting 101, Tester", "for the tester")
            await Say("meeting 101, agent 1002", "for the builder")
            await Return(1)
            """,
            main='await CreateAgent("Tester")\nx = await Standup("it", attendees=["Tester"])\nawait Return(x)',
            Review=LISTENS,
        )
    )
    assert run.results["1001"] == ["Lead (agent 1000): for the tester"]
    assert run.results["1002"] == ["Lead (agent 1000): for the builder"]


def test_somebody_who_is_not_in_the_meeting_is_no_target_there() -> None:
    run = start(
        team(
            ('await Say("meeting 101, Tester", "psst")', "await Return(1)"),
            main='await CreateAgent("Tester")\nx = await Standup("it")\nawait Return(x)',
        )
    )
    assert said(run) == []
    asked = [str(request.prompt) for request in run.model.requests if request.agent == "Lead"]
    told_to_all = "agent 1001 (Tester) does not take part in meeting 101; agent 1000 (Lead), agent 1002 (Builder) do"
    assert any(told_to_all in prompt for prompt in asked)


@pytest.mark.parametrize(
    "does", ['Say("meeting 101", "psst")', 'Yld("meeting 101")', 'InviteToMeeting("101", ["Tester"])']
)
def test_who_takes_no_part_neither_speaks_nor_listens_nor_invites_there(does: str) -> None:
    run = resumes(
        team(
            "x = await Guest.Other()\nawait Return(x)",
            "await Return(1)",
            main='await CreateAgent("Guest")\nawait CreateAgent("Tester")\nx = await Standup("it")\nawait Return(x)',
            **{"Guest.Other": (f"await {does}", "await Return('refused')")},
        )
    )
    assert "this agent takes no part in meeting 101" in told(run, "Other")
    assert said(run) == []
    assert run.results["1000"] == ["refused"]


@pytest.mark.rule("R-MEETING")
def test_invited_agents_join_and_hear_what_comes_after() -> None:
    run = resumes(
        team(
            """
            await Say("meeting", "first")
            await InviteToMeeting("meeting 101", ["Tester"])
            await Say("meeting", "second")
            await Return(meeting.attendees)
            """,
            Review=LISTENS,
        )
    )
    assert run.results["1000"] == [["agent 1000", "agent 1001", "agent 1002"]]
    assert run.results["1002"] == ["Lead (agent 1000): second"]


def test_an_invitation_of_nobody_is_an_error_and_opens_nothing() -> None:
    run = resumes(
        team(
            "await Return(1)",
            main=('x = await Standup("it", attendees=["Tester", "Nobody"])', "await Return('none')"),
        )
    )
    assert '"Nobody" is nobody here' in told(run)
    assert run.runtime.state.meetings == {}
    assert list(run.runtime.state.agents) == ["human", "1000"]


def test_an_agent_without_a_part_of_its_own_only_listens() -> None:
    run = resumes(
        team(
            'await Say("meeting", "hello")\nawait Return(1)',
            main='await CreateAgent("Guest")\nx = await Standup("it", attendees=["Guest"])\nawait Return(x)',
        )
    )
    assert run.ended == "finished"
    assert "1001" in meeting(run).attendees
    assert "1001" not in run.results and [request.agent for request in run.model.requests].count("Guest") == 0


# -- shared state ----------------------------------------------------------------------------------------------------


def test_all_share_its_state_by_attribute_and_by_key_exactly_on_resume() -> None:
    run = resumes(
        team(
            """
            meeting.shared_state.plan = ["a"]
            meeting.shared_state["n"] = 1
            await Say("meeting", "look")
            await Yld("meeting")
            await Return([meeting.shared_state["plan"], meeting.shared_state.n, meeting.shared_state.get("none", 5)])
            """,
            """
            await Yld("meeting")
            meeting.shared_state.plan.append("b")
            meeting.shared_state.n += 1
            await Say("meeting", "done")
            await Return(1)
            """,
        )
    )
    assert run.results["1000"] == [[["a", "b"], 2, 5]]
    assert variables(run, "meetings") == {"meeting 101.n": 2, "meeting 101.plan": ["a", "b"]}


def test_an_unset_part_of_the_shared_state_is_an_error_that_names_it() -> None:
    run = start(
        team(
            """
            try:
                meeting.shared_state.plan
            except AttributeError as e:
                a = str(e)
            try:
                meeting.shared_state["plan"]
            except KeyError as e:
                b = str(e)
            await Return([a, b])
            """
        )
    )
    assert run.results["1000"] == [["the meeting's shared state has no plan", "'plan'"]]


def test_the_shared_state_can_be_kept_in_a_variable() -> None:
    run = resumes(
        team(
            """
            s, m = meeting.shared_state, meeting
            s.n = 1
            await Wait(1)
            s.n += 1
            await Wait(2)
            await Return([m.topic, s.n])
            """
        )
    )
    assert run.results["1000"] == [["the release", 2]]


def test_two_meetings_share_nothing() -> None:
    run = resumes(
        team(
            "meeting.shared_state.n = meeting.shared_state.get('n', 0) + 1\nawait Return(meeting.shared_state.n)",
            "await Return(1)",
            main='a = await Standup("one")\nb = await Standup("two")\nawait Return([a, b])',
        )
    )
    assert run.results["1000"] == [[1, 1]]


# -- hearing ---------------------------------------------------------------------------------------------------------


def test_what_is_said_within_the_batch_time_is_heard_together() -> None:
    run = start(
        team(
            'x = await Yld("meeting")\nawait Return(x)',
            'await Say("meeting", "one")\nawait Say("meeting", "two")\nawait Say("meeting", "three")\nawait Return(1)',
            settings=RunSettings(message_batch_timeout=0.05, message_batch_max_wait=1.0),
        ),
        in_virtual_time=True,
    )
    lines = "\n".join(f"Builder (agent 1001): {word}" for word in ("one", "two", "three"))
    assert run.results["1000"] == [lines]


def test_waiting_for_a_quiet_moment_is_bounded_though_people_go_on_talking() -> None:
    run = start(
        team(
            'x = await Yld("meeting")\nawait Return(x.count("word"))',
            'for n in range(100):\n    await Say("meeting", "word")\n    await asyncio.sleep(0.004)\nawait Return(1)',
            settings=RunSettings(message_batch_timeout=0.03, message_batch_max_wait=0.062),
        ),
        in_virtual_time=True,
    )
    assert run.results["1000"] == [16]  # one every 4 ms, from 0 to 60


def test_a_meetings_talk_is_not_taken_for_what_an_agent_says_aside() -> None:
    run = resumes(
        team(
            'a = await Yld("agent 1001")\nb = await Yld("meeting")\nawait Return([a, b])',
            'await Say("meeting", "to all")\nawait Say("Lead", "aside")\nawait Return(1)',
        )
    )
    assert run.results["1000"] == [["aside", "Builder (agent 1001): to all"]]


# -- the person ------------------------------------------------------------------------------------------------------


def test_the_person_takes_part_hears_and_is_heard_by_all() -> None:
    run = resumes(
        team(
            'await Say("meeting", "What do you say?")\nx = await Yld("meeting")\nawait Return(x)',
            'x = await Yld("meeting")\ny = await Yld("meeting")\nawait Return([x, y])',
            main='x = await Standup("it", attendees=["user"])\nawait Return(x)',
            person=("Ship it.",),
        ),
        race=True,
    )
    rows = list(run.runtime.state.messages.values())
    assert [sorted(row[1]) for row in rows if row[0] == "1000"] == [["1001", "human"]]
    assert [row[1:] for row in rows if row[0] == "human"] == [(("1000", "1001"), "Ship it.", "101")]
    assert "user: Ship it." in str(run.results["1000"])
    assert "user: Ship it." in str(run.results["1001"])


def test_a_person_is_asked_once_by_each_wait_in_a_meeting() -> None:
    """One who has heard something waits a moment for more of the others: that is no question to the person."""
    run = resumes(
        team(
            'x = await Yld("meeting")\ny = await Yld("user")\nawait Return([x, y])',
            "await Return(0)",
            main='x = await Standup("it", attendees=["user"])\nawait Return(x)',
            person=("one", "two"),
            settings=RunSettings(message_batch_timeout=0.02, message_batch_max_wait=0.02),
        )
    )
    assert run.results["1000"] == [["user: one", "two"]]


def test_a_meeting_that_waits_for_a_person_who_left_can_be_resumed() -> None:
    run = start(
        team(
            'await Say("meeting", "Who is there?")\nx = await Yld("meeting")\nawait Return(x)',
            main='x = await Standup("it", attendees=["user"])\nawait Return(x)',
        )
    )
    assert run.ended == "interrupted"
    assert run.runtime.needs_input
    run.scenario = replace(run.scenario, person=("Here I am.",))
    again = resume(run, run.headers[-1].id)
    assert (again.ended, again.results["1000"]) == ("finished", ["user: Here I am."])


# -- the end ---------------------------------------------------------------------------------------------------------


def test_the_meeting_ends_when_its_leader_returns_and_those_who_wait_are_told() -> None:
    run = resumes(
        team(
            "await Wait(90)\nawait Return(1)",
            'x = await Yld("meeting")\nawait Say("Lead", "off then")\nawait Return(x)',
            main='await Standup("it")\nx = await Yld("Builder")\nawait Return(x)',
        )
    )
    assert run.ended == "finished"
    assert run.results["1000"] == ["off then"]
    assert run.results["1001"] == ["meeting 101 has ended"]


def test_it_ends_at_every_checkpoint_in_the_same_step_as_the_leaders_part() -> None:
    whole = start(team('await Say("meeting", "bye")\nawait Return(1)'))
    for header in whole.headers[2:]:
        again = resume(whole, header.id)
        assert again.ended == "finished", header.id
        assert meeting(again).ended


def test_a_leader_that_fails_ends_the_meeting_too() -> None:
    run = resumes(
        team(
            "undefined",
            'x = await Yld("meeting")\nawait Return(x)',
            main="try:\n    await Standup('it')\nexcept Exception:\n    $failed = True\nawait Return($failed)",
        )
    )
    assert run.results == {"1000": [True], "1001": ["meeting 101 has ended"]}


def test_a_leader_that_is_cancelled_ends_the_meeting_too() -> None:
    run = start(
        team(
            'await Yld("meeting")\nawait Return(1)',
            'x = await Yld("meeting")\nawait Return(x)',
            main="""
            try:
                await asyncio.wait_for(Standup("it"), 0.03)
            except TimeoutError:
                $late = True
            await Return($late)
            """,
        ),
        in_virtual_time=True,  # so that all have come before it is too late
    )
    assert run.results == {"1000": [True], "1001": ["meeting 101 has ended"]}


def test_an_attendee_who_returns_has_left() -> None:
    run = resumes(
        team(
            'await Yld("meeting")\nawait Wait(60)\nawait Say("meeting", "you?")\nawait Return(meeting.attendees)',
            'await Say("meeting", "I must go")\nawait Return(1)',
        )
    )
    assert run.results["1000"] == [["agent 1000"]]


def test_an_attendee_who_left_can_be_asked_back() -> None:
    run = resumes(
        team(
            """
            await Yld("meeting")
            await Wait(90)
            await InviteToMeeting("meeting 101", ["agent 1001"])
            x = await Yld("meeting")
            await Return(x)
            """,
            'await Say("meeting", "I am here")\nawait Return(1)',
        )
    )
    assert run.results == {"1000": ["Builder (agent 1001): I am here"], "1001": [1, 1]}


def test_an_agent_that_can_not_be_made_opens_no_meeting() -> None:
    run = resumes(
        written(
            TEAM.replace("# Builder\n", "# Builder\n    ```python\n    x = 1 / 0\n    ```\n"),
            {"Main": ('await Standup("it")', "await Return(1)")},
        )
    )
    assert "the Python block of Builder fails: ZeroDivisionError: division by zero" in told(run)
    assert run.runtime.state.meetings == {}
    assert list(run.runtime.state.agents) == ["human", "1000"]


def test_nothing_can_be_said_to_a_meeting_that_has_ended() -> None:
    late = 'await Standup("the release")\nawait Say("meeting 101", "hey")'
    run = start(team("await Return(1)", "await Return(1)", main=(late, "await Return(2)")))
    assert "meeting 101 has ended: nobody hears what is said to it" in told(run)
    assert said(run) == []


def test_an_open_meeting_that_nobody_speaks_in_is_a_deadlock_that_says_who_waits() -> None:
    run = resumes(team('x = await Yld("meeting")\nawait Return(x)', 'x = await Yld("meeting")\nawait Return(x)'))
    assert run.ended == "failed"
    assert "Lead (agent 1000) waits for meeting 101" in run.error
    assert "Builder (agent 1001) waits for meeting 101" in run.error
    assert outputs(run) == []
