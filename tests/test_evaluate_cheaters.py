"""The judges fail whatever isn't music of its own, and let real music pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from livegan_train.data import BarSet
from livegan_train.evaluate.report import Report
from livegan_train.evaluate.run import evaluate
from livegan_train.evaluate.scoreboard.apart import NETWORK
from livegan_train.evaluate.scoreboard.board import Scoreboard
from livegan_train.evaluate.scoreboard.run import Evaluation, scoreboard
from livegan_train.evaluate.scoreboard.section import Section
from livegan_train.evaluate.scoreboard.sections import DRAWN
from livegan_train.evaluate.sources import Draw, some_bars, some_rows, some_stream
from livegan_train.metrics import measure, notes_per_bar

from .composed import corpus

BARS, SEEDS = 400, 2
Rolls = NDArray[np.bool_]


@dataclass(frozen=True)
class Cheater:
    """Draws by a function of the corpus."""

    name: str
    data: BarSet
    make: Callable[[BarSet, np.random.Generator], Draw]
    tracks: tuple[str, ...] = ("Piano",)

    def draw(self, bars: int, seed: int) -> Draw:
        return self.make(self.data, np.random.default_rng([7, seed]))


def alone(rolls: Rolls) -> Draw:
    """Bars in whatever order, played as a stream too."""
    return Draw(rolls, rolls, np.ones(len(rolls) - 1, bool))


def unseen(data: BarSet, random: np.random.Generator) -> Draw:
    """What an honest model would be: other songs by the same hand."""
    real = data.select("valid")
    rows = some_rows(real, BARS, random)
    return Draw(real.rolls(rows), *some_stream(real, BARS, random), song=real.song_id[rows])


def resampled(data: BarSet, random: np.random.Generator) -> Draw:
    real = data.select("train")
    return Draw(some_bars(real, BARS, random), *some_stream(real, BARS, random))


def independent_cells(data: BarSet, random: np.random.Generator) -> Draw:
    """Every cell on as often as in the data, whatever the others do."""
    often = data.select("train").rolls(slice(None)).mean(axis=0)
    return alone(random.random((BARS, *often.shape)) < often)


def one_bar(data: BarSet, random: np.random.Generator) -> Draw:
    real = some_bars(data.select("valid"), 50, random)
    chosen = real[real.any(axis=(1, 2, 3))][:1]
    return alone(np.repeat(chosen, BARS, axis=0))


def shuffled(data: BarSet, random: np.random.Generator) -> Draw:
    """Unseen real bars, in an order that nobody wrote."""
    real = data.select("valid")
    rows = some_rows(real, BARS, random)
    return replace(alone(real.rolls(rows)), song=real.song_id[rows])


def one_song(data: BarSet, random: np.random.Generator) -> Draw:
    """Bars of a single song in any order: neighbours are alike, and so are all others."""
    real = data.select("valid")
    rolls = real.rolls(np.flatnonzero(real.song_id == real.song_id[0]))
    return alone(rolls[random.integers(len(rolls), size=BARS)])


def tuned_noise(data: BarSet, random: np.random.Generator) -> Draw:
    """Noise drawn out in time so that notes are long, where the data has notes, under the threshold at
    which it has as many notes as the data."""
    real = data.select("train").rolls(slice(0, 1_000))[:, 0]
    wanted = measure(real)
    noise = random.standard_normal((BARS, 96, 84)).astype(np.float32)
    steady = noise.reshape(BARS, 16, 6, 84).mean(axis=2, keepdims=True).repeat(6, axis=2)
    field = steady.reshape(BARS, 96, 84) * 2.4 + np.log(real.mean(axis=(0, 1)) + 1e-4)
    low, high = -20.0, 20.0
    for _ in range(25):
        middle = (low + high) / 2
        many = notes_per_bar(field > middle).mean() > wanted.notes
        low, high = (middle, high) if many else (low, middle)
    rolls = field > high
    assert measure(rolls).notes == pytest.approx(wanted.notes, rel=0.1), "the tuning works"
    assert measure(rolls).qn > 95, "and the notes are long"
    return alone(rolls[:, None])


CHEATERS = {
    "resampled": (resampled, {"originality"}),
    "independent cells": (
        independent_cells, {"figures", "overlap", "realism", "coverage", "stream"}
    ),
    "one bar": (one_bar, {"figures", "coverage", "diversity", "stream"}),
    "shuffled": (shuffled, {"stream"}),
    "tuned noise": (tuned_noise, {"figures", "overlap", "realism", "coverage", "stream"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def report() -> Report:
    data = corpus(songs=200, bars=16)
    players = [Cheater("unseen", data, unseen)]
    players += [Cheater(name, data, make) for name, (make, _) in CHEATERS.items()]
    return evaluate(players, data, "composed", "test", BARS, SEEDS, lambda _: None)


def failed(report: Report, name: str) -> set[str]:
    row = next(row for row in report.rows if row.name == name)
    return {verdict.judge.name for verdict in report.verdicts_of(row) if verdict.failures}


@pytest.mark.parametrize("name", ["unseen", "floor: real songs"])
def test_real_songs_that_nobody_trained_on_pass_every_judge(report: Report, name: str) -> None:
    assert failed(report, name) == set()


def test_every_judge_speaks(report: Report) -> None:
    verdicts = report.verdicts_of(report.models[0])
    assert {verdict.judge.name: verdict.says for verdict in verdicts} == dict.fromkeys(
        ("figures", "overlap", "realism", "coverage", "diversity", "originality", "stream"), "passes"
    )


@pytest.mark.parametrize("name", CHEATERS)
def test_cheaters_are_failed_by_the_judges_that_should_see_them(report: Report, name: str) -> None:
    assert failed(report, name) >= CHEATERS[name][1]


@pytest.mark.parametrize(("name", "only"), [("resampled", "originality"), ("shuffled", "stream")])
def test_a_judge_blames_what_is_wrong_and_nothing_else(report: Report, name: str, only: str) -> None:
    assert failed(report, name) == {only}


def test_the_training_row_shows_that_copying_is_seen(report: Report) -> None:
    assert failed(report, "training data") == {"originality"}
    assert report.rows[1].median("Piano", "nearest") == 0
    assert report.rows[1].median("Piano", "copies") == 100


MISSED = {
    "resampled": {"nearest", "copies"},
    "independent cells": {
        "upc", "qn", "trees", "oa", "oa_worst", "dis", "harmony", "harmony_gap", "rhythm_gap", "chords"
    },
    "one bar": {
        "trees", "oa", "oa_worst", "distinct", "jaccard", "harmony_gap", "rhythm_gap",
        "chords", "same", "again", "lifeless",
    },
    "shuffled": {"harmony", "harmony_gap", "rhythm", "rhythm_gap"},
    "tuned noise": {
        "upc", "pr", "trees", "oa", "oa_worst", "dis", "harmony_gap", "rhythm_gap", "chords"
    },
    "one song": {"distinct", "harmony_gap", "rhythm_gap"},
}  # fmt: skip
"""The goals of the scoreboard that each cheater misses, whatever else."""


def judged(players: list[Cheater], data: BarSet, bars: int, sections: list[Section]) -> Scoreboard:
    """By one seed, on these sections."""
    evaluation = Evaluation(players, data, "composed", "test", bars, 1, lambda _: None, sections)
    return scoreboard(evaluation, lambda _: None)


@pytest.fixture(scope="module")
def board() -> Scoreboard:
    data = corpus(songs=200, bars=16)
    players = [Cheater("unseen", data, unseen), Cheater("one song", data, one_song)]
    players += [Cheater(name, data, make) for name, (make, _) in CHEATERS.items()]
    sections = [section for section in DRAWN if section is not NETWORK]
    return judged(players, data, BARS, sections)


def missed(board: Scoreboard, name: str) -> set[str]:
    return {score.figure.key for score in board.of(name, "Piano") if score.reached is False}


@pytest.mark.parametrize("name", MISSED)
def test_cheaters_miss_the_goals_that_should_see_them(board: Scoreboard, name: str) -> None:
    assert missed(board, name) >= MISSED[name]


def test_real_songs_miss_no_goal_that_cheaters_are_caught_by(board: Scoreboard) -> None:
    assert missed(board, "unseen") & set.union(*MISSED.values()) == set()


def test_what_only_the_order_tells_is_not_told_by_bars(board: Scoreboard) -> None:
    order = {"harmony", "rhythm", "chords", "same", "again", "drift", "end"}
    told = missed(board, "shuffled") ^ missed(board, "unseen")
    assert {key.split("_")[0] for key in told} <= order


@pytest.mark.slow
def test_the_network_tells_noise_from_music_and_songs_not_from_songs() -> None:
    data = corpus(songs=600, bars=16)  # of a third of them it is right in 42 to 66 of a hundred
    players = [Cheater("unseen", data, unseen), Cheater("tuned noise", data, tuned_noise)]
    found = judged(players, data, 3 * BARS, [NETWORK])
    assert missed(found, "tuned noise") == {"cnn"}
    assert missed(found, "unseen") == set()
