"""Knobs: is a bar what was asked for? Each at 21 settings from the data's 5th to its 95th percentile,
on 120 latents, the other knobs free.

What is asked comes from the quantiles of the training bars that sound; what is got is measured on the
bars. Rank correlation of both over all bars, and over the settings' means; the slope of got against
asked. The leak is how far the other measures move (the one that moves most), each in its standard
deviations over the data, for one of the turned knob's: while the others are held at the middle of their
range (on a third of the latents), and while they are free. Of the data it is the largest correlation of
its bars. A knob that the data itself hardly turns (`LEAST`: how many sound at once in a melody) is not
judged on that track. A model that hears the bar before hears silence, and on half as many latents a
held-out bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from livegan.core.music import LOWEST_PITCH, STEPS_PER_BEAT, STEPS_PER_SIXTEENTH, is_drums
from livegan.core.rendering import Cue

from ...metrics import BoolArray, FloatArray, note_table
from ..rows import NAN, Values
from ..sources import Model
from .goals import at_least, at_most, between
from .part import Real
from .playing import KNOBS, Remembering, cues, turned
from .ranks import rank_correlation
from .section import FEWER, Aim, Played, after_a_bar, aim, renamed
from .unseen import cues_after

NAMES = ("density", "register", "polyphony", "syncopation", "length")
"""Notes a bar; mean MIDI pitch; sounding pitches at once; how far onsets lie off the beat (0 on it, 1/2
on the eighth between, 1 elsewhere); mean length in sixteenths."""
OF_DRUMS = ("density", "syncopation")
LEVELS = np.linspace(0, 1, 21)
OUTERMOST = (0.01, 0.99)
SETTINGS = np.linspace(0.05, 0.95, 21)
CONTEXTS, SHARE = 120, 16
"""So many latents, or one for so many of the bars that are judged."""
MIDDLE, HELD = 0.5, 3
"""Where the other knobs are held for the leak, on one latent in so many."""
TRAINING_BARS = 10_000
LEAST = {"density": 2.0, "register": 2.0, "polyphony": 0.25, "syncopation": 0.1, "length": 0.5}
"""What lies between the settings at the least, in each knob's own terms."""


def knobs_of(track: str) -> tuple[str, ...]:
    return OF_DRUMS if is_drums(track) else NAMES


