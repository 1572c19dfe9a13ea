"""One façade below the command line, the screen and the tests: everything above the rooms meets here and nowhere
else.
"""

from playbooks.runtime.notices import Listener, Notice
from playbooks.session.debug_session import DebugSession
from playbooks.session.following import FollowedSession
from playbooks.session.moment import FrameView, Moment, ResponseView
from playbooks.session.resume import Resumed, ResumedAgent

__all__ = [
    "DebugSession",
    "FollowedSession",
    "FrameView",
    "Listener",
    "Moment",
    "Notice",
    "ResponseView",
    "Resumed",
    "ResumedAgent",
]
