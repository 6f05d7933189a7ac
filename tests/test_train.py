"""Training runs: they learn, resume to the bit, say what is wrong, and leave whole files."""

from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from livegan_train import checkpoint as checkpoints
from livegan_train import loop
from livegan_train.bars import Bars
from livegan_train.checks import BadConfig
from livegan_train.config import Config, config_from
from livegan_train.data import BadArchive, Batches, load_bars
from livegan_train.loop import Diverged, OutOfMemory, fit
from livegan_train.metrics import measure
from livegan_train.run import Run, Told, setup, train_step
from livegan_train.validation import pairwise, reference, sample_rolls, signs

from .bar_archives import one_track, scales, three_tracks
from .conftest import LIVEGAN, wait_for

TINY = Config(
    name="tiny", head="onset", generator="conv16", generator_width=16, critic="conv-lstm",
    critic_width=16, loss="relativistic", latent=8, gamma=1.0, batch=8, steps=12, validate_every=6,
)  # fmt: skip
MANY = replace(TINY, critic="conv", loss="wasserstein", penalty="wgan-gp", critic_steps=2)
PAPER = replace(
    TINY, generator="paper-bilstm", generator_width=4, critic="paper-bilstm", critic_width=8,
    head="cells", loss="cross-entropy", gamma=0.0, dropout=0.3, optimiser="sgd", lr=0.01,
    lr_decay=0.9, pretrain_steps=3, generator_steps=2,
)  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return one_track(tmp_path / "bars.npz")


@pytest.fixture
def trio(tmp_path: Path) -> Path:
    return three_tracks(tmp_path / "trio.npz")


@pytest.fixture(autouse=True)
def few_validation_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegan_train.validation.VALIDATION_BARS", 120)


