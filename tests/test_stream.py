"""Streams: trained beside the bar before, exported with knobs and an encoder, and played."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click import UsageError
from lightning_fabric import Fabric

from livegan.core.decode import Logits, decode
from livegan.core.knobs import KNOBS, measured
from livegan.core.rendering import Cue, parts_of, render_bar, roll_of
from livegan.core.roll import notes_from_roll, roll_from_notes
from livegan.core.state import initial
from livegan.core.tilt import Wish, shaped
from livegan.shell.generator import OnnxGenerator, load_model
from livegan_export.cli import export
from livegan_export.onnx_file import ExportRefused, Texts, write_model
from livegan_train import checkpoint as checkpoints
from livegan_train.checks import BadConfig
from livegan_train.config import Config, config_from
from livegan_train.data import BarSet, load_bars
from livegan_train.drawn import drawn_bars, streamed_bars
from livegan_train.evaluate.scoreboard import capture, interpolation
from livegan_train.evaluate.scoreboard.part import Real
from livegan_train.evaluate.sources import matched
from livegan_train.feel.graph import graph_of
from livegan_train.feel.network import Feel
from livegan_train.heads import OnsetHead
from livegan_train.loop import fit
from livegan_train.stream.attributes import Ranks, attributes, quantiles_of
from livegan_train.stream.autoencoder import autoencoder_loss, pretrain_step, take_autoencoder
from livegan_train.stream.cells import Cells, cells_of_codes, cells_of_roll, codes_of, joined
from livegan_train.stream.config import StreamConfig
from livegan_train.stream.data import StreamData, keys_of, places_of
from livegan_train.stream.features import axes, knob_axes
from livegan_train.stream.form import ways_of_songs
from livegan_train.stream.gan import (
    critic_step,
    draw,
    each_norm,
    keep_resting,
    look,
    pulled,
    section_of,
    train_step,
)
from livegan_train.stream.losses import divergence, reconstruction
from livegan_train.stream.matched import (
    clouds_apart,
    ends_apart,
    harmonies,
    intervals,
    intervals_apart,
    keeps_triad,
    outlines,
    shared,
    sorted_apart,
)
from livegan_train.stream.networks import (
    PitchEar,
    Shape,
    StreamGenerator,
    at_rest,
    free_controls,
    latent_of,
    on_spheres,
    one_by_one,
    place_and_detail,
    plane,
    silence,
    yielding,
)
from livegan_train.stream.pace import paces_for
from livegan_train.stream.run import StreamRun, begin, setup
from livegan_train.stream.settling import density, settle, settled_pair

from .bar_archives import one_track, write_bars
from .composed import corpus
from .fakes import FakeGenerator
from .tiny_stream import TINY, exported, quickly, quiet

SINGLE = Config(
    name="single", head="onset", generator="conv16", generator_width=16, critic="conv",
    critic_width=8, loss="relativistic", latent=8, batch=8, steps=2, validate_every=2,
)  # fmt: skip
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def bars() -> BarSet:
    return corpus(12, 16, drums=True)


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    with quickly():
        yield


@pytest.fixture(scope="module")
def trained(bars: BarSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fit(TINY, bars, tmp_path_factory.mktemp("stream"), quiet)


@pytest.fixture(scope="module")
def model(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> OnnxGenerator:
    return load_model(str(exported(trained, tmp_path_factory.mktemp("models"))), "cpu")


# cells


@pytest.mark.parametrize("cells", [16, 48])
def test_bars_on_the_grid_come_back_from_their_cells(bars: BarSet, cells: int) -> None:
    rolls = bars.rolls(slice(0, 30))
    one = cells_of_codes(torch.from_numpy(codes_of(rolls, cells)), cells)
    other = cells_of_roll(torch.from_numpy(rolls).float(), cells)
    assert torch.equal(one.onset, other.onset)
    assert torch.allclose(one.hold, other.hold, atol=1e-6)


def test_triplets_need_the_finer_grid() -> None:
    roll = np.zeros((1, 1, 96, 84), bool)
    roll[0, 0, [0, 8, 16], 40] = True
    assert codes_of(roll, 48)[0, 0, [0, 4, 8], 40].tolist() == [9, 9, 9]
    assert codes_of(roll, 16)[0, 0, :4, 40].tolist() == [9, 9, 0, 9], "moved to the nearest sixteenth"


@pytest.mark.parametrize("cells", [16, 48])
def test_what_a_head_draws_is_what_its_exported_logits_say(cells: int) -> None:
    head = OnsetHead(cells)
    logits = torch.randn(3, 2, 3, cells, 84, generator=torch.Generator().manual_seed(0)) - 1.0
    drawn, exported = head.draw(logits).roll.bool(), head.export(logits)
    whole = head.draw_cells(logits)
    for bar in range(3):
        for track in range(2):
            notes = decode(*(exported[key][bar, track].numpy() for key in ("onset", "keep")))
            roll = np.zeros((96, 84), bool)
            for start, length, row in zip(*notes, strict=True):
                roll[start : start + length, row] = True
            assert (roll == drawn[bar, track].numpy()).all()
    assert torch.allclose(cells_of_roll(drawn.float(), cells).hold, whole.hold, atol=1e-6)


def test_knobs_measure_cells_as_the_runtime_measures_notes(bars: BarSet) -> None:
    rolls = bars.rolls(slice(0, 20))[:, 1:]
    values, _ = attributes(cells_of_codes(torch.from_numpy(codes_of(rolls, 16)), 16))
    for roll, got in zip(rolls[:, 0], values[:, 0], strict=True):
        notes = notes_from_roll(roll)
        if not notes:
            continue
        starts, lengths = (np.array([getattr(n, f) for n in notes]) for f in ("start", "length"))
        rows = np.array([n.pitch - 24 for n in notes])
        found = measured(starts, lengths, rows)
        assert found is not None
        assert got.tolist() == pytest.approx(list(found), rel=0.02, abs=0.05)


def test_ranks_and_values_are_each_others_way_back() -> None:
    values = np.random.default_rng(0).gamma(2, 3, (500, 1, 5)).astype(np.float32)
    ranks = Ranks(torch.from_numpy(quantiles_of(values, np.ones((500, 1), bool))))
    middle = torch.from_numpy(np.quantile(values, [0.1, 0.5, 0.9], axis=0)).float()
    assert torch.allclose(ranks.values(ranks.of(middle)), middle, atol=1e-2)
    assert ranks.of(middle)[:, 0, 0].tolist() == pytest.approx([0.1, 0.5, 0.9], abs=0.02)


# data


def test_a_songs_key_is_heard() -> None:
    song = np.zeros((8, 1, 96, 84), bool)
    for bar in range(8):
        for place, degree in enumerate((0, 4, 7, 5, 9, 7, 11, 0)):
            song[bar, 0, place * 12 : place * 12 + 11, 36 + (degree + 7) % 12] = True
    assert keys_of(codes_of(song, 16)).tolist() == [7] * 8, "G major"


def test_phrases_end_where_bars_end_early() -> None:
    song = np.zeros((32, 1, 96, 84), bool)
    song[:, 0, ::12, 40] = True
    song[5::8, 0, 24:] = False
    places = places_of(codes_of(song, 16), np.arange(32, dtype=np.int32), 8)
    assert places[5::8].tolist() == [7] * 4
    assert places[6::8].tolist() == [0] * 4


def test_a_batch_has_each_bar_with_the_one_before_it(bars: BarSet) -> None:
    one = bars.rows(np.flatnonzero(bars.song_id == 0))
    data = StreamData(one, replace(TINY, transpose=0), CPU)
    batch = data.batch(64, torch.Generator().manual_seed(0))
    rows = [int((data.codes == code).flatten(1).all(1).nonzero()[0]) for code in codes_again(batch.now)]
    for row, before in zip(rows, batch.before.onset, strict=True):
        if row == 0:
            assert not before.any(), "silence before the first bar"
        else:
            assert torch.equal(before, (data.codes[row - 1] >= 8).float())


def codes_again(cells: Cells) -> torch.Tensor:
    return (cells.hold * 6).round().to(torch.uint8) + 8 * cells.onset.to(torch.uint8)


# training


def run_of(config: StreamConfig, bars: BarSet) -> tuple[StreamRun, StreamData]:
    data = StreamData(bars.select("train"), config, CPU)
    run = setup(config, data, Fabric(accelerator="cpu", devices=1))
    begin(run, data)
    return run, data


def test_an_autoencoder_learns_to_say_bars_again(bars: BarSet) -> None:
    config = replace(TINY, autoencoder_steps=1_000, width=32, code=32, autoencoder_lr=3e-3)
    run, data = run_of(config, bars)
    first = float(autoencoder_loss(run, data).detach())
    for _ in range(150):
        pretrain_step(run, data)
    assert float(autoencoder_loss(run, data).detach()) < 0.6 * first


def test_the_autoencoder_comes_first_and_stays_as_it_is(bars: BarSet) -> None:
    run, data = run_of(TINY, bars)
    assert run.pretraining
    assert not run.generator.mapping.basis.any()
    while run.pretraining:
        pretrain_step(run, data)
    assert run.generator.mapping.basis.any(), "the latent's axes are laid"
    said = {n: p.clone() for n, p in run.generator.decoder.named_parameters()}
    mapped, critic = run.generator.mapping.last.weight.clone(), run.critic.last.weight.clone()
    for _ in range(TINY.critic_first):
        train_step(run, data)
    assert torch.equal(run.generator.mapping.last.weight, mapped), "the critic's own steps"
    assert not torch.equal(run.critic.last.weight, critic)
    train_step(run, data)
    assert not torch.equal(run.generator.mapping.last.weight, mapped)
    assert all(torch.equal(p, said[n]) for n, p in run.generator.decoder.named_parameters())


def test_knobs_are_read_off_codes_and_written_to_them() -> None:
    torch.manual_seed(1)
    codes = torch.randn(2_000, 6) @ torch.randn(6, 6) + 3
    shares = codes[:, :2] @ torch.tensor([[0.3, 0.1], [0.0, 0.2]]) + 0.5
    counts = torch.ones_like(shares, dtype=torch.bool)
    read, bias, write = knob_axes(codes, shares, counts)
    assert torch.allclose(codes @ read.T + bias, shares, atol=0.05)
    moved = codes + torch.tensor([0.4, 0.0]) @ write.T
    told = moved @ read.T + bias - shares
    assert torch.allclose(told, torch.tensor([0.4, 0.0]).expand_as(told), atol=0.06), "and no other"
    noise = torch.rand(2_000, 1)
    weak = knob_axes(codes, noise, torch.ones_like(noise, dtype=torch.bool))[2]
    assert float(weak.norm()) < 0.1 * float(write.norm()), "what can't be read moves nothing"
    silent = knob_axes(codes, shares, torch.zeros_like(counts))
    assert not any(part.any() for part in silent)


def test_after_the_autoencoder_codes_go_where_knobs_ask(bars: BarSet) -> None:
    config = replace(TINY, width=32, code=32, batch=64, autoencoder_steps=100, autoencoder_lr=3e-3)
    run, data = run_of(config, bars)
    while run.pretraining:
        pretrain_step(run, data)
    mapping = run.generator.mapping
    z = on_spheres(torch.randn(200, run.shape.latent), run.shape.sizes)
    controls = free_controls(200, run.shape, CPU)

    @torch.no_grad()
    def told() -> torch.Tensor:
        nothing = silence(200, run.shape, CPU)
        return mapping.steering.read(mapping(z, nothing, torch.zeros(200, dtype=torch.int64), controls))

    free = told()
    for knob in range(KNOBS.index("length")):  # all notes of these bars are as long
        controls[:] = free_controls(200, run.shape, CPU)
        controls[:, knob] = 0.9
        moved = (told() - free)[:, knob] / (0.9 - free[:, knob])
        assert (moved > 0.05).all(), "it goes there; not all the way, as it is not read exactly"
        assert (moved < 1.0).all()


def test_what_follows_hears_the_bar_before_and_has_its_section(bars: BarSet) -> None:
    run, data = run_of(replace(TINY, batch=64, autoencoder_steps=150, autoencoder_lr=3e-3), bars)
    while run.pretraining:
        pretrain_step(run, data)
    seen = look(run, data)
    assert 10 < int(seen.follows.sum()) < 60
    assert not seen.context.rows(~seen.follows).onset.any()
    heard = seen.context.rows(seen.follows).onset.sum((1, 2, 3))
    assert (heard > 0).float().mean() > 0.9
    drawn = draw(run, seen)
    assert not (drawn.onwards & seen.follows).any()
    assert 3 < int(drawn.onwards.sum()) < int((~seen.follows).sum()), "some after a made one"
    assert torch.equal(
        drawn.context.rows(~drawn.onwards).onset, seen.context.rows(~drawn.onwards).onset
    )
    made = drawn.context.rows(drawn.onwards).onset.sum((1, 2, 3))
    assert (made > 0).float().mean() > 0.5
    section = section_of(run, seen.context.rows(seen.follows))
    assert torch.allclose(drawn.known[seen.follows, :4], section, atol=1e-5)


@torch.no_grad()
def test_tracks_rest_as_often_as_in_the_data(bars: BarSet) -> None:
    run = run_of(TINY, bars)[0]
    run.resting = torch.tensor([0.3, 0.0])
    random = torch.Generator().manual_seed(0)
    for _ in range(400):
        for least, rest in enumerate(run.generator.rest):
            keep_resting(run, rest, least + 1 + 5 * torch.rand(16, 2, generator=random))
    for least, rest in enumerate(run.generator.rest):
        assert rest[0] == pytest.approx(least + 1 + 5 * 0.3, abs=0.5)
        assert rest[1] < least + 1.1
    code, after = torch.zeros(2, TINY.code), torch.tensor([False, True])
    logits, expected = run.generator.said(code, after)
    run.generator.rest.copy_(torch.tensor([[0.0, 0.0], [0.0, float(expected[0, 1]) + 0.1]]))
    resting = run.generator.said(code, after)[0]
    assert run.head.draw_cells(resting).onset[1, 1].sum() == 0
    assert torch.equal(resting[:, 0], logits[:, 0])
    assert torch.equal(resting[0], logits[0])


def test_before_they_are_judged_averaged_networks_make_bars_as_dense_as_the_data(bars: BarSet) -> None:
    config = replace(TINY, width=32, code=32, batch=64, autoencoder_steps=100, autoencoder_lr=3e-3)
    run, data = run_of(config, bars)
    while run.pretraining:
        pretrain_step(run, data)
    wanted = density(run, data.bars(2_000, torch.Generator().manual_seed(2)))
    generator = run.ema["generator"]
    assert isinstance(generator, StreamGenerator)
    mapping = generator.mapping
    mapping.move(-mapping.steering.write.weight[:, 0])  # thins out the first track
    before, state = run.random.get_state(), copy.deepcopy(run.ema.state_dict())

    def apart() -> float:
        random = torch.Generator().manual_seed(3)
        made = settled_pair(run, random)
        return float(sum((wanted - density(run, bars))[0] for bars in made) / 2)

    with torch.no_grad():
        thin = apart()
        assert thin > 0.03
        settle(run, data)
        assert abs(apart()) < 0.4 * thin
    assert torch.equal(run.random.get_state(), before), "it goes on as if it had not been judged"
    assert all(torch.equal(part, state[name]) for name, part in run.ema.state_dict().items())
    again = run.shift.clone()
    settle(run, data)
    assert torch.equal(run.shift, again)


@torch.no_grad()
def test_before_they_are_judged_tracks_rest_as_often_as_in_the_data(bars: BarSet) -> None:
    """After silence and after a bar, where averaged networks expect less or more."""
    run = run_of(replace(TINY, width=32, code=32), bars)[0]
    run.resting = torch.tensor([0.3, 0.0])
    made = settled_pair(run, torch.Generator().manual_seed(3))
    again = settled_pair(run, torch.Generator().manual_seed(3))
    assert [torch.equal(*pair) for pair in zip(joined(*made), joined(*again), strict=True)] == [
        True
    ] * 2
    generator, least = run.averaged.generator, run.least
    assert torch.equal(generator.rest, least)
    z, free = run.latents(500), free_controls(500, run.shape, run.fabric.device)
    code = generator.mapping(z, silence(500, run.shape, z.device), torch.zeros(500).long(), free)
    for after in (0, 1):
        expected = generator.said(code, torch.full((500,), after))[1]
        rests = (expected < least[after]).float().mean(0)
        if not after:
            assert rests[0] == pytest.approx(0.3, abs=0.08)
            assert rests[1] < 0.02


def test_the_first_axes_are_those_that_change_slowly() -> None:
    random = torch.Generator().manual_seed(0)
    slow = torch.randn(4_000, 2, generator=random)
    noise = torch.randn(2, 4_000, 6, generator=random) * 3.0
    mixed = torch.linalg.qr(torch.randn(8, 8, generator=random)).Q
    codes, near = (torch.cat([slow, part], 1) @ mixed.T for part in noise)
    found = axes(codes, near, 2, 3)
    assert found.shape == (8, 5)
    back = found @ torch.linalg.pinv(found)
    kept = mixed[:, :2]
    assert torch.allclose(back @ kept, kept, atol=0.1), "they span what was slow"
    assert torch.allclose(found[:, :2].norm(dim=0), torch.ones(2), atol=0.1), "as long as it varies"
    assert (found[:, 2:].norm(dim=0) > 2.5).all()


def test_a_latent_is_a_place_and_a_detail_and_the_way_back() -> None:
    shape = Shape((True,), 16, 24, 40, 100, 8, 5, 16, 1, 2.0, (False,))
    random = torch.Generator().manual_seed(0)
    z = on_spheres(torch.randn(50, shape.latent, generator=random), shape.sizes)
    place, detail = place_and_detail(z, shape)
    assert torch.allclose(latent_of(place, detail, shape), z, atol=1e-3)
    assert detail.norm(dim=1).mean() == pytest.approx(10.0, rel=0.1)
    far = latent_of(place, 20.0 * torch.nn.functional.normalize(detail, dim=1), shape)
    assert place_and_detail(far, shape)[1].norm(dim=1).mean() == pytest.approx(20.0, rel=0.01)


def test_a_perfect_answer_costs_nothing_and_a_missing_note_more_than_a_wrong_one() -> None:
    roll = np.zeros((1, 1, 96, 84), bool)
    roll[0, 0, :18, 40] = True
    target = cells_of_codes(torch.from_numpy(codes_of(roll, 16)), 16)
    head = OnsetHead()
    perfect = torch.full((1, 1, 3, 16, 84), -20.0)
    perfect[0, 0, 0, 0, 40] = 20.0
    perfect[0, 0, 1, :, 40] = 20.0
    perfect[0, 0, 2, :2, 40] = 20.0
    assert float(reconstruction(perfect, head.thresholds, target, 2.0, torch.ones(1))) < 1e-3
    missing, wrong = perfect.clone(), perfect.clone()
    missing[0, 0, 0, 0, 40] = -1.0
    wrong[0, 0, 0, 4, 50] = 1.0
    asked = (head.thresholds, target, 2.0)
    costs = [float(reconstruction(x, *asked, torch.ones(1))) for x in (missing, wrong)]
    assert costs[0] > 1.5 * costs[1]
    assert float(reconstruction(wrong, *asked, torch.tensor([3.0]))) == pytest.approx(3 * costs[1])


def test_normal_codes_diverge_from_nothing() -> None:
    nothing = torch.zeros(4, 8)
    assert float(divergence(nothing, nothing)) == 0.0
    assert float(divergence(nothing + 1, nothing)) == pytest.approx(4.0)
    assert float(divergence(nothing, nothing - 2)) > 0


def test_the_distance_of_two_clouds_is_nothing_where_they_are_alike() -> None:
    random = torch.Generator().manual_seed(1)

    def cloud(count: int, shift: float, stretch: float) -> torch.Tensor:
        return shift + stretch * torch.randn(count, 6, generator=random)

    def apart(shift: float, stretch: float) -> float:
        found = [
            float(clouds_apart(cloud(40, shift, stretch), cloud(64, 0, 1), random)) for _ in range(60)
        ]
        return sum(found) / len(found)

    alike = apart(0, 1)
    assert abs(alike) < 0.01, "unbiased, though of few points"
    assert apart(1, 1) > 0.2
    assert apart(0, 0.3) > 0.1, "too much alike is as wrong"


def test_batches_of_other_sizes_are_matched_by_their_shares() -> None:
    values = torch.linspace(0, 1, 100)[:, None]
    assert float(sorted_apart(values[::4], values, 0.1)) < 0.01
    assert float(sorted_apart(values[::4] + 1, values, 0.1)) > 1


def test_a_few_bars_are_not_held_to_the_rarest_real_ones() -> None:
    values = torch.linspace(0, 1, 100)[:, None]
    usual, rare = torch.tensor([[0.125, 0.375, 0.625, 0.875], [0.0, 0.33, 0.66, 1.0]])
    assert float(sorted_apart(usual[:, None], values, 0.1)) < 1e-3
    assert float(sorted_apart(rare[:, None], values, 0.1)) > 0.04


def chord(*pitches: int) -> Cells:
    """Struck on the first cell of a bar."""
    onset = torch.zeros(1, 1, 16, 84)
    onset[0, 0, 0, list(pitches)] = 1.0
    return Cells(onset, onset)


def test_bars_share_what_is_struck_at_once_and_what_sounds() -> None:
    pitched = torch.tensor([True])
    one, transposed = chord(40, 44), chord(46, 50)
    octave = chord(52, 56)
    rhythm, _, harmony, _, stays = shared(one, octave, pitched)[0].tolist()
    assert (rhythm, harmony) == (pytest.approx(1), pytest.approx(1))
    assert 0 <= stays <= 1
    assert shared(one, transposed, pitched)[0, 2] == 0
    assert torch.isfinite(shared(one, Cells(one.onset * 0, one.hold * 0), pitched)).all()


def test_an_outline_tells_what_a_bar_is_like() -> None:
    found = outlines(chord(40, 44))
    assert found.shape == (1, 1, 16 + 16 + 12 + 9)
    assert torch.isfinite(outlines(Cells(*(part * 0 for part in chord(40, 44))))).all()


def test_intervals_are_counted_whatever_the_key_and_the_octave() -> None:
    pitched = torch.tensor([True])
    third, fifth, semitone = chord(40, 44), chord(40, 47), chord(40, 41)
    assert intervals(third, pitched)[0, 0].tolist() == [0, 0, 0, 1, 0, 0]
    assert intervals(fifth, pitched)[0, 0].tolist() == [0, 0, 0, 0, 1, 0]
    assert float(intervals_apart(third, chord(46, 62), pitched)) == 0.0
    assert float(intervals_apart(semitone, third, pitched)) > 1.0
    assert intervals(chord(40, 46), pitched)[0, 0, 5] == 1, "a tritone is one pair, not two"


def lasting(*halves: tuple[int, ...]) -> Cells:
    """A bar of two halves, each a chord."""
    onset, hold = torch.zeros(1, 1, 16, 84), torch.zeros(1, 1, 16, 84)
    for half, pitches in enumerate(halves):
        onset[0, 0, 8 * half, list(pitches)] = 1.0
        hold[0, 0, 8 * half : 8 * half + 8, list(pitches)] = 1.0
    return Cells(onset, hold)


MAJOR, RELATIVE = (36, 40, 43), (33, 36, 40)


def test_a_triad_is_kept_or_left_within_a_bar_and_at_its_line() -> None:
    pitched = torch.tensor([True])
    kept, left = lasting(MAJOR, MAJOR), lasting(MAJOR, RELATIVE)
    assert float(keeps_triad(kept, pitched)) > 0.8 > 0.2 > float(keeps_triad(left, pitched))
    assert shared(kept, kept, pitched)[0, -1] > 0.8
    assert shared(kept, left, pitched)[0, -1] < 0.2


def test_harmony_is_the_same_in_every_key_and_another_where_it_clashes() -> None:
    pitched = torch.tensor([True])
    higher = lasting(*([pitch + 5 for pitch in half] for half in (MAJOR, RELATIVE)))
    one = harmonies(lasting(MAJOR, RELATIVE), pitched)
    torch.testing.assert_close(one, harmonies(higher, pitched))
    assert (one - harmonies(lasting(MAJOR, (33, 34, 35)), pitched)).abs().max() > 0.3
    nothing = Cells(*(part * 0 for part in lasting(MAJOR)))
    assert torch.isfinite(harmonies(nothing, pitched)).all()


def test_bars_that_end_early_are_matched_with_bars_that_do() -> None:
    early, full = (joined(bar, bar) for bar in (lasting(MAJOR), lasting(MAJOR, MAJOR)))
    assert float(ends_apart(early, early)) == 0
    assert float(ends_apart(early, full)) > 1


def test_the_critic_hears_an_interval_in_every_key() -> None:
    torch.manual_seed(1)
    ear = PitchEar(TINY.shape([True]))
    convolved = [
        ear.layers[:1](torch.cat([plane(part) for part in (*bar, *bar)], 1)).amax((2, 3))
        for bar in (chord(30, 31), chord(36, 37), chord(30, 37))
    ]
    torch.testing.assert_close(convolved[0], convolved[1])
    assert (convolved[0] - convolved[2]).abs().max() > 1e-3


def test_no_wish_pulls_much_harder_than_the_critic(bars: BarSet) -> None:
    def pull(weight: float) -> torch.Tensor:
        config = replace(TINY, autoencoder_steps=2, critic_first=0, intervals=weight)
        data = StreamData(bars, config, CPU)
        run = setup(config, data, Fabric(accelerator="cpu", devices=1))
        begin(run, data)
        take_autoencoder(run, data, run.state())
        seen = look(run, data)
        drawn = draw(run, seen)
        _, found = pulled(run, seen, drawn, critic_step(run, seen, drawn)[1])
        return torch.cat(list(found), 1)

    strong, enormous = (each_norm(pull(weight)) for weight in (1e6, 1e12))
    torch.testing.assert_close(strong, enormous)


def test_a_resumed_stream_is_the_same_to_the_bit(bars: BarSet, tmp_path: Path) -> None:
    fit(TINY, bars, tmp_path / "whole", quiet)
    fit(replace(TINY, steps=5), bars, tmp_path / "halves", quiet)
    fit(TINY, bars, tmp_path / "halves", quiet)
    one, other = (checkpoints.load(tmp_path / n / "last.pt") for n in ("whole", "halves"))
    assert one.step == other.step == 8
    first = checkpoints.load(tmp_path / "halves" / "best.pt").data["seconds"]
    assert 0 < first < other.data["seconds"], "the minutes of both halves"
    for name in ("networks", "critic", "ema"):
        for key, tensor in one.state[name].items():
            assert torch.equal(tensor, other.state[name][key]), f"{name} {key}"


def test_a_note_that_is_not_sure_gives_way_to_one_that_clashes() -> None:
    def played(*notes: tuple[int, int, float]) -> list[list[int]]:
        """Sounding pitches by cell of notes (cell, pitch, logit), each held from there on."""
        logits = torch.full((1, 1, 3, 16, 84), -9.0)
        for cell, pitch, logit in notes:
            logits[0, 0, 0, cell, pitch] = logit
            logits[0, 0, 2, cell:, pitch] = 9.0
        hold = OnsetHead(16).draw_cells(yielding(logits, 16, 2.0)).hold[0, 0]
        return [torch.nonzero(hold[cell] > 0.5).flatten().tolist() for cell in (0, 8)]

    assert played((0, 40, 5.0), (0, 41, 5.0)) == [[40, 41], [40, 41]], "both are sure"
    assert played((0, 40, 1.0), (0, 42, 5.0)) == [[40, 42], [40, 42]], "a tone is no clash"
    for away in (1, -1, 11, 13):
        assert played((0, 40, 1.0), (0, 40 + away, 1.5)) == [[40 + away]] * 2
    assert played((0, 40, 5.0), (8, 41, 1.0)) == [[40], [40]], "it does not begin"
    assert played((0, 40, 1.0), (8, 41, 5.0)) == [[40], [41]], "it ends"


def test_a_track_that_plays_alone_ends_a_note_where_the_next_begins() -> None:
    logits = torch.full((1, 1, 3, 16, 84), -9.0)
    for cell, pitch, sure in ((0, 40, 5.0), (0, 52, 6.0), (6, 45, 1.0), (12, 47, 2.0)):
        logits[0, 0, 0, cell, pitch] = sure
    logits[0, 0, 2] = 9.0
    onset, hold = OnsetHead(16).draw_cells(one_by_one(logits))
    assert torch.nonzero(onset[0, 0]).tolist() == [[0, 52], [6, 45], [12, 47]]
    assert torch.equal(hold[0, 0].sum(1), torch.ones(16)), "no gap, no chord"


def leaned_on(logits: torch.Tensor, wish: Wish) -> list[tuple[int, int, int]]:
    """Start, length and row of a track's notes, as the runtime shapes what the head says."""
    said = OnsetHead(16).export(logits)
    notes = shaped(said["onset"][0, 0].numpy(), said["keep"][0, 0].numpy(), wish)
    return sorted(zip(*(part.tolist() for part in notes), strict=True))


