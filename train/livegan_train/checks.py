"""What every configuration checks, and what it says when something is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LEAST_BATCH = 4


class BadConfig(ValueError):
    """The configuration can't be used; the message says which line and what would be right."""


def one_of(key: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise BadConfig(f"{key} = {value!r}: choose one of {', '.join(sorted(known))}")


def check_number(key: str, value: object, may_be_zero: Sequence[str]) -> None:
    zero = key in may_be_zero or isinstance(value, bool)
    if isinstance(value, (int, float)) and not (value > 0 or (zero and value == 0)):
        raise BadConfig(f"{key} = {value}: must be {'0 or more' if zero else 'above 0'}")
