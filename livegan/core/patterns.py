"""Address patterns of OSC 1.0, and the `//` of 1.1, against the addresses that there are.

A part of a pattern is matched in time that is bounded by its length times the name's: what is followed
is the set of places in the name that the pattern may have come to, never one way after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .controls import PREFIX, BadControl, Control
from .state import State
from .table import CONTROLS

LONGEST = 100
SPECIAL = re.compile(r"[*?\[\]{}]|//")
TOKEN = re.compile(r"\*+|\?|\[[^\[\]]+\]|\{[^{}]*\}|[^*?\[\]{}]+")
"""`*`, `?`, one of a set, one of some words, or the text itself."""
NAMES = [(PREFIX + control.address)[1:].split("/") for control in CONTROLS]
DEEPEST = max(len(names) for names in NAMES)
LEVELS = [{names[level] for names in NAMES if level < len(names)} for level in range(DEEPEST)]
"""The names at each depth: several rows share them."""


def is_pattern(address: str) -> bool:
    """Whether it may stand for several addresses."""
    return SPECIAL.search(address) is not None


def tokens_of(part: str) -> list[str]:
    """What a part of a pattern is made of. Raises `BadControl` for brackets that don't close."""
    tokens = TOKEN.findall(part)
    if sum(map(len, tokens)) != len(part):
        raise BadControl(f"a pattern's [ and {{ are closed by ] and }}, and not empty: {part[:40]!r}")
    return tokens


def in_set(character: str, inside: str) -> bool:
    """Whether what stands between [ and ] means this character: letters, a-c, and ! before all for
    any other."""
    ranges = re.findall(r".-.|.", inside.removeprefix("!"))
    return any(one[0] <= character <= one[-1] for one in ranges) != inside.startswith("!")


def fits(tokens: Sequence[str], name: str) -> bool:
    """Whether a part of a pattern matches a part of an address."""
    ends = {0}
    for token in tokens:
        inside = [at for at in ends if at < len(name)]
        match token[0]:
            case "*":
                ends = set(range(min(ends), len(name) + 1))
            case "?":
                ends = {at + 1 for at in inside}
            case "[":
                ends = {at + 1 for at in inside if in_set(name[at], token[1:-1])}
            case "{":
                words = token[1:-1].split(",")
                ends = {at + len(w) for at in ends for w in words if name.startswith(w, at)}
            case _:
                ends = {at + len(token) for at in inside if name.startswith(token, at)}
        if not ends:
            return False
    return len(name) in ends


def levels_of(pattern: str) -> list[list[list[str]]]:
    """The tokens of each part, once for every number of levels that a `//` may stand for. Raises
    `BadControl`."""
    if len(pattern) > LONGEST:
        raise BadControl(f"a pattern has up to {LONGEST} characters, not {len(pattern)}")
    before, deep, after = pattern.partition("//")
    if "//" in after:
        raise BadControl("a pattern has one // at the most")
    between = [before + "/*" * levels + "/" + after for levels in range(DEEPEST)]
    return [[tokens_of(p) for p in one[1:].split("/")] for one in (between if deep else [pattern])]


def rows_of(pattern: str) -> Iterator[tuple[Control, Sequence[str]]]:
    """The controls that a pattern may mean, whatever there is now, and what the number in the address
    must fit. Raises `BadControl`."""
    for parts in levels_of(pattern):
        fitting = [
            {name for name in names if name.startswith("{") or fits(part, name)}
            for part, names in zip(parts, LEVELS, strict=False)
        ]
        for control, names in zip(CONTROLS, NAMES, strict=True):
            if len(names) == len(parts) and all(map(set.__contains__, fitting, names)):
                yield control, next((p for p, n in zip(parts, names, strict=True) if n[0] == "{"), ())


def may_match(pattern: str) -> list[Control]:
    """The controls that a pattern may mean, whatever there is now. Raises `BadControl`."""
    return [control for control, _ in rows_of(pattern)]


def matching(pattern: str, state: State) -> Iterator[tuple[Control, tuple[int, ...]]]:
    """The controls whose addresses a pattern matches now, with the numbers in them. Raises
    `BadControl`."""
    for control, numbered in rows_of(pattern):
        if control.index is None:
            yield control, ()
        for place in control.places(state):
            if fits(numbered, str(place)):
                yield control, (place,)