@pytest.fixture(autouse=True)
def no_curves(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take longer than the runs; one test draws them."""
    if "pictures" not in request.node.name:
        monkeypatch.setattr("livegan_train.journal.Journal.draw_curves", lambda *_: None)


def quiet(line: str) -> None:
    pass


def as_toml(config: Config, path: Path) -> Path:
    lines = [
        f'{k} = "{v}"' if isinstance(v, str) else f"{k} = {v}" for k, v in config.as_dict().items()
    ]
    path.write_text("\n".join(lines))
    return path


# data


def shapes_of(rolls: np.ndarray) -> set[tuple[int, ...]]:
    """The intervals between the pitches of each roll `[step, pitch]`."""
    return {tuple(np.diff(np.flatnonzero(roll.any(0))).tolist()) for roll in rolls}


def test_transposing_moves_every_note_by_the_same_interval(archive: Path) -> None:
    batches = Batches(load_bars(archive), 1, 5, torch.device("cpu"))
    firsts, shifts = batches.choose(200, torch.Generator().manual_seed(0))
    moved = batches.rolls(firsts, shifts)[:, 0].bool().numpy()
    still = batches.rolls(firsts, torch.zeros_like(shifts))[:, 0].bool().numpy()
    assert shapes_of(moved) == shapes_of(scales())
    for roll, original, shift in zip(moved, still, shifts.tolist(), strict=True):
        assert (roll == np.roll(original, shift, axis=1)).all()
    assert set(shifts.tolist()) == set(range(-5, 6))


def test_what_is_transposed_out_of_range_is_lost_and_drums_stay(trio: Path) -> None:
    batches = Batches(load_bars(trio), 1, 11, torch.device("cpu"))
    rows = torch.arange(5)
    low = batches.rolls(rows, torch.full((5,), -11)).bool()
    high = batches.rolls(rows, torch.full((5,), 11)).bool()
    assert torch.equal(low[:, 2], high[:, 2])
    assert not low[:, 1, :, 50:].any(), "nothing comes in from the other side"
    assert high[:, 1].any()
    assert not low[0, 1].any(), "the bass of the first bar lies below the range"


def test_unpacked_on_the_device_bars_are_what_numpy_unpacks(trio: Path) -> None:
    bars = load_bars(trio)
    rows = torch.tensor([3, 17, 39])
    unpacked = Batches(bars, 1, 0, torch.device("cpu")).rolls(rows, torch.zeros(3, dtype=torch.int64))
    assert (unpacked.bool().numpy() == bars.rolls(rows.numpy())).all()


def test_phrases_are_consecutive_bars_of_one_song(trio: Path) -> None:
    bars = load_bars(trio)
    starts = bars.phrase_starts(4)
    assert (starts % 5 <= 1).all(), "songs are five bars long"
    assert len(starts) == 2 * 8
    cut = replace(bars, bar_index=bars.bar_index + (np.arange(40) % 5 > 2))
    assert len(cut.phrase_starts(4)) == 0
    with pytest.raises(BadArchive, match="no 4 consecutive bars"):
        Batches(cut, 4, 0, torch.device("cpu"))


@pytest.mark.parametrize("content", [b"", b"PK\3\4 nonsense", b"hello"])
def test_a_file_that_is_no_archive_or_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(BadArchive, match=r"bad\.npz: not a"):
        load_bars(path)
    with pytest.raises(checkpoints.BadCheckpoint, match=r"bad\.npz: not a livegan checkpoint"):
        checkpoints.load(path)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("shape", [48, 84, 1], "48 steps of 84 pitches"),
        ("lowest_pitch", 21, "from 21; expected 96 of 84 from 24"),
        ("song_id", [0], "one entry a bar"),
        ("song_id", [99] * 40, "song_id must lie in 0 to 7"),
    ],
)
def test_an_archive_that_can_t_be_trained_on_is_one_line(
    archive: Path, key: str, value: object, why: str
) -> None:
    content = dict(np.load(archive))
    np.savez(archive, **{**content, key: np.array(value)})
    with pytest.raises(BadArchive, match=why):
        load_bars(archive)


# runs


def weights(path: Path) -> list[torch.Tensor]:
    state = checkpoints.load(path).state
    return [*state["ema"].values(), *state["generator"].values(), *state["critic"].values()]


def same(one: Path, other: Path) -> bool:
    pairs = zip(weights(one / "last.pt"), weights(other / "last.pt"), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    "config",
    [
        TINY,
        PAPER,
        replace(MANY, arrangement="jamming"),
        replace(MANY, phrase=4, batch=4),
        replace(MANY, given="Bass"),
    ],
    ids=["onset", "paper", "jamming", "phrase", "given"],
)
def test_a_run_that_was_stopped_ends_with_the_very_weights_of_one_that_was_not(
    config: Config, trio: Path, tmp_path: Path
) -> None:
    bars = load_bars(trio)
    fit(config, bars, tmp_path / "whole", quiet)
    fit(replace(config, steps=7), bars, tmp_path / "parts", quiet)
    said: list[str] = []
    fit(config, bars, tmp_path / "parts", said.append)
    assert any("resumed" in line and "step 7" in line for line in said)
    assert same(tmp_path / "whole", tmp_path / "parts")


def test_training_says_its_progress_and_keeps_the_best(archive: Path, tmp_path: Path) -> None:
    said: list[str] = []
    best = fit(TINY, load_bars(archive), tmp_path / "run", said.append)
    assert any("epoch" in s and "bars/s" in s and "min left" in s and "right" in s for s in said)
    assert checkpoints.load(best).config == TINY
    history = checkpoints.load(tmp_path / "run" / "last.pt").history
    assert [row["step"] for row in history] == [6, 12]
    assert checkpoints.load(best).best == min(row["distance"] for row in history)
    assert 0 <= history[0]["critic_accuracy"] <= 1


def test_a_run_leaves_pictures_curves_and_tensorboard_events(trio: Path, tmp_path: Path) -> None:
    fit(MANY, load_bars(trio), tmp_path / "run", quiet)
    out = tmp_path / "run"
    assert [p.name for p in sorted((out / "pictures").iterdir())] == [
        "step-0000006.png",
        "step-0000012.png",
    ]
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    events = EventAccumulator(str(out / "tensorboard")).Reload()
    assert [point.step for point in events.Scalars("distance")] == [6, 12]
    assert {"critic_accuracy", "Bass/distinct", "Drums/eb"} <= set(events.Tags()["scalars"])
    assert [picture.step for picture in events.Images("samples")] == [6, 12]


def test_a_run_learns_something(archive: Path) -> None:
    config = replace(TINY, steps=150, lr=3e-3, gamma=0.1, ema=0.9)
    run, bars = setup(config, ["PIANO"]), load_bars(archive)
    batches = Batches(bars, 1, 5, torch.device("cpu"))
    real = bars.rolls(slice(None))

    def notes() -> float:
        return measure(sample_rolls(run.averaged, 50, 0, real)[:, 0]).notes

    before = abs(notes() - 4)
    for _ in range(config.steps):
        train_step(run, batches)
    assert abs(notes() - 4) < before / 3


def test_pretraining_teaches_the_generator_the_bars(archive: Path, tmp_path: Path) -> None:
    said: list[str] = []
    config = replace(TINY, steps=1, pretrain_steps=2, lr=3e-3)

    def reconstruction() -> float:
        return float(next(s for s in said if "reconstruction" in s).split()[-1])

    fit(config, load_bars(archive), tmp_path / "short", said.append)
    short = reconstruction()
    said.clear()
    fit(replace(config, pretrain_steps=150), load_bars(archive), tmp_path / "long", said.append)
    assert reconstruction() < short / 3


def counted_steps(monkeypatch: pytest.MonkeyPatch, config: Config, archive: Path, out: Path) -> int:
    """How many times the critic learnt in a run."""
    calls = 0
    original = loop.train_step
    from livegan_train import run as runs

    step = runs.critic_step

    def counting(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        return step(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "critic_step", counting)
    assert loop.train_step is original
    fit(config, load_bars(archive), out, quiet)
    return calls


@pytest.mark.parametrize(("generator", "critic", "expected"), [(10, 1, 2), (1, 10, 120), (1, 1, 12)])
def test_one_to_ten_can_be_read_both_ways(
    generator: int,
    critic: int,
    expected: int,
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(TINY, generator_steps=generator, critic_steps=critic)
    assert counted_steps(monkeypatch, config, archive, tmp_path / "run") == expected


def test_the_rate_falls_after_every_epoch(archive: Path) -> None:
    config = replace(PAPER, pretrain_steps=0, lr=0.5, lr_decay=0.5)
    run = setup(config, ["PIANO"])
    batches = Batches(load_bars(archive), 1, 0, torch.device("cpu"))
    rates = []
    for _ in range(12):
        train_step(run, batches)
        rates.append(run.generator_optimiser.param_groups[0]["lr"])
    assert rates == [0.5] * 5 + [0.25] * 5 + [0.125] * 2, "40 bars are five batches of eight"


def test_another_config_or_other_tracks_do_not_resume_into_a_run(
    archive: Path, trio: Path, tmp_path: Path
) -> None:
    bars = load_bars(archive)
    fit(replace(TINY, steps=2), bars, tmp_path / "run", quiet)
    with pytest.raises(BadConfig, match="made with another latent"):
        fit(replace(TINY, latent=9), bars, tmp_path / "run", quiet)
    with pytest.raises(BadConfig, match="was made of tracks PIANO"):
        fit(TINY, load_bars(trio), tmp_path / "run", quiet)
    with pytest.raises(BadConfig, match="made of other data"):
        fit(TINY, bars.rows(np.arange(5, 40)), tmp_path / "run", quiet)


def test_a_run_stopped_in_pretraining_goes_on_there(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(PAPER, pretrain_steps=9)
    bars = load_bars(archive)
    fit(config, bars, tmp_path / "whole", quiet)
    step = loop.pretrain_step

    def stopping(run: Run, real: Bars) -> torch.Tensor:
        if run.pretrained == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(run, real)

    monkeypatch.setattr(loop, "pretrain_step", stopping)
    fit(config, bars, tmp_path / "parts", quiet)
    stopped = checkpoints.load(tmp_path / "parts" / "last.pt")
    assert (stopped.state["pretrained"], stopped.step) == (5, 0)
    monkeypatch.setattr(loop, "pretrain_step", step)
    fit(config, bars, tmp_path / "parts", quiet)
    assert same(tmp_path / "whole", tmp_path / "parts")


def test_losses_are_means_over_the_steps_in_which_the_critic_learnt(
    archive: Path, tmp_path: Path
) -> None:
    config = replace(TINY, loss="cross-entropy", gamma=0.0, generator_steps=6)
    fit(config, load_bars(archive), tmp_path / "run", quiet)
    first = checkpoints.load(tmp_path / "run" / "last.pt").history[0]
    assert first["critic_loss"] == pytest.approx(2 * math.log(2), abs=0.2)


def test_processes_that_would_get_too_little_are_refused() -> None:
    loop.check_share(replace(TINY, batch=16), 4)
    for batch, processes in ((16, 3), (8, 4), (20, 4)):
        with pytest.raises(BadConfig, match="each needs the same even number"):
            loop.check_share(replace(TINY, batch=batch), processes)


# faults


def test_a_loss_that_is_no_number_stops_the_run_and_spares_the_last_good_checkpoint(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    fit(replace(TINY, steps=4), load_bars(archive), out, quiet)
    good = (out / "last.pt").read_bytes()
    step = loop.train_step

    def poisoned(run: Run, batches: Batches) -> Told:
        told = step(run, batches)
        if run.step == 9:
            next(run.critic.parameters()).data.fill_(math.nan)
        return told

    monkeypatch.setattr(loop, "train_step", poisoned)
    monkeypatch.setattr(loop, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(loop, "LOOK_EVERY", 1_000)
    with pytest.raises(Diverged, match=r"not a number; .*last\.pt is the last good one"):
        fit(TINY, load_bars(archive), out, quiet)
    assert good != (out / "last.pt").read_bytes()
    assert all(w.isfinite().all() for w in weights(out / "last.pt"))
    assert checkpoints.load(out / "last.pt").step == 8


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), MemoryError()])
def test_no_memory_is_one_line_that_says_what_would_help(
    error: Exception, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(run: Run, batches: Batches) -> Told:
        raise error

    monkeypatch.setattr(loop, "train_step", full)
    with pytest.raises(OutOfMemory, match="batch = 8: try a smaller batch"):
        fit(TINY, load_bars(archive), tmp_path / "run", quiet)


def test_a_batch_that_memory_can_t_hold_is_the_same_line(archive: Path, tmp_path: Path) -> None:
    config = as_toml(replace(TINY, batch=10**13), tmp_path / "huge.toml")
    done = train(config, archive, tmp_path / "run")
    assert done.returncode == 2
    assert "out of memory with batch = 10000000000000" in done.stderr
    assert "Traceback" not in done.stderr


def train(
    config: Path, archive: Path, out: Path, **options: object
) -> subprocess.CompletedProcess[str]:
    command = [*LIVEGAN, "train", str(config), "--data", str(archive), "--out", str(out)]
    return subprocess.run(
        [*command, "--threads", "1"], capture_output=True, text=True, check=False, **options
    )  # type: ignore[call-overload, no-any-return]


def test_a_full_disk_is_one_line_and_leaves_the_last_good_checkpoint(
    archive: Path, tmp_path: Path
) -> None:
    config = as_toml(TINY, tmp_path / "tiny.toml")
    out = tmp_path / "run"
    fit(replace(TINY, steps=3), load_bars(archive), out, quiet)
    good = (out / "last.pt").read_bytes()

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    uncovered = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    done = train(config, archive, out, preexec_fn=small_files, env=uncovered)
    assert done.returncode == 2, done.stderr
    assert "can't write" in done.stderr
    assert "Traceback" not in done.stderr
    assert (out / "last.pt").read_bytes() == good
    assert not list(out.glob(".*"))


def test_sigterm_saves_where_it_is_and_the_end_is_the_same(archive: Path, tmp_path: Path) -> None:
    endless = as_toml(replace(TINY, steps=10**6, validate_every=10**6), tmp_path / "tiny.toml")
    out = tmp_path / "run"
    command = [*LIVEGAN, "train", str(endless), "--data", str(archive), "--out", str(out)]
    with subprocess.Popen(
        [*command, "--threads", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "step 1/" in line:
                break
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "stopped at step" in rest
    stopped = checkpoints.load(out / "last.pt").step
    longer = replace(TINY, steps=stopped + 5, validate_every=10**6)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    fit(longer, load_bars(archive), out, quiet)
    fit(longer, load_bars(archive), tmp_path / "whole", quiet)
    torch.set_num_threads(threads)
    assert same(out, tmp_path / "whole")


def test_a_killed_run_goes_on_from_its_last_checkpoint(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    config = as_toml(replace(TINY, steps=10**6, validate_every=10**6), tmp_path / "tiny.toml")
    script = (
        "import sys; from livegan_train import loop; loop.SAVE_SECONDS = 0.2; "
        "from livegan.cli import main; main()"
    )
    arguments = ["train", str(config), "--data", str(archive), "--out", str(out), "--threads", "1"]
    with subprocess.Popen([LIVEGAN[0], "-c", script, *arguments], stdout=subprocess.DEVNULL) as process:
        wait_for((out / "last.pt").exists, 60, "checkpoint")
        time.sleep(0)
        process.kill()
    stopped = checkpoints.load(out / "last.pt").step
    longer = replace(TINY, steps=stopped + 3, validate_every=10**6)
    fit(longer, load_bars(archive), out, quiet)
    fit(longer, load_bars(archive), tmp_path / "whole", quiet)
    assert same(out, tmp_path / "whole")


# signs


def test_dead_saturated_and_collapsing_tracks_are_named(archive: Path) -> None:
    rolls = scales(50)
    real = measure(rolls)
    silent = measure(np.zeros_like(rolls))
    full = measure(np.ones_like(rolls))
    one = measure(np.repeat(rolls[:1], 50, axis=0))
    spread = pairwise(rolls)
    assert signs(real, real, spread, spread) == []
    assert "dead, 100.0 % of its bars are empty" in signs(silent, real, 0.0, spread)[0]
    assert "saturated, 12.0 pitch classes" in signs(full, real, spread, spread)[0]
    assert len([s for s in signs(one, real, 0.0, spread) if s.startswith("collapsing")]) == 2
    half_empty = replace(real, eb=50.0)
    assert "never silent" in signs(real, half_empty, spread, spread)[0]
    assert pairwise(rolls[:1].repeat(9, axis=0)) == 0
    assert reference(load_bars(archive), 1).spread[0] > 0.5


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"head": "onsets"}, "choose one of cells, onset"),
        ({"lr": "fast"}, "must be a float"),
        ({"batch": 0}, "must be above 0"),
        ({"gamma": float("nan")}, "must be 0 or more"),
        ({"colour": 1}, "unknown key 'colour'"),
    ],
)
def test_a_bad_config_is_one_clear_line(values: dict[str, object], why: str) -> None:
    with pytest.raises(BadConfig, match=why):
        config_from(TINY.as_dict() | values)


@pytest.mark.parametrize("penalty", ["r1r2", "wgan-gp"])
def test_half_precision_learns_with_every_penalty(penalty: str, archive: Path) -> None:
    """On the CPU, as it would on a GPU: passes in bf16, scores, counts and penalties in 32 bits."""
    config = replace(MANY, penalty=penalty, matching=1.0, generator_width=2, critic_width=2, batch=4)
    fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    run = setup(config, ["Piano"], fabric)
    told = train_step(run, Batches(load_bars(archive), 1, 5, fabric.device))
    assert told.critic.dtype == told.generator.dtype == torch.float32
    for part in (run.generator, run.critic):
        assert all(p.dtype == torch.float32 and p.isfinite().all() for p in part.parameters())


LAUNCHERS = {
    "ours": [*LIVEGAN, "train", "--devices", "2"],
    "torchrun": [
        LIVEGAN[0], "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "livegan", "train",
    ],
}  # fmt: skip


@pytest.mark.parametrize("launcher", sorted(LAUNCHERS))
def test_two_processes_learn_what_one_does(launcher: str, trio: Path, tmp_path: Path) -> None:
    """Gloo on the CPU; a critic without minibatch statistics, so that halves make the whole."""
    config = replace(
        MANY, critic="paper-bilstm", critic_width=8, gamma=0.0, steps=20, validate_every=20
    )
    path = as_toml(config, tmp_path / "tiny.toml")
    fit(config, load_bars(trio), tmp_path / "one", quiet)
    arguments = [str(path), "--data", str(trio), "--out", str(tmp_path / "two")]
    done = subprocess.run(
        [*LAUNCHERS[launcher], *arguments, "--threads", "1", "--device", "cpu"],
        capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "MASTER_ADDR": "127.0.0.1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for one, other in zip(
        weights(tmp_path / "one" / "last.pt"), weights(tmp_path / "two" / "last.pt"), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-3, rtol=1e-2)
    rows = [checkpoints.load(tmp_path / name / "last.pt").history[-1] for name in ("one", "two")]
    assert rows[0]["generator_loss"] == pytest.approx(rows[1]["generator_loss"], abs=0.05)
