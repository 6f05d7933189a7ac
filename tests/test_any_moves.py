"""Every row of the table, moved at random at any moment, mid-note too: nothing hangs, nothing fails."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from benchmarks.any_move import address_of, any_move, values_of
from benchmarks.soak_fake import FakeStage
from livegan.core.addressing import move_for
from livegan.core.state import BadValue
from livegan.core.table import CONTROLS

from .played import model

SECONDS, EAGER = 20.0, 8.0
"""Of music, and how many times as often as in a soak something is moved."""


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("names", [("piano", "trio", "musegan-hybrid-games"), ("band", "piano")])
def test_no_note_hangs_whatever_is_moved_when(names: tuple[str, ...], seed: int) -> None:
    stage = FakeStage([model(name) for name in names], random.Random(seed), EAGER)
    stage.run(SECONDS)
    stage.stop()
    assert stage.listener.notes
    assert (stage.listener.hanging, stage.failed, stage.missed) == (0, 0, 0)


def test_every_row_is_among_what_is_moved_and_takes_it() -> None:
    chance = random.Random(1)
    for control in CONTROLS:
        for _ in range(5):
            move_for(f"/livegan{address_of(control, chance)}", values_of(control, chance))
    moved = {
        move_for(f"/livegan{a}", v).control.name for a, v in (any_move(chance) for _ in range(5_000))
    }
    assert moved == {control.name for control in CONTROLS} - {"subscribe", "unsubscribe", "latent"}


@pytest.mark.parametrize("quantum", ["step", "4"])
def test_places_of_one_model_are_none_in_the_next_whatever_is_taken_back(quantum: str) -> None:
    stage = FakeStage([model("piano"), model("trio")], random.Random(1), eager=1e-9)
    stage.run(5.0)
    stage.move("/quantum", quantum)
    stage.deliver(stage.conductor.use(model("trio")))
    for address in ("/dice", "/scene/3/recall", "/scene/2/store"):
        stage.move(address)
    stage.run(stage.now + 3.0)
    for address in ("/undo", "/undo"):
        with suppress(BadValue):
            stage.move(address)
    stage.run(stage.now + 12.0)
    state = stage.conductor.state
    sizes = {len(point) for point in (state.point, *(scene.point for scene in state.scenes))}
    assert sizes == {model("trio").info.latent}
    assert stage.failed == 0