def test_what_a_track_leaves_out_that_plays_alone_comes_when_a_knob_asks_for_it() -> None:
    logits = torch.full((1, 1, 3, 16, 84), -30.0)
    for cell, low, high in ((0, 40, 45), (8, 41, 46)):
        logits[0, 0, 0, cell, low], logits[0, 0, 0, cell, high] = 0.8, 0.2
    logits[0, 0, 2] = 9.0
    left = one_by_one(logits)
    higher = Wish(density=2, register=45.5, alone=True, asked=frozenset({"register"}))
    assert leaned_on(left, Wish()) == [(0, 48, 40), (48, 48, 41)]
    assert leaned_on(left, higher) == [(0, 48, 45), (48, 48, 46)]
    fewer = Wish(density=1, length=16, alone=True, asked=frozenset({"density", "length"}))
    assert leaned_on(left, fewer) == [(0, 96, 40)], "no end where nothing begins any more"


def test_a_track_that_rests_wakes_to_what_it_would_have_played() -> None:
    logits = torch.full((1, 1, 3, 16, 84), -9.0)
    logits[0, 0, 0, 0, 40], logits[0, 0, 1], logits[0, 0, 2, :3, 40] = 5.0, 9.0, 9.0
    resting = at_rest(logits)
    assert leaned_on(resting, Wish()) == []
    assert leaned_on(resting, Wish(density=1, asked=frozenset({"density"}))) == [(0, 24, 40)]


