"""An agent's variables as people and scripts are shown them: by the names that `--set` takes, without what is no data.

Apart because `show`, `diff` and the exports must leave out the same names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from playbooks.checkpoints.codec import Described
from playbooks.checkpoints.describe import LONGEST, describe
from playbooks.session.moment import Moment

_NO_DATA = frozenset({"function", "module", "builtin", "name", "method", "reference"})


def is_data(value: object) -> bool:
    """Whether a value is shown: not a playbook, a builtin, a module or a function."""
    return not (type(value) is Described and value.kind in _NO_DATA)


def variables_of(moment: Moment, agent: str, hidden: Collection[str] = ()) -> dict[str, Any]:
    """An agent's variables by bare name: its innermost frame's, then its own.

    One of the agent's that a frame's hides is under `$name`.

    Args:
        moment: When.
        agent: Whose.
        hidden: Names that a frame's has at another moment, which this one is set beside: there one name means one
            variable.
    """
    frame: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for name, value in moment.variables(agent).items():
        if is_data(value):
            (own if name.startswith("$") else frame)[name] = value
    hidden = {*frame, *hidden}
    return {**frame, **{(name if name[1:] in hidden else name[1:]): value for name, value in own.items()}}


def framed(moment: Moment, agent: str) -> set[str]:
    """Names of what an agent's innermost frame has."""
    return {name for name, value in moment.variables(agent).items() if not name.startswith("$") and is_data(value)}


def shown_variables(
    moment: Moment, agent: str, longest: int = LONGEST, hidden: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """`variables_of` with every value described: `{"type", "value"|"repr"}`.

    Args:
        moment: When.
        agent: Whose.
        longest: Characters after which a text is cut.
        hidden: As `variables_of`.
    """
    return described(variables_of(moment, agent, hidden), longest)


def described(values: Mapping[str, Any], longest: int = LONGEST) -> dict[str, dict[str, Any]]:
    """Name → `{"type", "value"|"repr"}`, without what is no data."""
    return {name: describe(value, longest) for name, value in values.items() if is_data(value)}
