"""Every row of the table, on every surface: set there, read back on all; the ends of its range, wrong
types, its default. All of it is made from the rows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import Any

import pytest

from livegan.core.controls import PREFIX, Control
from livegan.core.midi_scale import control_at
from livegan.core.table import CONTROLS

from .conftest import Daemon, start_daemon
from .midi_surface import Hardware, MidiSurface
from .panel_client import FREE_PORT
from .surfaces import CliSurface, OscSurface, PageSurface, Surface
from .table_rows import ACTS, MODEL, POINT, SET, Values, right, sample, steps, values_of, wrong

pytestmark = pytest.mark.jack
SURFACES = ("osc", "websocket", "midi", "cli")
"""Every row is tried on each."""
TYPED = [c for c in CONTROLS if c.arguments and not c.arguments[0].many]
ALONE = ("coordinate", "latent", "rhythm", "rhythm_place", "midi_feedback")
"""What is moved by others, or moves others; without MIDI feedback no controller shows anything."""
STEPS = 5
SECONDS = 3.0


@dataclass
class Stage:
    """A daemon, its surfaces, and every value as it was at first."""

    daemon: Daemon
    surfaces: dict[str, Surface]
    witness: OscSurface
    fresh: dict[str, Values]

    def addresses(self, control: Control) -> list[str]:
        """Its own, or with its first and with its last number."""
        told = [a for a in self.fresh if control.pattern.fullmatch(PREFIX + a)]
        if not told and control.index:
            told = [control.at(int(end)) for end in (control.index.low, min(16, control.index.high))]
        return list(dict.fromkeys([told[0], told[-1]])) if told else [control.address]

    def where(
        self, address: str, values: Values, hand: Surface | None = None, seconds: float = SECONDS
    ) -> list[str]:
        """On which surfaces something else is shown for longer than it takes to tell, where `hand` has
        moved it as exactly as it can."""
        control, _ = control_at(address)
        surfaces = {**self.surfaces, "witness": self.witness}
        near = {
            name: tuple(map(max, one.near(control), (hand or one).near(control)))
            for name, one in surfaces.items()
            if one.shows(address, values)
        }
        until = time.monotonic() + seconds
        while True:
            shown = {name: surfaces[name].shown(address) for name in near}
            wrong = [f"{n}: {v}" for n, v in shown.items() if not alike(v, values, near[n])]
            if not wrong or time.monotonic() > until:
                return wrong
            time.sleep(0.002)

    def settle(self) -> None:
        """Until everything that was sent has been told: an address is told so often at the most that
        what waited when `/drift` moved first has been sent before it moves again. It is moved from
        where nothing is shown, for what is on its way to a mover takes the place of its move."""
        for values in ((0.75,), self.fresh["/drift"]):
            self.surfaces["cli"].move("/drift", *values)
            assert not self.where("/drift", values)


@dataclass
class Played:
    """All rows, played from one surface: what went wrong, by the row's name."""

    stage: Stage
    hand: Surface
    set: set[str] = field(default_factory=set)
    set_wrong: dict[str, str] = field(default_factory=dict)
    default_wrong: dict[str, str] = field(default_factory=dict)

    def rounds(self) -> Iterator[list[tuple[Control, str]]]:
        """Rows with their addresses: all that can be moved at once, then one by one what can't."""
        rows = [(control, address) for control in SET for address in self.stage.addresses(control)]
        yield [row for row in rows if row[0].name not in ALONE]
        yield from ([row] for row in rows if row[0].name in ALONE)

    def play(self) -> None:
        for rows in self.rounds():
            self.stage.settle()
            for number in range(STEPS):
                moves = [(c, a, *steps(c)[number]) for c, a in rows if steps(c)]
                moves = [move for move in moves if self.hand.can_send(move[1], move[2])]
                for control, address, sent, _ in moves:
                    self.hand.move(address, *sent)
                    self.set.add(control.name)
                self.check(self.set_wrong, [(c, a, shown) for c, a, _, shown in moves], self.hand)
            moves_back = [(c, a, self.stage.fresh[a]) for c, a in rows]
            for _, address, _ in moves_back:
                self.stage.witness.move("/default", address)
            self.check(self.default_wrong, moves_back, self.stage.witness)

    def check(
        self, wrong: dict[str, str], expected: list[tuple[Control, str, Values]], hand: Surface
    ) -> None:
        for control, address, values in expected:
            found = self.stage.where(address, values, hand, SECONDS if len(wrong) < 5 else 0.05)
            if found:
                wrong.setdefault(control.name, f"{address} {values}, but {', '.join(found)}")


