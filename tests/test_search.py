"""`livegan search`: finds, prunes, goes on where it stopped, and refuses in one line."""

from __future__ import annotations

import csv
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import torch
from click.testing import CliRunner, Result
from lightning_fabric import Fabric
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from PIL import Image

from livegan_train import checkpoint as checkpoints
from livegan_train.checks import BadConfig
from livegan_train.config import load_config
from livegan_train.data import BarSet
from livegan_train.loop import Say, fit
from livegan_train.search.autoencoder import autoencoder
from livegan_train.search.cli import search as command
from livegan_train.search.results import toml_of
from livegan_train.search.run import search
from livegan_train.search.space import Space, holds, load_space
from livegan_train.search.study import JOURNAL, ask
from livegan_train.search.trial import clashes
from livegan_train.stream.autoencoder import take_autoencoder
from livegan_train.stream.config import OF_AUTOENCODER, OF_GAN, StreamConfig
from livegan_train.stream.data import StreamData
from livegan_train.stream.run import setup
from livegan_train.validation import Verdict, reference

from .composed import corpus

TINY = StreamConfig(
    name="tiny", width=16, blocks=1, section=4, bar=8, code=16, autoencoder_steps=30, critic_first=2,
    batch=16, steps=8, transpose=2, autoencoder_lr=3e-3,
)  # fmt: skip
STEPS = 14
SPACE: Space = {
    "lr": FloatDistribution(1e-4, 1e-2, log=True),
    "gamma": FloatDistribution(0.1, 10.0, log=True),
}
FABRIC = Fabric(accelerator="cpu", devices=1)


@pytest.fixture(scope="module")
def bars() -> BarSet:
    return corpus(12, 16, drums=True)


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("livegan_train.validation.VALIDATION_BARS", 60)
        patch.setattr("livegan_train.journal.Journal.draw_curves", lambda *_: None)
        patch.setattr("livegan_train.stream.autoencoder.MAPPED", 8)
        patch.setattr("livegan_train.stream.steps.WARM_UP", 1)
        yield


