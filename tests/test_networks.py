"""The networks: the paper's sizes, heads that agree with the runtime, MuseGAN's arrangements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from livegan.core.decode import decode, onset_and_keep
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note
from livegan.core.roll import roll_from_notes
from livegan_train.bars import Bars, bars_from_roll, by_sixteenth, features, insert_track
from livegan_train.checks import BadConfig
from livegan_train.config import Config, load_config, shipped
from livegan_train.critics import CRITICS, Conv, EachTrack
from livegan_train.heads import HEADS, CellsHead, OnsetHead
from livegan_train.losses import LOSSES, PENALTIES, Scores, accuracy, reconstruction
from livegan_train.musegan import PhraseGenerator
from livegan_train.networks import build_critic, build_maker
from livegan_train.paper import BiLstmScore, LiteralBiLstm, PaperBiLstmCritic, PaperCnn

from .bar_archives import scales

TRACKS = ("MELODY", "BRIDGE", "PIANO")
SMALL = Config(
    name="small", head="onset", generator="conv16", generator_width=8, critic="conv",
    critic_width=8, loss="relativistic", latent=6,
)  # fmt: skip


def weights(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def as_keras_counts(lstm: nn.LSTM) -> int:
    """Keras has one bias vector for a gate set, PyTorch two."""
    return weights(lstm) - (2 if lstm.bidirectional else 1) * 4 * lstm.hidden_size


def random_bars(count: int, tracks: int = 3) -> Bars:
    random = torch.Generator().manual_seed(0)
    shape = (count, tracks, STEPS_PER_BAR, PITCHES)
    return bars_from_roll((torch.rand(shape, generator=random) < 0.05).float())


def latents(count: int, size: int) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(1))


# the paper


def test_the_cnn_generator_has_its_parameter_count() -> None:
    generator = PaperCnn(100, 1, CellsHead(), 128, 0.0)
    moving_statistics = 2 * 128  # Keras counts them, PyTorch does not
    assert weights(generator) + moving_statistics == 6_738_177


def test_the_literal_bilstm_generator_has_every_printed_count() -> None:
    generator = LiteralBiLstm()
    trunk = generator.trunk
    assert as_keras_counts(trunk.first) == 1_052_672
    assert as_keras_counts(trunk.second) == 4_198_400
    assert as_keras_counts(trunk.third) == 6_295_552
    assert weights(trunk.dense) == 1_049_600
    assert weights(trunk.norm) + 2 * 1024 == 4_096
    assert weights(trunk.last) == 102_500
    assert generator.eval()(torch.zeros(2, 100)).shape == (2, 100, 1)


def test_the_literal_bilstm_discriminator_has_every_printed_count() -> None:
    score = BiLstmScore(1, 512, 0.0)
    assert as_keras_counts(score.first) == 1_052_672
    assert as_keras_counts(score.second) == 4_198_400
    layers = [*score.dense, score.last]
    assert [weights(layer) for layer in layers if weights(layer)] == [524_800, 131_328, 257]
    assert score(torch.zeros(2, 100, 1)).shape == (2,)


def test_on_bars_the_discriminator_differs_in_its_first_layer_only() -> None:
    on_bars, literal = PaperBiLstmCritic(1, 512, 0.0), BiLstmScore(1, 512, 0.0)
    assert weights(on_bars) - weights(literal) == 4 * 512 * (PITCHES - 1)


def test_the_full_configs_have_the_papers_widths() -> None:
    for name in ("paper-naive", "paper-bilstm", "paper-cnn-lstm"):
        config = load_config(name)
        assert (config.latent, config.head, config.critic_width) == (100, "cells", 512)
    assert weights(build_maker(load_config("paper-cnn-lstm"), ["PIANO"]).generator) > 6_700_000


# heads


@pytest.mark.parametrize("name", sorted(HEADS))
def test_a_head_draws_the_very_roll_that_the_runtime_decodes(name: str) -> None:
    head = HEADS[name]()
    random = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn(20, 2, head.channels, head.cells, PITCHES, generator=random) - 2
    drawn = head.draw(logits).roll.bool().numpy()
    exported = {key: value.numpy() for key, value in head.export(logits).items()}
    for bar in range(20):
        got = onset_and_keep(head.name, {key: value[bar] for key, value in exported.items()})
        for track in range(2):
            starts, lengths, rows = decode(got.onset[track], got.keep[track])
            struck = zip(starts.tolist(), lengths.tolist(), (rows + LOWEST_PITCH).tolist(), strict=True)
            notes = [Note(*each) for each in struck]
            assert (roll_from_notes(notes) == drawn[bar, track]).all()


def test_the_onset_head_can_say_real_bars() -> None:
    rolls = scales()
    cells = np.full((len(rolls), 1, 3, 16, PITCHES), -4.0, np.float32)
    for bar, roll in enumerate(rolls):
        for pitch in np.flatnonzero(roll.any(0)):
            steps = np.flatnonzero(roll[:, pitch])
            first, last = steps[0] // 6, steps[-1] // 6
            cells[bar, 0, 0, first, pitch] = 4
            cells[bar, 0, 2, first:last, pitch] = 4
            cells[bar, 0, 1, last, pitch] = -2.5 + (steps[-1] % 6)
    logits = torch.from_numpy(cells)
    head = OnsetHead()
    assert (head.draw(logits).roll[:, 0].bool().numpy() == rolls).all()
    roll = torch.from_numpy(rolls[:, None]).float()
    assert reconstruction(head.export(8 * logits), roll) < 0.01
    assert reconstruction(head.export(-logits), roll) > 1


# bars


def test_features_are_as_many_as_they_say() -> None:
    bars = random_bars(2)
    assert by_sixteenth(bars).shape == (2, features(3), 16)


def test_a_track_put_back_is_where_it_was() -> None:
    bars = random_bars(4)
    for place in range(3):
        others = [t for t in range(3) if t != place]
        rest = Bars(bars.roll[:, others], bars.onsets[:, others])
        again = insert_track(rest, bars, place)
        assert torch.equal(again.roll, bars.roll)
        assert torch.equal(again.onsets, bars.onsets)


# arrangements


def changed_tracks(config: Config, vector: int) -> list[bool]:
    """Which tracks sound otherwise when one vector of the latent moves?"""
    maker = build_maker(config, TRACKS)
    z = latents(16, maker.latent)
    moved = z.clone()
    moved[:, vector * config.latent : (vector + 1) * config.latent] *= -1
    before, after = maker.generator(z), maker.generator(moved)
    return [not torch.equal(before[:, t], after[:, t]) for t in range(3)]


def test_a_composer_moves_all_tracks_by_one_latent() -> None:
    assert build_maker(SMALL, TRACKS).latent == 6
    assert changed_tracks(SMALL, 0) == [True] * 3


def test_jamming_players_hear_their_own_latent_only() -> None:
    config = replace(SMALL, arrangement="jamming")
    assert build_maker(config, TRACKS).latent == 18
    for track in range(3):
        assert changed_tracks(config, track) == [t == track for t in range(3)]


def test_hybrid_players_hear_a_shared_latent_and_their_own() -> None:
    config = replace(SMALL, arrangement="hybrid")
    assert build_maker(config, TRACKS).latent == 24
    assert changed_tracks(config, 0) == [True] * 3
    for track in range(3):
        assert changed_tracks(config, 1 + track) == [t == track for t in range(3)]


def test_jamming_critics_judge_their_own_track_only() -> None:
    critic = build_critic(replace(SMALL, arrangement="jamming"), 3)
    assert isinstance(critic, EachTrack)
    bars = random_bars(8)
    other = Bars(bars.roll.clone(), bars.onsets.clone())
    other.roll[:, 1] = 0
    same = (critic(bars) == critic(other)).all(dim=0)
    assert same.tolist() == [True, False, True]


def test_a_phrase_is_the_same_bar_by_bar_or_at_once() -> None:
    maker = build_maker(replace(SMALL, phrase=4), TRACKS)
    assert isinstance(maker.generator, PhraseGenerator)
    z = latents(5, maker.latent)
    whole = maker.generator(z).reshape(5, 4, *maker.generator(z).shape[1:])
    for place in range(4):
        one = maker.generator(z, torch.full((5,), place))
        assert torch.allclose(one, whole[:, place], atol=1e-6)
    assert not torch.allclose(whole[:, 0], whole[:, 1])


def test_half_of_a_phrases_latent_stays_and_half_moves() -> None:
    maker = build_maker(replace(SMALL, phrase=4), TRACKS)
    assert isinstance(maker.generator, PhraseGenerator)
    z = latents(5, 6)
    codes = maker.generator.temporal(z)
    assert codes.shape == (5, 4, 6)
    assert torch.equal(codes[:, :, :3], z[:, None, :3].expand(5, 4, 3))
    assert codes[:, :, 3:].var(dim=1).min() > 0


def test_a_phrase_critic_hears_the_order_of_bars() -> None:
    critic = Conv(3, 8, bars=4)
    bars = random_bars(8)
    turned = Bars(bars.roll.flip(0), bars.onsets.flip(0))
    assert critic(bars).shape == (2,)
    assert not torch.allclose(critic(bars).flip(0), critic(turned), atol=1e-4)


def test_an_accompanist_hears_the_tune_and_leaves_it_as_it_is() -> None:
    maker = build_maker(replace(SMALL, given="BRIDGE"), TRACKS)
    bars = random_bars(4)
    z = latents(4, maker.latent)
    drawn = maker.draw(z, bars)
    assert torch.equal(drawn.roll[:, 1], bars.roll[:, 1])
    assert torch.equal(drawn.onsets[:, 1], bars.onsets[:, 1])
    logits = maker.generator(z, bars.roll[:, 1])
    assert logits.shape[1] == 2
    assert not torch.equal(logits, maker.generator(z, bars.roll[:, 0]))


# together


STREAMS = [name for name in shipped() if not isinstance(load_config(name), Config)]


@pytest.mark.parametrize("name", sorted(set(shipped()) - set(STREAMS)))
def test_every_shipped_config_builds_draws_and_is_judged(name: str) -> None:
    loaded = load_config(name)
    assert isinstance(loaded, Config)
    config = replace(loaded, generator_width=8, critic_width=8)
    maker, critic = build_maker(config, TRACKS), build_critic(config, 3)
    phrases = 3
    drawn = maker.draw(torch.randn(phrases, maker.latent), random_bars(phrases * config.phrase))
    assert drawn.roll.shape == (phrases * config.phrase, 3, STEPS_PER_BAR, PITCHES)
    assert set(drawn.roll.unique().tolist()) <= {0.0, 1.0}
    assert critic(drawn).shape[0] == phrases


@pytest.mark.parametrize("penalty", sorted(PENALTIES))
@pytest.mark.parametrize("name", [*sorted(CRITICS), "jamming", "phrase"])
def test_every_penalty_can_be_minimised_with_every_critic(name: str, penalty: str) -> None:
    critic: nn.Module
    match name:
        case "jamming":
            critic = build_critic(replace(SMALL, arrangement="jamming"), 3)
        case "phrase":
            critic = build_critic(replace(SMALL, phrase=4), 3)
        case _:
            critic = CRITICS[name](3, 8, 0.0)
    value = PENALTIES[penalty](critic, random_bars(16), random_bars(16))
    torch.autograd.backward(value)
    assert value.item() > 0
    assert any(p.grad is not None and p.grad.any() for p in critic.parameters())


class Linear(nn.Module):
    """A critic whose gradient is known: its score is the sum of all cells, times a slope."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, bars: Bars) -> Tensor:
        return self.slope * bars.roll.sum(dim=(1, 2, 3))