def test_the_data_says_which_tracks_play_alone(tmp_path: Path) -> None:
    rolls = np.zeros((20, 96, 84, 3), bool)
    rolls[:, :90, 40] = True
    rolls[:, 6:90, 47, 1] = True
    path = write_bars(tmp_path / "bars.npz", rolls, ("TUNE", "PIANO", "Drums"))
    assert StreamData(load_bars(path), TINY, CPU).alone == [True, False, False]


def test_a_run_of_other_networks_is_one_line(bars: BarSet, tmp_path: Path) -> None:
    fit(replace(TINY, steps=2), bars, tmp_path, quiet)
    saved = checkpoints.load(tmp_path / "last.pt")
    saved.state["critic"].popitem()
    checkpoints.save(tmp_path / "last.pt", saved)
    with pytest.raises(checkpoints.BadCheckpoint, match="begin in another --out"):
        fit(TINY, bars, tmp_path, quiet)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"head": "cells"}, "head = 'cells': choose one of onset, onset48"),
        ({"batch": 10}, "a multiple of 4"),
        ({"widht": 3}, "unknown key 'widht'"),
        ({"context": 2.0}, "between 0 and 1"),
        ({"lr": 0.0}, "lr = 0.0: must be above 0"),
        ({"home": 1}, "home = 1: must be a bool"),
        ({"bar": 80}, "section \\+ bar = 104: no more than code = 96"),
    ],
)
def test_a_wrong_line_of_a_config_is_named(values: dict[str, object], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        config_from({"name": "x", "generator": "stream"} | values)


# the model file


def test_the_file_says_what_a_stream_is(model: OnnxGenerator) -> None:
    info = model.info
    assert (info.phrase, info.steady, info.section, info.latent) == (8, 1, 4, 28)
    assert info.context
    assert info.controls == (*(f"{k} {t}" for t in ("Drums", "Piano") for k in KNOBS), "key")
    assert len(info.directions) == 8
    assert len({direction.name for direction in info.directions}) == 8
    assert all(len(info.tracks[1].quantiles(knob)) >= 20 for knob in KNOBS)


def test_context_place_and_knobs_reach_the_graph(model: OnnxGenerator) -> None:
    plain = Cue(np.ones(28))
    roll = np.zeros((2, 96, 84), bool)
    roll[1, :40, 30] = True
    controls = np.full(len(model.info.controls), 0.9, np.float32)
    same = model.logits(plain).onset
    for cue in (replace(plain, context=roll), replace(plain, controls=controls)):
        assert np.abs(model.logits(cue).onset - same).max() > 0
    assert np.array_equal(model.logits(replace(plain, context=np.zeros_like(roll))).onset, same)


def test_bars_are_made_with_the_bar_before_and_without(model: OnnxGenerator) -> None:
    assert drawn_bars(model, 5, 1).shape == streamed_bars(model, 5, 1).shape == (5, 2, 96, 84)


def test_a_bar_has_a_latent_on_both_spheres(model: OnnxGenerator, bars: BarSet) -> None:
    z = model.encode(bars.rolls(slice(0, 1)))[0]
    assert np.linalg.norm(z[:4]) == pytest.approx(2.0, abs=1e-4)
    assert np.linalg.norm(z[4:]) == pytest.approx(24**0.5, abs=1e-3)
    assert not np.allclose(z, model.encode(bars.rolls(slice(40, 41)))[0])


def test_a_stream_is_judged_by_what_it_captures_and_after_held_out_bars(
    model: OnnxGenerator, bars: BarSet
) -> None:
    real = Real(bars.select("train"), bars.select("test"), 40)
    judged = matched("tiny", model, bars, "test")
    found = capture.measure(judged, real, {}, 40, 1)
    assert set(found) == {"Drums", "Piano", "Drums + Piano"}
    assert 0 < found["Piano"]["capture_nearest"] < found["Piano"]["capture"] <= 1
    after = interpolation.measure_after(judged, real, {}, 16, 1)
    assert after["Drums + Piano"]["ends_after"] >= 0


def test_notes_survive_the_way_through_a_roll() -> None:
    head = OnsetHead()
    logits = torch.randn(1, 1, 3, 16, 84, generator=torch.Generator().manual_seed(3)) - 1.5
    roll = head.draw(logits).roll[0, 0].bool().numpy()
    assert (roll_from_notes(notes_from_roll(roll)) == roll).all()


# how fast it wanders


class Held(FakeGenerator):
    """Where the bar's latent lies says which chord is played, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.info = replace(self.info, latent=8, section=2)

    def logits(self, cue: Cue) -> Logits:
        onset = np.full((1, 96, 84), -9.0)
        place = int(np.argmax(cue.z[2:]))
        onset[0, [0, 6 * (1 + 2 * place)], 30 + place] = 9.0
        return Logits(onset, np.full_like(onset, -9.0))


def test_a_latent_wanders_so_that_bars_share_what_bars_of_songs_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("livegan_train.stream.pace.ROUGHLY", 40)
    monkeypatch.setattr("livegan_train.stream.pace.SURELY", 60)
    still = paces_for(Held(), {"harmony_lift": 0.8})
    restless = paces_for(Held(), {"harmony_lift": 0.0})
    assert still[1] < 3 < restless[1]


# how half phrases come back, in the same file


def test_half_phrases_come_back_as_in_the_songs_that_it_was_trained_on(
    model: OnnxGenerator, bars: BarSet
) -> None:
    """Of drums of two kinds there are enough that go on, not so of the piano's bars."""
    assert model.info.ways == ways_of_songs(bars.select("train"))
    goes_on = model.info.ways[0]
    assert goes_on.bars == 1
    assert goes_on.tracks[0] == 1.0
    assert goes_on.tracks[1] < 0.5


def test_the_form_of_other_songs_can_be_taken(trained: Path, tmp_path: Path) -> None:
    rolls = np.zeros((80, 96, 84, 2), bool)
    rolls[np.arange(80), :24, np.arange(80) % 4] = True
    songs, out = tmp_path / "songs.npz", tmp_path / "other.onnx"
    np.savez(
        songs,
        bars=np.packbits(rolls.reshape(80, -1), axis=1),
        song_id=np.repeat([0, 1], 40),
        song_split=np.array([0, 1]),
        tracks=np.array(checkpoints.load(trained).data["tracks"]),
    )
    export_files(str(trained), str(out), "--songs", str(songs))
    assert [(way.bars, way.tracks) for way in load_model(str(out), "cpu").info.ways] == [
        (4, (1.0, 1.0))
    ]


def test_the_form_of_songs_with_other_tracks_is_refused(trained: Path, tmp_path: Path) -> None:
    songs = one_track(tmp_path / "songs.npz")
    with pytest.raises(UsageError, match=r"its tracks are PIANO; the model's are Drums, Piano"):
        export_files(str(trained), str(tmp_path / "m.onnx"), "--songs", str(songs))
    assert [entry.name for entry in tmp_path.iterdir()] == ["songs.npz"]


def export_files(*arguments: str) -> None:
    export.main(arguments, standalone_mode=False)


# how notes are struck, in the same file


def export_with(path: Path, feel: Path, bars: BarSet, folder: Path) -> OnnxGenerator:
    best = checkpoints.load(fit(SINGLE, bars, folder / "run", quiet))
    write_model(best, path, "felt", Texts(), feel)
    return load_model(str(path), "cpu")


def test_a_model_file_carries_how_its_notes_are_struck(bars: BarSet, tmp_path: Path) -> None:
    graph = tmp_path / "feel.onnx"
    graph.write_bytes(graph_of(Feel(2)))
    generator = export_with(tmp_path / "felt.onnx", graph, bars, tmp_path)
    roll = bars.rolls(slice(0, 1)).astype(np.float32)
    maps = generator.feel(roll)
    assert maps is not None
    assert {part.shape for part in maps} == {(2, 96, 84)}


def test_a_model_without_it_says_so(model: OnnxGenerator, bars: BarSet) -> None:
    assert model.feel(bars.rolls(slice(0, 1)).astype(np.float32)) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [(lambda: graph_of(Feel(3)), "made for 3 tracks, this model has 2"), (lambda: b"x", "not a graph")],
)
def test_feel_for_another_model_is_refused_and_nothing_is_written(
    content: Callable[[], bytes], why: str, bars: BarSet, tmp_path: Path
) -> None:
    graph = tmp_path / "feel.onnx"
    graph.write_bytes(content())
    with pytest.raises(ExportRefused, match=why):
        export_with(tmp_path / "felt.onnx", graph, bars, tmp_path)
    assert not (tmp_path / "felt.onnx").exists()


def test_the_shipped_default_has_learned_how_to_strike() -> None:
    generator = load_model("piano", "cpu")
    state = initial(1, generator.info.latent)
    notes = render_bar(generator, state, Cue(state.heard))
    assert len({note.velocity for note in notes}) > len(notes) / 3
    roll = roll_of(parts_of(notes, generator.info.tracks))[None].astype(np.float32)
    maps = generator.feel(roll)
    assert maps is not None
    assert maps.velocity_spread[roll[0] > 0].max() > 0