@pytest.fixture(scope="module")
def given(bars: BarSet, short: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's checkpoint, for its autoencoder."""
    return fit(TINY, bars, tmp_path_factory.mktemp("run"), quiet).with_name("last.pt")


def quiet(line: str) -> None:
    pass


def searched(
    bars: BarSet, out: Path, given: Path | None, trials: int, space: Space = SPACE, say: Say = quiet
) -> FrozenTrial | None:
    return search(TINY, bars, out, space, trials, STEPS, 2, say, FABRIC, given)


@pytest.fixture(scope="module")
def whole(bars: BarSet, given: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search of three trials."""
    out = tmp_path_factory.mktemp("whole")
    assert searched(bars, out, given, 3) is not None
    return out


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def as_archive(bars: BarSet, path: Path) -> Path:
    np.savez(
        path, bars=bars.packed, song_id=bars.song_id, song_split=bars.song_split,
        tracks=np.array(bars.tracks), bar_index=bars.bar_index,
    )  # fmt: skip
    return path


# what it finds and leaves


def test_the_better_of_good_and_hopeless_choices_is_found_and_others_are_pruned(
    bars: BarSet, given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegan_train.search.study.STARTUP", 1)
    lines: list[str] = []
    space: Space = {"lr": CategoricalDistribution([1e-3, 3.0, 2e-3, 5.0])}
    best = searched(bars, tmp_path, given, 6, space, lines.append)
    assert best is not None
    assert best.params["lr"] < 1.0
    rows = table(tmp_path / "trials.csv")
    good, hopeless = ([float(r["score"]) for r in rows if (float(r["lr"]) < 1) == k] for k in (1, 0))
    assert max(good) < min(hopeless), "both were tried"
    pruned = [row for row in rows if row["ending"] == "pruned"]
    assert pruned
    assert all(int(row["step"]) < STEPS for row in pruned)
    assert sum("pruned at step" in line for line in lines) == len(pruned)
    assert [line.split(":")[0] for line in lines[:-1]] == [f"trial {i}" for i in range(6)]


def test_tables_curves_and_a_config_are_left(whole: Path) -> None:
    rows, looks = table(whole / "trials.csv"), table(whole / "curves.csv")
    for row in rows:
        each = [float(row[f"{part}_seed_{s}"]) for part in ("distance", "clashes") for s in (1, 2)]
        score = float(row["score"])
        assert score == pytest.approx(sum(each) / 2, rel=1e-4)
        assert score == pytest.approx(float(row["distance"]) + float(row["clashes"]), rel=1e-4)
    assert {(k["trial"], k["seed"]) for k in looks} == {(t, s) for t in "012" for s in "12"}
    assert [int(k["step"]) for k in looks[:8:2]] == [5, 8, 11, 14]
    with Image.open(whole / "curves.png") as picture:
        assert picture.width > 500
    least = min(rows, key=lambda row: float(row["score"]))
    loaded = load_config(str(whole / "best.toml")).as_dict()
    for key in SPACE:
        assert loaded.pop(key) == pytest.approx(float(least[key]), rel=1e-4)
    assert loaded == {k: v for k, v in TINY.as_dict().items() if k not in SPACE}
    assert not list(whole.glob(".*")), "nothing is left beside"


def test_the_configs_own_values_come_first_and_seeds_differ(whole: Path) -> None:
    first = table(whole / "trials.csv")[0]
    assert (float(first["lr"]), float(first["gamma"])) == (TINY.lr, TINY.gamma)
    assert first["distance_seed_1"] != first["distance_seed_2"]


def test_a_name_of_any_letters_survives_in_toml(tmp_path: Path) -> None:
    own = replace(TINY, name='a "quoted" \\ ä\n name', lr=1e-5)
    looks = [{"step": 5, "seed": 1, "distance": 2.0, "clashes": 0.5}]
    trial = FrozenTrial(
        number=0, state=TrialState.COMPLETE, value=2.5, datetime_start=None, datetime_complete=None,
        params={"gamma": 3.0}, distributions={"gamma": FloatDistribution(1, 5)},
        user_attrs={"looks": looks}, system_attrs={}, intermediate_values={}, trial_id=0,
    )  # fmt: skip
    path = tmp_path / "best.toml"
    path.write_text(toml_of(trial, own, 1), encoding="utf-8")
    assert load_config(str(path)) == replace(own, gamma=3.0)


def test_only_clashes_beyond_the_datas_count_and_drums_have_none(bars: BarSet) -> None:
    real = reference(bars.select("valid"), 1)
    drums, piano = real.measures

    def of(*measures: object) -> float:
        return clashes(Verdict(real.rolls, list(measures), [], 0.0, []), real, bars.tracks)

    assert of(replace(drums, dis=50.0), piano) == 0.0
    assert of(drums, replace(piano, dis=max(0.0, piano.dis - 1))) == 0.0
    assert of(drums, replace(piano, dis=piano.dis + 0.5)) == pytest.approx(2.0)


# pruning and going on


def test_what_diverges_is_told_and_is_never_the_best(bars: BarSet, given: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    space: Space = {"critic_lr": CategoricalDistribution([1e38, 2e38])}
    assert searched(bars, tmp_path, given, 2, space, lines.append) is None
    assert [row["ending"] for row in table(tmp_path / "trials.csv")] == ["diverged"] * 2
    assert lines[0].startswith("trial 0: diverged, seed 1: not a number any more at step 5")
    assert lines[-1] == "done at 2 trials; none is complete"
    assert not (tmp_path / "best.toml").exists()


def test_a_search_goes_on_as_if_it_had_not_been_stopped_nor_killed(
    bars: BarSet, given: Path, whole: Path, tmp_path: Path
) -> None:
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if line.startswith("trial 0"):
            os.kill(os.getpid(), signal.SIGTERM)

    searched(bars, tmp_path, given, 3, SPACE, say)
    assert lines[-1].startswith("stopped at 1 trials; the best is trial 0: ")
    searched(bars, tmp_path, None, 2)
    leave_as_if_killed(tmp_path / JOURNAL)
    searched(bars, tmp_path, None, 3)
    one, other = (table(folder / "trials.csv") for folder in (whole, tmp_path))
    assert [row.pop("trial") for row in other] == ["0", "1", "3"], "2 was cut off"
    assert other == [{k: v for k, v in row.items() if k != "trial"} for row in one]


def leave_as_if_killed(journal: Path) -> None:
    """A trial that runs, and half a line."""
    storage = JournalStorage(JournalFileBackend(str(journal)))
    ask(optuna.load_study(study_name="search", storage=storage), SPACE, TINY.seed)
    with journal.open("a") as file:
        file.write('{"op_code":9,"tr')


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"config": replace(TINY, matching=0.5)}, "made with another config"),
        ({"space": {"lr": FloatDistribution(1e-4, 1e-3)}}, "made with another --space"),
        ({"steps": 20}, "made with another --steps"),
        ({"seeds": 1}, "made with another --seeds"),
    ],
)
def test_another_search_is_not_mixed_in(
    change: dict[str, Any], said: str, bars: BarSet, whole: Path
) -> None:
    plan: dict[str, Any] = {"config": TINY, "space": SPACE, "steps": STEPS, "seeds": 2}
    rest: dict[str, Any] = {"bars": bars, "out": whole, "trials": 3, "say": quiet, "fabric": FABRIC}
    with pytest.raises(BadConfig, match=said):
        search(**(plan | change), **rest)


def test_a_damaged_study_is_named(bars: BarSet, given: Path, tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text("hello\nthere\n")
    with pytest.raises(BadConfig, match=r"study\.journal: not a study, or a damaged one"):
        searched(bars, tmp_path, given, 1)


# the autoencoder


def test_the_autoencoder_is_trained_once_and_gone_on_with(bars: BarSet, tmp_path: Path) -> None:
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if line.startswith("pretraining 20"):
            os.kill(os.getpid(), signal.SIGTERM)

    def go(trials: int) -> None:
        search(TINY, bars, tmp_path, SPACE, trials, STEPS, 1, say, FABRIC)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("livegan_train.loop.TELL_EVERY", 10)
        go(1)
        assert lines[-1] == "stopped before the autoencoder was done; run it again to go on"
        go(1)
    assert sum(line.startswith("pretraining") for line in lines) == 3, "10, 20 and 30"
    kept = (tmp_path / "autoencoder" / "last.pt").read_bytes()
    go(2)
    assert (tmp_path / "autoencoder" / "last.pt").read_bytes() == kept
    assert lines[-1].startswith("done at 2 trials")


def test_it_is_the_given_ones_with_axes_of_the_trials_own(bars: BarSet, given: Path) -> None:
    state = checkpoints.load(given).state
    data = StreamData(bars.select("train"), TINY, FABRIC.device)
    fine, coarse = (replace(TINY, detail=detail) for detail in (0.2, 0.8))
    runs = [setup(config, data, FABRIC) for config in (fine, coarse)]
    for run in runs:
        take_autoencoder(run, data, state)
        assert not run.pretraining
        for name, tensor in run.networks.state_dict().items():
            if name.startswith(("encoder.", "generator.decoder.")):
                assert torch.equal(tensor, state["networks"][name])
            assert torch.equal(tensor, run.ema.state_dict()[name])
    grains = [run.generator.mapping.grain for run in runs]
    assert torch.allclose(4 * grains[0], grains[1])
    assert torch.equal(*(run.generator.mapping.basis for run in runs))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": 20}, "an autoencoder of another code"),
        ({"divergence": 0.1, "batch": 32}, "an autoencoder of another divergence, batch"),
        ({"name": "mine", "lr": 1e-3, "steps": 99}, ""),
    ],
)
def test_a_given_autoencoder_must_be_the_configs(
    change: dict[str, Any], said: str, bars: BarSet, given: Path, tmp_path: Path
) -> None:
    config = replace(TINY, **change)
    if not said:
        assert autoencoder(config, bars, tmp_path / "a", given, quiet, FABRIC) is not None
        return
    with pytest.raises(BadConfig, match=said):
        autoencoder(config, bars, tmp_path / "a", given, quiet, FABRIC)
    assert not (tmp_path / "a").exists()


def test_a_half_trained_one_other_data_and_a_second_one_are_refused(
    bars: BarSet, given: Path, tmp_path: Path
) -> None:
    whole = checkpoints.load(given)
    half = replace(whole, state=whole.state | {"pretrained": 7})
    checkpoints.save(tmp_path / "half.pt", half)
    with pytest.raises(BadConfig, match="its autoencoder has 7 of 30 steps"):
        autoencoder(TINY, bars, tmp_path / "a", tmp_path / "half.pt", quiet, FABRIC)
    with pytest.raises(BadConfig, match=r"made of other data \(Drums, Piano\)"):
        autoencoder(TINY, corpus(12, 16, 1, True), tmp_path / "a", given, quiet, FABRIC)
    networks = {k: v + 1 for k, v in whole.state["networks"].items()}
    checkpoints.save(tmp_path / "b.pt", replace(whole, state=whole.state | {"networks": networks}))
    autoencoder(TINY, bars, tmp_path / "a", given, quiet, FABRIC)
    with pytest.raises(BadConfig, match=r"is another autoencoder than .*b\.pt"):
        autoencoder(TINY, bars, tmp_path / "a", tmp_path / "b.pt", quiet, FABRIC)


def test_what_is_searched_is_no_part_of_the_autoencoder() -> None:
    assert not set(OF_GAN) & set(OF_AUTOENCODER)
    assert set(OF_GAN) | set(OF_AUTOENCODER) <= set(TINY.as_dict())


# the space, and the command


@pytest.mark.parametrize("name", ["piano", "trio", "band"])
def test_the_shipped_space_has_the_shipped_configs_in_it(name: str) -> None:
    config = load_config(name)
    assert isinstance(config, StreamConfig)
    space = load_space(None, config)
    assert all(holds(within, config.as_dict()[key]) for key, within in space.items())


def test_rows_are_ranges_whole_numbers_and_choices(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(
        "lr = { low = 1e-5, high = 1, log = true }\npenalty_every = { low = 1, high = 16 }\n"
        "ema = { choices = [0.99, 0.999] }\n[context]\nlow = 0\nhigh = 1\n"
    )
    assert load_space(path, TINY) == {
        "lr": FloatDistribution(1e-5, 1.0, log=True),
        "penalty_every": IntDistribution(1, 16),
        "ema": CategoricalDistribution([0.99, 0.999]),
        "context": FloatDistribution(0.0, 1.0),
    }


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("lrr = { low = 1, high = 2 }", "unknown key 'lrr': choose from lr, critic_lr,"),
        ("width = { choices = [32, 64] }", "unknown key 'width': choose from lr"),
        ("lr = 3", "lr: a row is { low, high, log } or { choices }"),
        ("lr = { low = 1, hihg = 2 }", "lr: a row is { low, high, log } or { choices }"),
        ("lr = { low = 1 }", "lr: give low and high, or choices"),
        ("lr = { low = 0.1, high = 0.01 }", "lr: low = 0.1 must lie below high = 0.01"),
        ("lr = { low = 0, high = 0.01 }", "lr = 0: must be above 0"),
        ("lr = { low = nan, high = 0.01 }", "lr = nan: must be above 0"),
        ("lr = { low = 0.1, high = inf }", "lr = inf: must be finite"),
        ("lr = { low = 'a', high = 1 }", "lr = 'a': must be a float"),
        ("lr = { low = 0.1, high = 1, log = 1 }", "lr: log is true or false"),
        ("matching = { low = 0, high = 1, log = true }", "matching: log needs a low above 0"),
        ("detail = { low = 0.1, high = 1.5 }", "must lie between 0 and 1"),
        ("penalty_every = { low = 1.5, high = 3 }", "penalty_every = 1.5: must be a int"),
        ("lr = { choices = [0.1] }", "lr: choices must be two or more, none of them twice"),
        ("lr = { choices = [0.1, 0.2], log = true }", "lr: choices are a list, without low"),
        ("lr = { choices = 0.1 }", "lr: choices are a list"),
        ("", "a space needs a row at least"),
        ("lr = {", "Invalid"),
    ],
)
def test_a_wrong_space_is_refused_in_one_line(row: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(row)
    done = called(tmp_path / "bars.npz", tmp_path / "out", "--space", path)
    assert done.exit_code == 2
    line = done.output.strip().splitlines()[-1]
    assert f"{path}: " in line
    assert said in line
    assert not (tmp_path / "out").exists()


def called(data: Path, out: Path, *more: object, config: object = "piano") -> Result:
    arguments = [config, "--data", data, "--out", out, "--threads", 1, *more]
    return CliRunner().invoke(command, [str(a) for a in arguments])


@pytest.mark.parametrize(
    ("config", "more", "said"),
    [
        ("musegan-composer", (), "musegan-composer: no stream; search takes piano, trio, band"),
        ("piano", ("--steps", 203), "--steps 203: the critic is alone for 200 (critic_first)"),
        ("piano", ("--autoencoder", "no.pt"), "no.pt: no such file"),
        ("piano", ("--space", "no.toml"), "no.toml: can't read a space there: No such file"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line(
    config: str, more: tuple[object, ...], said: str, bars: BarSet, tmp_path: Path
) -> None:
    data = as_archive(bars, tmp_path / "bars.npz")
    done = called(data, tmp_path / "out", *more, config=config)
    assert done.exit_code == 2
    assert said in done.output.strip().splitlines()[-1]


def test_the_command_searches_and_says_a_line_a_trial(
    bars: BarSet, given: Path, tmp_path: Path
) -> None:
    config = tmp_path / "tiny.toml"
    config.write_text("\n".join(f"{k} = {json.dumps(v)}" for k, v in TINY.as_dict().items()))
    data, out = as_archive(bars, tmp_path / "bars.npz"), tmp_path / "out"
    plan = ("--trials", 2, "--steps", STEPS, "--seeds", 1, "--autoencoder", given, "--device", "cpu")
    done = called(data, out, *plan, config=config)
    assert done.exit_code == 0, done.output
    first, second, last = done.output.strip().splitlines()
    assert first.startswith("trial 0: ")
    assert " = distance " in second
    assert last.startswith("done at 2 trials; the best is trial")
