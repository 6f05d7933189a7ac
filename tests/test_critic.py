"""`livegan critic`: a finished model learns where its latent had better go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click import UsageError

from livegan.core.choosing import onwards
from livegan.core.decode import Logits
from livegan.core.model import BadModel
from livegan.core.rendering import Cue
from livegan.core.state import initial
from livegan.shell.generator import OnnxGenerator, load_model
from livegan_export import critic as parts
from livegan_export import critic_cli
from livegan_export.critic import graph_of_critic, without_critic
from livegan_train.choosing.network import BarCritic
from livegan_train.choosing.proposals import Proposals, grid_of, proposals
from livegan_train.choosing.settling import Streams, measured, settle
from livegan_train.choosing.training import learn, rate
from livegan_train.data import BarSet
from livegan_train.drawn import streamed_bars
from livegan_train.loop import fit
from livegan_train.stream.cells import STRUCK, Cells
from livegan_train.stream.config import StreamConfig
from livegan_train.stream.data import StreamData

from .bar_archives import one_track, write_archive
from .composed import corpus
from .fakes import FakeGenerator
from .tiny_stream import TINY, exported, quickly, quiet

SONGS, BARS_EACH = 12, 16
NOTES = 34
"""Among the critic's figures, the last of `matched.harmonies`."""


@pytest.fixture(scope="module")
def bars() -> BarSet:
    return corpus(SONGS, BARS_EACH, drums=True)


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    with quickly():
        yield


