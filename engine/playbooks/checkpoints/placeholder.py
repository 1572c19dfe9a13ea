"""What stands for a value that could not be stored: it says so, whenever it is used, instead of being dropped in
silence.

Apart because a placeholder lives in a program's variables, long after the codec is done with it.
"""

from __future__ import annotations

from typing import Any, NoReturn

import msgspec


class Unstorable(RuntimeError):
    """A value is used that could not be stored when its checkpoint was made."""


class LostError(Exception):
    """Stands for an exception that was raised before and can't be built again; bears its name and its arguments.

    Args:
        type_name: The class it was of, `requests.exceptions.HTTPError`.
        args: Its arguments, as far as they could be stored.
    """

    def __init__(self, type_name: str = "", *args: object) -> None:
        super().__init__(type_name, *args)

    @property
    def type_name(self) -> str:
        """The class it was of."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        told = ", ".join(str(arg) for arg in self.args[1:])
        return f"{self.type_name}: {told}" if told else self.type_name


class Lost(msgspec.Struct, frozen=True):
    """What is known of a value that could not be stored."""

    type_name: str
    path: str
    """How it was reached: `$result.rows[3].conn`."""
    made_by: str = ""
    """Source of the statement that made it."""
    reason: str = ""
    """Why, when it is not its type: `larger than max_checkpoint_size_mb`."""

    def __str__(self) -> str:
        article = "an" if self.type_name[:1].lower() in "aeiou" else "a"
        what = f"{article} {self.type_name}" + (f" made by `{self.made_by}`" if self.made_by else "")
        why = f": {self.reason}" if self.reason else ""
        again = "; run that statement again" if self.made_by else "; make it again"
        return f"`{self.path or self.type_name}` could not be stored ({what}){why}{again}"


class Placeholder:
    """Raises `Unstorable` however it is used; only `repr`, `type` and identity are free."""

    __slots__ = ("__lost",)

    def __init__(self, lost: Lost) -> None:
        object.__setattr__(self, "_Placeholder__lost", lost)

    def __repr__(self) -> str:
        return f"<{lost_of(self)}>"

    def __hash__(self) -> int:
        return id(self) >> 4

    def __getattribute__(self, name: str) -> Any:
        if name in ("__class__", "__repr__", "__hash__", "__dict__", "__slots__"):
            return object.__getattribute__(self, name)
        raise Unstorable(str(lost_of(self)))


def lost_of(placeholder: Placeholder) -> Lost:
    """What a placeholder stands for."""
    lost: Lost = object.__getattribute__(placeholder, "_Placeholder__lost")
    return lost


def _raise(self: Placeholder, *_: object, **__: object) -> NoReturn:
    raise Unstorable(str(lost_of(self)))


_USES = """
    setattr delattr str format bytes call bool len length_hint iter next reversed getitem setitem delitem contains
    eq ne lt le gt ge int float complex index round trunc floor ceil neg pos abs invert
    add radd iadd sub rsub isub mul rmul imul matmul rmatmul imatmul truediv rtruediv itruediv
    floordiv rfloordiv ifloordiv mod rmod imod divmod rdivmod pow rpow ipow
    lshift rlshift ilshift rshift rrshift irshift
    and rand iand or ror ior xor rxor ixor enter exit await aiter anext aenter aexit fspath dir
    copy deepcopy reduce reduce_ex getstate
""".split()  # noqa: SIM905  # read as a list of names, it is one
for _use in _USES:
    setattr(Placeholder, f"__{_use}__", _raise)