def measured(roll: BoolArray) -> FloatArray:
    """The five values of each bar `[bar, step, pitch]`, `[bar, 5]`; nan where nothing sounds."""
    bars, rows, starts, lengths = note_table(roll).T
    notes = np.bincount(bars, minlength=len(roll)).astype(float)
    notes[notes == 0] = NAN
    place = starts % STEPS_PER_BEAT
    weak = np.where(place == 0, 0.0, np.where(place == STEPS_PER_BEAT // 2, 0.5, 1.0))
    sums = [np.bincount(bars, value, len(roll)) for value in (rows + LOWEST_PITCH, weak, lengths)]
    register, syncopation, length = (total / notes for total in sums)
    heard = roll.any(axis=2).sum(axis=1)
    polyphony = roll.sum(axis=(1, 2)) / np.where(heard > 0, heard, NAN)
    return np.stack([notes, register, polyphony, syncopation, length / STEPS_PER_SIXTEENTH], axis=1)


def own(real: Real, tracks: tuple[str, ...]) -> Mapping[str, Values]:
    """For each track and knob: its quantiles over the training bars ('density 0' to 'density 20'),
    their standard deviation, and the data's own leak."""
    return {track: own_of(measured(real.training_bars(track, TRAINING_BARS))) for track in tracks}


def own_of(values: FloatArray) -> Values:
    """Of the training bars' values `[bar, 5]`."""
    if not len(values):
        return {}
    found: dict[str, float] = {}
    levels = LEVELS.clip(*OUTERMOST)
    spread = values.std(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.abs(np.corrcoef(values.T)) - np.eye(len(NAMES))
    for place, knob in enumerate(NAMES):
        quantiles = np.quantile(values[:, place], levels)
        found |= {f"{knob} {level}": float(value) for level, value in enumerate(quantiles)}
        found[f"{knob} spread"] = float(spread[place])
        found[f"{knob}_leak_free"] = float(np.nan_to_num(alike[place]).max())
    return found


def asked(knob: str, own: Values) -> FloatArray:
    """What the settings ask for, `[setting]`."""
    quantiles = [own[f"{knob} {level}"] for level in range(len(LEVELS))]
    return np.interp(SETTINGS, LEVELS, quantiles)


def measure(
    model: Model, real: Real, own: Mapping[str, Values], bars: int, seed: int
) -> Mapping[str, Values]:
    """Of each track, after silence."""
    return answered(model, own, cues(model.generator, contexts_of(bars), seed))


def measure_after(
    model: Model, real: Real, own: Mapping[str, Values], bars: int, seed: int
) -> Mapping[str, Values]:
    """The same after held-out bars; nothing of a model that does not hear them."""
    count = max(4, contexts_of(bars) // FEWER)
    some = cues_after(model, real, count, count, seed)
    return renamed(answered(model, own, some)) if some else {}


def contexts_of(bars: int) -> int:
    return min(CONTEXTS, max(4, bars // SHARE))


def answered(model: Model, own: Mapping[str, Values], latents: Sequence[Cue]) -> Mapping[str, Values]:
    """Every knob turned on these cues."""
    found: dict[str, dict[str, float]] = {track: {} for track in model.tracks if own.get(track)}
    for knob in NAMES:
        if knob not in KNOBS:
            continue
        rest = {other: MIDDLE for other in NAMES if other != knob and other in KNOBS}
        free = answers(model, knob, latents, {})
        held = answers(model, knob, latents[::HELD], rest) if rest else free
        for place, track in enumerate(model.tracks):
            if track in found and knob in knobs_of(track) and is_turned(knob, own[track]):
                found[track] |= judged(knob, track, free[:, :, place], own[track])
                found[track][f"{knob}_leak"] = leak(knob, track, held[:, :, place], own[track])
    return found


def answers(model: Model, knob: str, latents: Sequence[Cue], rest: Mapping[str, float]) -> FloatArray:
    """What each setting gives on each cue with the rest set, `[setting, latent, track, 5]`."""
    generator, places = Remembering(model.generator), list(model.places)
    settings = [{**rest, knob: float(share)} for share in SETTINGS]
    rows = []
    for cue in latents:
        rolls = np.stack([turned(generator, cue, some) for some in settings])[:, places]
        rows.append(np.stack([measured(rolls[:, track]) for track in range(len(places))], axis=1))
    return np.stack(rows, axis=1)


def is_turned(knob: str, own: Values) -> bool:
    """Does the data have a range that could be asked for?"""
    wanted = asked(knob, own)
    return float(wanted[-1] - wanted[0]) >= LEAST[knob]


def judged(knob: str, track: str, got: FloatArray, own: Values) -> Values:
    """One knob on one track, `got` `[setting, latent, 5]`."""
    place, wanted = NAMES.index(knob), asked(knob, own)
    each = got[:, :, place]
    heard = ~np.isnan(each)
    by_bar = np.broadcast_to(wanted[:, None], each.shape)[heard], each[heard]
    means, known = means_of(got)
    mine, asks = means[:, place], wanted[known]
    if len(mine) < 2:
        return {f"{knob}_{kind}": NAN for kind in ("bars", "settings", "slope", "leak_free")}
    return {
        f"{knob}_bars": rank_correlation(*by_bar),
        f"{knob}_settings": rank_correlation(asks, mine),
        f"{knob}_slope": slope(asks, mine),
        f"{knob}_leak_free": leak(knob, track, got, own),
    }


def means_of(got: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Means over the latents of the settings at which anything sounds, `[known, 5]`, and which those
    are."""
    means = np.array([mean_heard(some) for some in got])
    known = ~np.isnan(means).any(axis=1)
    return means[known], known


def mean_heard(values: FloatArray) -> FloatArray:
    """Over the bars that sound of `[bar, 5]`, `[5]`."""
    full = values[~np.isnan(values).any(axis=1)]
    return full.mean(axis=0) if len(full) else np.full(values.shape[1], NAN)


def slope(one: FloatArray, other: FloatArray) -> float:
    """Least squares of the other on the one; nan where that does not vary."""
    centred = one - one.mean()
    total = float((centred**2).sum())
    return float((centred * other).sum()) / total if total > 0 else NAN


def leak(knob: str, track: str, got: FloatArray, own: Values) -> float:
    """Of `[setting, latent, 5]`."""
    means, _ = means_of(got)
    if len(means) < 2:
        return NAN
    spread = np.array([own[f"{name} spread"] for name in NAMES])
    scaled = means / np.where(spread > 0, spread, 1.0)
    turned_one = scaled[:, NAMES.index(knob)]
    others = [NAMES.index(name) for name in knobs_of(track) if name != knob]
    return max(abs(slope(turned_one, scaled[:, other])) for other in others)


def missing() -> list[str]:
    """Knobs that this version's performer has not."""
    return [knob for knob in NAMES if knob not in KNOBS]


AGREE = at_least(0.95)


def aims_of(knob: str) -> tuple[Aim, ...]:
    return (
        aim(f"{knob}_bars", f"{knob}, each bar", 3, "rank correlation with what was asked", AGREE),
        aim(f"{knob}_settings", f"{knob}, settings", 3, "the same of their means", at_least(0.99)),
        aim(f"{knob}_slope", f"{knob}, slope", 2, "of got against asked", between(0.9, 1.1)),
        aim(f"{knob}_leak", f"{knob}, leak", 2, "to what moves most, others held", at_most(0.15)),
        aim(f"{knob}_leak_free", f"{knob}, leak if free", 2, "others free", better="low"),
    )


KNOB = Played("knobs", tuple(one for knob in NAMES for one in aims_of(knob)), measure, own)
KNOB_AFTER = Played(
    "knobs after a held-out bar: half as many latents",
    tuple(after_a_bar(one) for one in KNOB.aims if one.goal is not None),
    measure_after,
)