def alike(one: Values | None, other: Values, near: Sequence[float]) -> bool:
    def same(a: Any, b: Any, near: float) -> bool:
        if isinstance(a, str) or isinstance(b, str):
            return str(a) == str(b)
        return isclose(a, b, rel_tol=1e-5, abs_tol=near + 1e-6)

    known = one is not None and len(one) == len(other)
    return known and all(map(same, one, other, (*near, *[0.0] * len(other))))


@pytest.fixture(scope="module")
def stage(jack: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("table")
    hardware = Hardware()
    daemon = start_daemon(
        folder / "log", "--model", MODEL, *FREE_PORT, *MidiSurface.prepare(folder / "livegan")
    )
    witness = OscSurface(daemon)
    fresh = dict(witness.values)
    surfaces = {
        "osc": OscSurface(daemon),
        "websocket": PageSurface(daemon),
        "midi": MidiSurface(daemon, hardware, folder / "livegan"),
        "cli": CliSurface(daemon),
    }
    yield Stage(daemon, surfaces, witness, fresh)
    for surface in (*surfaces.values(), witness):
        surface.close()
    assert daemon.stop() == 0


@pytest.fixture(scope="module", params=SURFACES)
def hand(request: pytest.FixtureRequest, stage: Stage) -> Surface:
    """Each surface in its turn."""
    return stage.surfaces[request.param]


@pytest.fixture(scope="module")
def played(stage: Stage, hand: Surface) -> Played:
    played = Played(stage, hand)
    played.play()
    return played


def named(controls: list[Control]) -> Any:
    return pytest.mark.parametrize("control", controls, ids=lambda control: control.name)


@named([c for c in SET if c.name != "latent"])
def test_a_row_is_set_on_each_surface_and_read_back_on_all(played: Played, control: Control) -> None:
    assert control.name in played.set
    assert control.name not in played.set_wrong, played.set_wrong[control.name]


@named(SET)
def test_a_row_goes_back_to_its_default(played: Played, control: Control) -> None:
    assert control.name not in played.default_wrong, played.default_wrong[control.name]


@named([c for c in SET if c.arguments[0].optional and c.name != "sync"])
def test_a_row_whose_value_may_be_left_out_is_read_back_without_one(
    stage: Stage, hand: Surface, control: Control
) -> None:
    stage.settle()
    for address in stage.addresses(control):
        hand.move(address, 0.5)
        assert not stage.where(address, (0.5,), hand)
        hand.move(address)
        assert not stage.where(address, ())


def test_the_whole_latent_is_set_and_read_back(stage: Stage, hand: Surface) -> None:
    stage.settle()
    hand.move("/z", *POINT)
    on_the_sphere = tuple(value / 2 for value in POINT)
    assert not stage.where("/z", on_the_sphere)
    assert not stage.where("/z/0", on_the_sphere[:1])


@named(TYPED)
def test_a_wrong_type_is_refused_with_the_address_and_what_would_be_right(
    stage: Stage, hand: Surface, control: Control
) -> None:
    address = stage.addresses(control)[0]
    for place, argument in enumerate(control.arguments):
        values = [values_of(other)[0] for other in control.arguments]
        values[place] = wrong(argument)
        before = stage.witness.shown(address)
        said = hand.refusal(address, *values)
        assert f"{PREFIX}{address}" in said
        assert all(text in said for text in (argument.name, *right(argument)))
        assert stage.witness.shown(address) == before


@named([c for c in CONTROLS if not (c.arguments and c.arguments[-1].many)])
def test_too_many_values_are_refused(stage: Stage, hand: Surface, control: Control) -> None:
    values = [1] * (len(control.arguments) + 2)
    said = hand.refusal(stage.addresses(control)[0], *values)
    assert "takes" in said
    assert all(argument.name in said for argument in control.arguments)


@named(ACTS)
def test_what_acts_is_taken_or_refused_with_a_line(
    stage: Stage, hand: Surface, control: Control
) -> None:
    for address in stage.addresses(control):
        errors = hand.said(address, *sample(control))
        assert all(len(error) < 300 and "\n" not in error for error in errors)
    hand.move("/stop")
    hand.move("/freeze", False)
    hand.move("/subscribe", 1)