def test_penalties_are_their_formulas_on_a_critic_of_known_gradient() -> None:
    bars = random_bars(4, tracks=1)
    squared = 0.25 * STEPS_PER_BAR * PITCHES
    r1r2 = PENALTIES["r1r2"](Linear(0.5), bars, bars).item()
    assert r1r2 == pytest.approx((squared + squared) / 2)
    one_centred = PENALTIES["wgan-gp"](Linear(0.5), bars, bars).item()
    assert one_centred == pytest.approx((squared**0.5 - 1) ** 2, rel=1e-5)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_losses_fall_where_they_should(name: str) -> None:
    critic, generator = LOSSES[name]
    right = Scores(torch.tensor([3.0, 2.0]), torch.tensor([-3.0, -2.0]))
    fooled = Scores(right.fake, right.real)
    assert critic(right) < critic(fooled)
    assert generator(fooled) < generator(right)
    both = Scores(torch.stack([right.real] * 2, 1), torch.stack([right.fake] * 2, 1))
    assert critic(both).item() == pytest.approx(2 * critic(right).item()), "judges add up"
    assert accuracy(right, relative=True) == accuracy(right, relative=False) == 1


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"phrase": 4, "critic": "conv-lstm"}, "needs critic = 'conv'"),
        ({"given": "MELODY", "generator": "paper-cnn"}, "given needs generator = 'conv16'"),
        ({"given": "MELODY", "phrase": 4}, "given goes with phrase = 1"),
        ({"arrangement": "solo"}, "choose one of composer, hybrid, jamming"),
        ({"batch": 5}, "must be even and 4 or more"),
        ({"dropout": 1.0}, "must lie below 1"),
    ],
)
def test_what_does_not_go_together_is_said(values: dict[str, object], why: str) -> None:
    with pytest.raises(BadConfig, match=why):
        replace(SMALL, **values)  # type: ignore[arg-type]


def test_a_given_track_that_the_data_lacks_is_said() -> None:
    with pytest.raises(BadConfig, match="the data has the tracks MELODY, BRIDGE, PIANO"):
        build_maker(replace(SMALL, given="Flute"), TRACKS)
