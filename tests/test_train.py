"""Training: the paper's sizes, heads that agree with the runtime, runs that resume."""

from __future__ import annotations

import math
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.core.decode import decode, onset_and_keep
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note
from livegan.core.roll import roll_from_notes
from livegan_train import checkpoint as checkpoints
from livegan_train.config import BadConfig, Config, config_from, load_config, shipped
from livegan_train.critics import CRITICS, PaperBiLstm
from livegan_train.data import BadArchive, draw_batch, load_bars
from livegan_train.generators import PaperCnn
from livegan_train.heads import HEADS, CellsHead, OnsetHead, bars_from_roll
from livegan_train.loop import Diverged, fit, sample_rolls, setup, train_step
from livegan_train.losses import gradient_penalty
from livegan_train.metrics import distance, measure

from .conftest import LIVEGAN

TINY = Config(
    name="tiny", head="onset", generator="conv16", generator_width=16, critic="conv-lstm",
    critic_width=16, loss="relativistic", latent=8, gamma=1.0, batch=8, steps=12, validate_every=6,
)  # fmt: skip


def scales(bars: int = 40) -> np.ndarray:
    """Rolls of broken chords, `[bar, step, pitch]`."""
    rolls = np.zeros((bars, STEPS_PER_BAR, PITCHES), bool)
    for bar in range(bars):
        for place, interval in enumerate((0, 4, 7, 12)):
            start = place * 24
            rolls[bar, start : start + 18, 24 + bar % 12 + interval] = True
    return rolls


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A small bar archive: eight songs, two of them for validation."""
    path = tmp_path / "bars.npz"
    rolls = scales()
    np.savez(
        path,
        bars=np.packbits(rolls.reshape(len(rolls), -1), axis=1),
        song_id=np.repeat(np.arange(8), 5),
        song_split=np.array([0] * 6 + [1] * 2),
        tracks=np.array(["PIANO"]),
    )
    return path


def trainable(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_papers_generator_has_its_parameter_count() -> None:
    generator = PaperCnn(100, 1, CellsHead(), 128)
    moving_statistics = 2 * 128  # Keras counts them, PyTorch does not
    assert trainable(generator) + moving_statistics == 6_738_177


def test_the_papers_discriminator_is_its_layers() -> None:
    critic = PaperBiLstm(1, 512)
    lstm = 4 * 512 * (84 + 512 + 2)
    both = 2 * 4 * 512 * (512 + 512 + 2)
    assert trainable(critic) == lstm + both + 524_800 + 131_328 + 257


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_config_builds_draws_and_is_judged(name: str) -> None:
    config = replace(load_config(name), generator_width=8, critic_width=8)
    run = setup(config, tracks=2)
    bars = run.head.draw(run.generator(torch.randn(3, config.latent)))
    assert bars.roll.shape == (3, 2, STEPS_PER_BAR, PITCHES)
    assert set(bars.roll.unique().tolist()) <= {0.0, 1.0}
    assert run.critic(bars).shape == (3,)


@pytest.mark.parametrize("name", sorted(HEADS))
def test_a_head_draws_the_very_roll_that_the_runtime_decodes(name: str) -> None:
    head = HEADS[name]()
    random = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn(20, 2, head.channels, head.cells, PITCHES, generator=random) - 2
    drawn = head.draw(logits).roll.bool().numpy()
    exported = {key: value.numpy() for key, value in head.export(logits).items()}
    for bar in range(20):
        got = onset_and_keep(name, {key: value[bar] for key, value in exported.items()})
        for track in range(2):
            notes = [Note(*struck) for struck in decode(got.onset[track], got.keep[track])]
            assert (roll_from_notes(notes) == drawn[bar, track]).all()


def test_the_onset_head_can_say_real_bars(archive: Path) -> None:
    bars = load_bars(archive).rolls(slice(None))[:, 0]
    cells = np.full((len(bars), 1, 3, 16, PITCHES), -4.0, np.float32)
    for bar, roll in enumerate(bars):
        for pitch in np.flatnonzero(roll.any(0)):
            steps = np.flatnonzero(roll[:, pitch])
            first, last = steps[0] // 6, steps[-1] // 6
            cells[bar, 0, 0, first, pitch] = 4
            cells[bar, 0, 2, first:last, pitch] = 4
            cells[bar, 0, 1, last, pitch] = -2.5 + (steps[-1] % 6)
    drawn = OnsetHead().draw(torch.from_numpy(cells)).roll[:, 0].bool().numpy()
    assert (drawn == bars).all()


def test_gradients_reach_every_weight_of_the_generator() -> None:
    run = setup(TINY, tracks=1)
    bars = run.head.draw(run.generator(torch.randn(8, TINY.latent)))
    torch.autograd.backward(run.critic(bars).sum())
    dead = {n for n, p in run.generator.named_parameters() if p.grad is None or not p.grad.any()}
    behind_the_zeroed_residual = {"inner.weight", "inner.bias", "latents.2.weight", "latents.2.bias"}
    assert dead <= behind_the_zeroed_residual


@pytest.mark.parametrize("name", sorted(CRITICS))
def test_the_gradient_penalty_can_be_minimised(name: str) -> None:
    critic = CRITICS[name](1, 8)
    bars = bars_from_roll(torch.from_numpy(scales(6)[:, None]).float())
    penalty = gradient_penalty(critic, bars)
    torch.autograd.backward(penalty)
    assert penalty.item() > 0
    assert any(p.grad is not None and p.grad.any() for p in critic.parameters())


def test_transposing_moves_every_note_by_the_same_interval(archive: Path) -> None:
    bars = load_bars(archive)
    batch = draw_batch(bars, 30, 5, torch.Generator().manual_seed(0)).bool().numpy()[:, 0]
    originals = {tuple(np.diff(np.flatnonzero(r.any(0)))) for r in scales()}
    assert {tuple(np.diff(np.flatnonzero(roll.any(0)))) for roll in batch} == originals


def test_measures_of_hand_made_bars() -> None:
    roll = np.zeros((4, STEPS_PER_BAR, PITCHES), bool)
    for pitch in (48, 52, 55):  # C, E, G for half a bar
        roll[0, :48, pitch] = True
    for pitch in (24, 36, 48):  # three octaves of C, in two-step fragments
        roll[1, 0:2, pitch] = True
    roll[2] = roll[1]
    measured = measure(roll)
    assert measured.eb == 25.0
    assert measured.upc == pytest.approx(5 / 3)
    assert measured.qn == pytest.approx(100 / 3), "3 of 3, 0 of 3 and 0 of 3 notes"
    assert measured.pr == pytest.approx(100 * (48 + 2 + 2) / (3 * 96))
    assert measured.notes == 9 / 4
    assert measured.distinct == 75.0
    assert measured.dis == 0.0
    roll[3, :10, [50, 51, 55]] = True  # a semitone, a major third, a fourth
    assert measure(roll[3:]).dis == pytest.approx(100 / 3)
    assert distance(measured, measured) == 0


def weights(path: Path) -> list[torch.Tensor]:
    state = checkpoints.load(path).state
    return [*state["ema"].values(), *state["generator"].values(), *state["critic"].values()]


def test_a_run_that_was_stopped_ends_with_the_very_weights_of_one_that_was_not(
    archive: Path, tmp_path: Path
) -> None:
    bars = load_bars(archive)
    fit(TINY, bars, tmp_path / "whole", lambda _: None)
    fit(replace(TINY, steps=7), bars, tmp_path / "parts", lambda _: None)
    said: list[str] = []
    fit(TINY, bars, tmp_path / "parts", said.append)
    assert any("resumed" in line and "step 7" in line for line in said)
    for one, other in zip(
        weights(tmp_path / "whole" / "last.pt"), weights(tmp_path / "parts" / "last.pt"), strict=True
    ):
        assert torch.equal(one, other)


def test_training_says_its_progress_and_keeps_the_best(archive: Path, tmp_path: Path) -> None:
    said: list[str] = []
    best = fit(TINY, load_bars(archive), tmp_path / "run", said.append)
    assert any("epoch" in s and "bars/s" in s and "min left" in s for s in said)
    assert checkpoints.load(best).config == TINY
    assert checkpoints.load(best).best == min(
        row["distance"] for row in checkpoints.load(tmp_path / "run" / "last.pt").history
    )


def test_a_run_learns_something(archive: Path) -> None:
    torch.manual_seed(0)
    config = replace(TINY, steps=150, lr=3e-3, gamma=0.1, ema=0.9)
    run, bars = setup(config, 1), load_bars(archive)

    def notes() -> float:
        return measure(sample_rolls(run.ema, run.head, config.latent, 50, 0)[:, 0]).notes

    before = abs(notes() - 4)
    for _ in range(config.steps):
        train_step(run, bars)
    assert abs(notes() - 4) < before / 3


def test_another_config_does_not_resume_into_a_run(archive: Path, tmp_path: Path) -> None:
    bars = load_bars(archive)
    fit(replace(TINY, steps=2), bars, tmp_path / "run", lambda _: None)
    with pytest.raises(BadConfig, match="made with another latent"):
        fit(replace(TINY, latent=9), bars, tmp_path / "run", lambda _: None)


def test_a_loss_that_is_no_number_stops_the_run(archive: Path, tmp_path: Path) -> None:
    config = replace(TINY, steps=60, lr=1e30, gamma=0)
    with pytest.raises(Diverged, match="not a number"):
        fit(config, load_bars(archive), tmp_path / "run", lambda _: None)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"head": "onsets"}, "choose one of cells, onset"),
        ({"lr": "fast"}, "must be a float"),
        ({"batch": 0}, "must be above 0"),
        ({"colour": 1}, "unknown key 'colour'"),
    ],
)
def test_a_bad_config_is_one_clear_line(values: dict[str, object], why: str) -> None:
    with pytest.raises(BadConfig, match=why):
        config_from(TINY.as_dict() | values)


@pytest.mark.parametrize("content", [b"", b"PK\3\4 nonsense", b"hello"])
def test_a_file_that_is_no_archive_or_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(BadArchive, match=r"bad\.npz: not a"):
        load_bars(path)
    with pytest.raises(checkpoints.BadCheckpoint, match=r"bad\.npz: not a livegan checkpoint"):
        checkpoints.load(path)


def test_the_commands_train_export_and_render(archive: Path, tmp_path: Path) -> None:
    config = tmp_path / "tiny.toml"
    lines = [f'{k} = "{v}"' if isinstance(v, str) else f"{k} = {v}" for k, v in TINY.as_dict().items()]
    config.write_text("\n".join(lines))
    model = tmp_path / "tiny.onnx"
    commands = [
        [
            "train",
            str(config),
            "--data",
            str(archive),
            "--out",
            str(tmp_path / "run"),
            "--threads",
            "1",
        ],
        ["export", str(tmp_path / "run" / "best.pt"), str(model)],
        ["render", "--model", str(model), "--bars", "4", str(tmp_path / "out.mid")],
        ["inspect", str(archive)],
    ]
    for command in commands:
        done = subprocess.run([*LIVEGAN, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "40 bars of 8 songs" in done.stdout
    assert math.isclose(model.stat().st_size, 60_000, rel_tol=0.9)
    assert LOWEST_PITCH == 24