@pytest.fixture(scope="module")
def plain(bars: BarSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    return exported(fit(TINY, bars, folder / "run", quiet), folder)


@pytest.fixture(scope="module")
def archive(bars: BarSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("songs") / "songs.npz", bars)


def with_critic(plain: Path, archive: Path, folder: Path, *options: str) -> Path:
    """A copy of a model that got a critic."""
    path = folder / "tiny.onnx"
    for ending in (".onnx", ".md"):
        path.with_suffix(ending).write_bytes(plain.with_suffix(ending).read_bytes())
    critic_cli.critic.main(
        [
            str(path),
            "--data",
            str(archive),
            "--steps",
            "12",
            "--bars",
            "4000",
            "--rounds",
            "2",
            *options,
        ],
        standalone_mode=False,
    )
    return path


@pytest.fixture(scope="module")
def judged(plain: Path, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_critic(plain, archive, tmp_path_factory.mktemp("judged"))


def some_points(generator: OnnxGenerator, count: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((count, generator.info.latent))


def test_the_file_has_a_critic_and_all_that_it_had(plain: Path, judged: Path) -> None:
    before, after = (load_model(str(path), "cpu") for path in (plain, judged))
    assert not before.chooses
    assert after.chooses
    assert after.encodes
    cue = Cue(np.ones(after.info.latent))
    assert (before.logits(cue).onset == after.logits(cue).onset).all()
    points = some_points(after, 7)
    scores = after.believable(cue, points)
    assert scores.shape == (7,)
    assert len(set(scores.tolist())) > 1
    assert after.info.origin["critic"]["steps"] == 12


def wandered(generator: OnnxGenerator) -> np.ndarray:
    """Where the latent goes in a dozen bars, all of them silent."""
    state = replace(initial(1, *generator.info.size), drift=0.5, comeback=0.0)
    points = [state.point]
    for bar in range(1, 12):
        state = onwards(generator, state, bar, lambda way: Cue(way.point))
        points.append(state.point)
    return np.stack(points)


def test_a_critic_changes_where_the_music_wanders(judged: Path) -> None:
    chosen, plain = wandered(load_model(str(judged), "cpu")), wandered(without_critic(judged))
    assert (chosen[0] == plain[0]).all()
    assert (chosen[1:] != plain[1:]).any()
    assert (chosen == wandered(load_model(str(judged), "cpu"))).all()


def test_a_stream_with_a_critic_is_the_same_again(judged: Path) -> None:
    once, again = (streamed_bars(load_model(str(judged), "cpu"), 6, 1) for _ in range(2))
    assert (once == again).all()


def test_the_card_says_so_once(judged: Path, archive: Path, tmp_path: Path) -> None:
    text = judged.with_suffix(".md").read_text(encoding="utf-8")
    assert "**Chosen.**" in text
    assert "12 steps, seed 1" in text
    again = with_critic(judged, archive, tmp_path, "--seed", "2").with_suffix(".md")
    told = again.read_text(encoding="utf-8")
    assert told.count("**Chosen.**") == 1
    assert "12 steps, seed 2" in told
    assert told.count("| Piano |") == text.count("| Piano |") == 1


def test_a_second_critic_learns_from_what_the_model_makes_by_itself(judged: Path) -> None:
    assert not without_critic(judged).chooses
    assert load_model(str(judged), "cpu").chooses


def test_proposals_are_the_models_bars_with_what_it_heard(plain: Path, bars: BarSet) -> None:
    generator = load_model(str(plain), "cpu")
    found = proposals(generator, bars.select("train"), 400, 1)
    assert 400 <= len(found) < 440
    assert found.now.shape == found.before.shape == (len(found), 2, grid_of(generator), 84)
    silent = (found.before >= STRUCK).flatten(1).any(1).logical_not().float().mean()
    assert 0.2 < silent < 0.8, "a quarter follows nothing, another one bars of songs"
    assert set(found.place.tolist()) == set(range(TINY.places))


@pytest.mark.slow
def test_a_critic_tells_songs_from_noise(bars: BarSet) -> None:
    """Of bars that are songs' own with every note moved by chance it is soon sure."""
    config = StreamConfig("told", head="onset", transpose=2)
    codes = torch.zeros(600, 2, 16, 84, dtype=torch.uint8)
    random = torch.Generator().manual_seed(1)
    struck = torch.rand(codes.shape, generator=random) < 0.01
    codes[struck] = STRUCK + 3
    noise = Proposals(codes, torch.zeros_like(codes), torch.arange(600) % config.places)
    with pytest.MonkeyPatch.context() as here:
        here.setattr("livegan_train.choosing.training.ASKED", 200)
        _, learned = learn(
            bars.select("train"), bars.select("valid"), noise, config, 60, 1, lambda line: None
        )
    assert learned.right > 95
    assert learned.nats < 0.2


class Uneven(FakeGenerator):
    """Plays one note in three bars of four, else eight."""

    def __init__(self) -> None:
        super().__init__()
        self.info = replace(self.info, context=True, phrase=4)

    def logits(self, cue: Cue) -> Logits:
        logits = super().logits(cue)
        onset = np.full_like(logits.onset, -9.0)
        notes = 8 if cue.z[0] > np.quantile(cue.z, 0.75) else 1
        onset[0, np.arange(notes) * 12, 40] = 9.0
        return Logits(onset, np.full_like(onset, -9.0))


def test_what_is_chosen_is_settled_at_what_songs_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A critic that knows nothing leaves three bars of four thin; settled, it has as many notes as the
    songs' bars, as far as there are such."""
    monkeypatch.setattr("livegan_train.choosing.settling.STREAMS", 4)
    songs, said = corpus(SONGS, BARS_EACH), list[str]()
    config = StreamConfig("told", head="onset", transpose=2)
    data = StreamData(songs.select("train"), config, torch.device("cpu"))
    critic = BarCritic([True], 16, config.places).eval()
    torch.nn.init.zeros_(critic.last.weight)
    with torch.no_grad():
        wanted = measured(critic, data, 1)[1, NOTES]
        plain = Streams(Uneven(), 16, 1).onwards(critic)[NOTES]
        settle(critic, Uneven(), data, 30, 1, said.append)
        streams = Streams(Uneven(), 16, 2)
        settled = torch.stack([streams.onwards(critic) for _ in range(6)]).mean(0)[NOTES]
    assert (settled - wanted).abs() < 0.5 * (plain - wanted).abs()
    assert said[-1].startswith("round 30: off by")


def test_the_rate_rises_and_falls() -> None:
    rates = [rate(done / 100) for done in range(1, 101)]
    top = rates.index(1.0)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < rates[-1] < 0.05


def test_one_bar_before_them_does_for_many(bars: BarSet) -> None:
    critic = BarCritic([True, False], 16, 8).eval()
    now, before = (Cells(*(torch.rand(5, 2, 16, 84).round() for _ in range(2))) for _ in range(2))
    place = torch.full((5,), 3)
    one = before.rows(slice(0, 1))
    each = Cells(*(part.expand(5, -1, -1, -1) for part in one))
    with torch.no_grad():
        assert torch.allclose(critic(now, one, place[:1]), critic(now, each, place), atol=1e-5)


def test_a_graph_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ALIKE", 0.0)
    with pytest.raises(parts.ExportRefused, match="critic differs from torch's"):
        graph_of_critic(BarCritic([True], 16, 8).eval(), 1, 16)


def test_songs_of_other_tracks_are_one_line_and_the_file_stays(plain: Path, tmp_path: Path) -> None:
    songs, before = one_track(tmp_path / "songs.npz"), plain.read_bytes()
    with pytest.raises(UsageError, match=r"its tracks are PIANO; the model's are Drums, Piano"):
        with_critic(plain, songs, tmp_path)
    assert plain.read_bytes() == before
    assert (tmp_path / "tiny.onnx").read_bytes() == before


def test_a_model_that_hears_no_bar_before_has_none() -> None:
    with pytest.raises(BadModel, match="only streams have a critic"):
        grid_of(load_model("paper-naive", "cpu"))


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none.onnx: no such file"):
        critic_cli.critic.main([str(tmp_path / "none.onnx"), "--data", "x.npz"], standalone_mode=False)
