"""The model file: what it says of itself, and that a bad one is refused with one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from livegan.core.model import METADATA_KEY, BadModel
from livegan.core.music import PITCHES, STEPS_PER_BAR, Note
from livegan.core.rendering import Cue, channel_of, render_bar
from livegan.core.roll import roll_from_notes
from livegan.core.state import initial
from livegan.core.wandering import advance
from livegan.shell.generator import load_model, shipped_models
from livegan.shell.midi_file import write_midi
from livegan_export import onnx_file
from livegan_export.onnx_file import ExportRefused, Texts, write_model
from livegan_train.checkpoint import Checkpoint
from livegan_train.config import Config
from livegan_train.drawn import drawn_bars
from livegan_train.run import setup

CONFIG = Config(
    name="small", head="cells", generator="paper-cnn", generator_width=4, critic="paper-bilstm",
    critic_width=4, loss="cross-entropy", latent=6,
)  # fmt: skip


def checkpoint(config: Config = CONFIG) -> Checkpoint:
    data = {
        "tracks": ["Drums", "Piano"],
        "bars": 10,
        "note_quantiles": [[1.0, 4.0, 9.0]] * 2,
        "valid": [{}],
    }
    return Checkpoint(config, 1, 1.0, data, [], {"ema": setup(config, data["tracks"]).ema.state_dict()})


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(onnx_file, "QUALITY_BARS", 20)
    path = tmp_path / "small.onnx"
    write_model(checkpoint(), path, "small", Texts("a few bars", "nobody", "MIT"))
    return path


def test_one_file_holds_graph_and_metadata(model: Path) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    info = json.loads(session.get_modelmeta().custom_metadata_map[METADATA_KEY])
    assert (info["name"], info["head"], info["latent"]) == ("small", "cells", 6)
    assert [(t["name"], t["drums"]) for t in info["tracks"]] == [("Drums", True), ("Piano", False)]
    assert set(info["quality"]) == {"Drums", "Piano"}
    assert info["licence"] == "MIT"
    assert [entry.name for entry in model.parent.iterdir()] == ["small.onnx"]


def test_the_exported_model_plays_what_torch_draws(model: Path) -> None:
    generator = load_model(str(model))
    z = np.random.default_rng(0).standard_normal(6)
    playable, _ = onnx_file.playable_of(checkpoint_of(model))
    with torch.no_grad():
        (cells,) = playable(torch.from_numpy(z[None]).float())
    assert np.abs(generator.logits(Cue(z)).keep - cells[0].numpy()).max() < 1e-4
    assert generator.info.tracks[1].note_quantiles == (1.0, 4.0, 9.0)


def test_every_track_is_measured_and_written_under_its_own_name(model: Path, tmp_path: Path) -> None:
    generator = load_model(str(model))
    bars = drawn_bars(generator, 3, 1)
    state = replace(initial(1, generator.info.latent), fresh=True)
    for seed in range(3):
        state = advance(state, seed) if seed else state
        notes = render_bar(generator, state, Cue(state.heard))
        for track, channel in enumerate((9, 0)):
            expected = roll_from_notes(note for note in notes if note.channel == channel)
            assert expected.any()
            assert (bars[seed, track] == expected).all()
    out = tmp_path / "two.mid"
    events = [(0, 0x90, 60, 90), (6, 0x80, 60, 0), (6, 0x99, 36, 90), (7, 0x89, 36, 0)]
    write_midi(out, events, [(0, 120.0)], 96, generator.info.tracks)
    named = {
        track.name: {m.channel for m in track if m.type == "note_on"}
        for track in mido.MidiFile(out).tracks[1:]
    }
    assert named == {"Drums": {9}, "Piano": {0}}


def checkpoint_of(model: Path) -> Checkpoint:
    """The one that the fixture exported: the seed makes its weights."""
    assert model.exists()
    return checkpoint()


def test_an_export_that_differs_from_torch_is_refused_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.onnx"
    path.write_text("what was there")
    monkeypatch.setattr(onnx_file, "PARITY_LIMIT", 0.0)
    with pytest.raises(ExportRefused, match="differs from torch"):
        write_model(checkpoint(), path, "small", Texts())
    assert path.read_text() == "what was there"
    assert len(list(tmp_path.iterdir())) == 1


def edited(model: Path, **changes: object) -> Path:
    proto = onnx.load(model)
    entry = next(e for e in proto.metadata_props if e.key == METADATA_KEY)
    entry.value = json.dumps(json.loads(entry.value) | changes)
    onnx.save(proto, model)
    return model


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"version": 99}, "format is version 99"),
        ({"head": "tail"}, "known are cells, onset"),
        ({"head": "onset"}, "doesn't play a bar"),
        ({"steps_per_bar": 48}, "this version plays 96"),
        ({"latent": 7}, "doesn't play a bar"),
        ({"controls": ["density"]}, "wants the inputs density"),
        ({"tracks": 3}, "metadata can't be read"),
    ],
)
def test_a_model_that_cannot_be_played_is_refused_with_the_reason(
    model: Path, changes: dict[str, object], why: str
) -> None:
    with pytest.raises(BadModel, match=why) as refused:
        load_model(str(edited(model, **changes)))
    assert "\n" not in str(refused.value)


def test_other_files_are_refused(tmp_path: Path, model: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("la la la")
    half = tmp_path / "half.onnx"
    half.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    bare = onnx.load(model)
    del bare.metadata_props[:]
    onnx.save(bare, tmp_path / "bare.onnx")
    for path, why in (
        (text, "not an ONNX"),
        (half, "not an ONNX"),
        (tmp_path / "bare.onnx", "not livegan"),
    ):
        with pytest.raises(BadModel, match=why):
            load_model(str(path))
    with pytest.raises(BadModel, match="no model 'nothing': shipped are"):
        load_model("nothing")


@pytest.mark.parametrize("name", sorted(shipped_models()))
def test_every_shipped_model_is_small_credited_and_has_a_card(name: str) -> None:
    path = shipped_models()[name]
    info = load_model(name).info
    assert info.name == name
    assert path.stat().st_size < 8_000_000
    assert info.data
    assert info.credit
    assert info.licence
    assert info.quality
    card = path.with_suffix(".md").read_text()
    assert info.credit.split(",")[0] in card


def test_the_papers_models_are_not_more_than_25_megabytes() -> None:
    papers = {n: p for n, p in shipped_models().items() if n not in ("piano", "trio", "band")}
    assert sum(path.stat().st_size for path in papers.values()) < 25_000_000


@pytest.mark.parametrize("name", sorted(shipped_models()))
def test_every_track_of_a_shipped_model_sounds(name: str) -> None:
    generator = load_model(name)
    bars = drawn_bars(generator, 60, 1)
    for place, track in enumerate(generator.info.tracks):
        assert bars[:, place].any() != track.given, f"{track.name} of {name}"


MANY = replace(CONFIG, head="onset", generator="conv16", critic="conv", loss="wasserstein")
KINDS = {
    "jamming": replace(MANY, arrangement="jamming"),
    "hybrid": replace(MANY, arrangement="hybrid"),
    "phrase": replace(MANY, phrase=4),
    "accompanist": replace(MANY, given="Piano"),
    "naive": replace(CONFIG, generator="paper-naive"),
    "bilstm": replace(CONFIG, generator="paper-bilstm"),
    "sixteenths of the paper": replace(CONFIG, head="onset"),
    "cells by sixteenths": replace(MANY, head="cells"),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_network_exports_and_plays(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "QUALITY_BARS", 8)
    path = tmp_path / "model.onnx"
    info, worst = write_model(checkpoint(KINDS[kind]), path, kind, Texts())
    assert worst < 1e-4
    generator = load_model(str(path))
    assert (generator.info.latent, generator.info.phrase) == (info.latent, KINDS[kind].phrase)
    cues = [Cue(np.ones(info.latent), place) for place in range(generator.info.phrase)]
    assert all(generator.logits(cue).onset.shape == (2, STEPS_PER_BAR, PITCHES) for cue in cues)


def test_a_phrase_model_plays_another_bar_at_every_place(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_bytes(KINDS["phrase"]))
    generator = load_model(str(path))
    bars = [generator.logits(Cue(np.ones(6), place)).onset for place in range(4)]
    assert all(not np.array_equal(bars[0], other) for other in bars[1:])


def test_an_accompanist_plays_the_given_track_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_bytes(KINDS["accompanist"]))
    generator = load_model(str(path))
    assert [track.given for track in generator.info.tracks] == [False, True]
    tune = roll_from_notes([Note(0, 24, 60, 90), Note(24, 12, 60, 90), Note(30, 60, 64, 90)])
    state = initial(1, generator.info.latent)
    notes = render_bar(generator, state, Cue(state.heard, given=tune))
    heard = [n for n in notes if n.channel == channel_of(1, generator.info.tracks)]
    assert (roll_from_notes(heard) == tune).all()
    silence = render_bar(generator, state, Cue(state.heard))
    assert not [n for n in silence if n.channel == channel_of(1, generator.info.tracks)]


def onnx_bytes(config: Config) -> bytes:
    made = checkpoint(config)
    graph = onnx_file.build(onnx_file.playable_of(made)[0])
    return onnx_file.with_metadata(graph, onnx_file.describe(made, "model", Texts()), {})
