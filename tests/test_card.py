"""The model card says what was measured and what is wrong."""

from __future__ import annotations

import torch

from livegan import __version__
from livegan.core.model import ModelInfo, Track
from livegan_export.card import card
from livegan_train.checkpoint import Checkpoint
from livegan_train.config import load_config
from livegan_train.provenance import code, machine

HELD = {"eb": 20.0, "upc": 3.0, "qn": 95.0, "pr": 10.0, "notes": 4.0, "dis": 1.0, "distinct": 60.0}


def text(**drawn: float) -> str:
    config = load_config("musegan-accompany-small")
    tracks = (Track("MELODY", 0, False, (1.0,), given=True), Track("PIANO", 0, False, (1.0,)))
    quality = {"PIANO": HELD | drawn}
    info = ModelInfo("mine", "onset", 32, tracks, quality=quality, data="Songs.", credit="Them.")
    data = {
        "bars": 1234, "valid": [HELD, HELD], "tracks": ["MELODY", "PIANO"], "seconds": 754.0,
        "machine": machine(torch.device("cpu")), "code": code(),
    }  # fmt: skip
    checkpoint = Checkpoint(config, 500, 2.5, data, [{"step": 900.0}], {"ema": {}})
    return card(info, checkpoint, 1_500_000)


def test_a_card_tells_data_credit_network_command_and_figures() -> None:
    made = text()
    for said in (
        "for PIANO, for a given MELODY", "1,234 bars", "Songs.", "Them.", "1.5 MB", "step 500",
        "best of 900", "for 13 minutes", "thread", f"version {__version__}",
        "livegan train musegan-accompany --data", "| PIANO | 20 | 3 | 95 |",
    ):  # fmt: skip
        assert said in made
    assert "PIANO:" not in made, "nothing is wrong with it"


def test_what_is_off_is_said() -> None:
    made = text(eb=24.0, dis=9.0, notes=9.0, distinct=10.0)
    assert "EB is 4 off, farther than the paper's 2.9" in made
    assert "more semitone clashes" in made
    assert "9.0 notes a bar where songs have 4.0" in made
    assert "repeats itself, 10 % distinct" in made
