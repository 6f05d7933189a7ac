"""One bar: what the model is told, what it answers, and the notes that the knobs make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from .decode import BoolArray, FloatArray, Logits, Notes, decode, notes_for_density
from .feel import FeelMaps, felt, heard
from .knobs import FREE, KNOBS, Measured, measured, share_of, value_at
from .latent import Point, along
from .model import ModelInfo, Track
from .music import LOWEST_PITCH, Note
from .roll import roll_from_notes
from .state import State
from .tilt import Wish, shaped

DRUM_CHANNEL = 9
FEEL = 17
"""Among the seeds, that of how notes are struck."""
DRUM_KNOBS = ("density", "syncopation")
"""What can be asked of drums: they have no register, and no lengths worth the name."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What a model hears before it makes a bar: the latent, the bar's place in its phrase, and, where
    it listens, a given track's roll `[step, pitch]` and the bar before, `[track, step, pitch]` (None:
    silence)."""

    z: Point
    place: int = 0
    given: BoolArray | None = None
    context: BoolArray | None = None
    controls: FloatArray | None = None
    """As the model names them, `[control]`; None leaves all of them free."""
    bar: int = 0
    """Its number, which decides chance: a bar made again is struck as before."""


class Generator(Protocol):
    """A model ready to play."""

    @property
    def info(self) -> ModelInfo: ...

    def logits(self, cue: Cue) -> Logits:
        """Onset and keep logits of one bar, each `[track, step, pitch]`."""
        ...

    def feel(self, roll: FloatArray) -> FeelMaps | None:
        """How the notes of a bar `[1, track, step, pitch]` are struck; None if it has not learned
        that."""
        ...


def channel_of(track: int, tracks: Sequence[Track]) -> int:
    """Each track has a MIDI channel of its own; drums have channel 10 (index 9), others pass it by."""
    if tracks[track].drums:
        return DRUM_CHANNEL
    place = sum(not before.drums for before in tracks[:track])
    return place + (place >= DRUM_CHANNEL)


def cue_for(
    generator: Generator,
    state: State,
    bar: int,
    tune: Sequence[BoolArray] = (),
    before: BoolArray | None = None,
) -> Cue:
    """For the bar of this number; a tune, bars of `[step, pitch]`, goes round and round. Fresh bars
    follow from nothing."""
    info = generator.info
    given = tune[bar % len(tune)] if tune else None
    z = along(state.heard, [np.array(d.vector) for d in info.directions], state.directions)
    context = before if info.context and not state.fresh else None
    return Cue(z, bar % info.phrase, given, context, bar=bar)


def roll_of(notes: Sequence[Note], tracks: Sequence[Track], steps: int) -> BoolArray:
    """Rolls `[track, step, pitch]` of notes by their channels."""
    return np.stack(
        [
            roll_from_notes((n for n in notes if n.channel == channel_of(place, tracks)), steps)
            for place in range(len(tracks))
        ]
    )


def render_bar(generator: Generator, state: State, cue: Cue) -> tuple[Note, ...]:
    """The notes of one bar as they are struck, ordered by start."""
    tracks = generator.info.tracks
    parts = [
        [
            Note(start, length, row + LOWEST_PITCH, channel=channel_of(number, tracks))
            for start, length, row in zip(*(part.tolist() for part in found), strict=True)
        ]
        for number, found in enumerate(decoded(generator, state, cue))
    ]
    drums = [track.drums for track in tracks]
    random = np.random.default_rng([state.seed, cue.bar, FEEL])
    maps = generator.feel(heard(parts))
    return felt(parts, drums, maps, random, state.velocity, state.humanise)


def asked(state: State) -> dict[str, float]:
    """The knobs that are set, as shares."""
    values = {knob: getattr(state, knob) for knob in KNOBS}
    return {knob: value for knob, value in values.items() if value is not None}


def decoded(generator: Generator, state: State, cue: Cue) -> list[Notes]:
    """The notes of each track. Knobs are asked of the model where it has them, with all others where
    they would be by themselves; then the logits are tilted until the bar measures what was asked."""
    info, knobs = generator.info, asked(state)
    logits = generator.logits(cue)
    free = [decode(o, k) for o, k in zip(logits.onset, logits.keep, strict=True)]
    if not knobs and state.key is None:
        return free
    seen = [measured(*notes) for notes in free]
    if info.controls:
        logits = generator.logits(replace(cue, controls=controls_for(info, knobs, state.key, seen)))
    resting = any(seen) and sum(not t.given for t in info.tracks) > 1
    notes = []
    for number, (track, was) in enumerate(zip(info.tracks, seen, strict=True)):
        if track.given or (was is None and (resting or "density" not in knobs)):
            notes.append(free[number])
        else:
            wish = wish_for(track, knobs, state.key, was)
            notes.append(shaped(logits.onset[number], logits.keep[number], wish))
    return notes


def controls_for(
    info: ModelInfo, knobs: dict[str, float], key: int | None, seen: Sequence[Measured | None]
) -> FloatArray:
    """A model's control inputs: what is asked, and the rest as measured on the bar without knobs."""
    values = []
    for track, was in zip(info.tracks, seen, strict=True):
        for knob in KNOBS:
            share = knobs.get(knob)
            if share is None and was is not None:
                share = share_of(getattr(was, knob), track.quantiles(knob))
            values.append(FREE if share is None else share)
    return np.array([*values, FREE if key is None else key], np.float32)


def wish_for(track: Track, knobs: dict[str, float], key: int | None, was: Measured | None) -> Wish:
    """What is asked of a track, in its own terms; what is not asked stays as it was, but that length
    and polyphony give way to each other."""
    own = {knob: share for knob, share in knobs.items() if not track.drums or knob in DRUM_KNOBS}
    values: dict[str, float | None] = {} if was is None else dict(was._asdict())
    values |= {knob: value_at(share, track.quantiles(knob)) for knob, share in own.items()}
    if "length" in own and "polyphony" not in own:
        values["polyphony"] = None
    elif "length" not in own:
        values["length"] = None
    if track.drums:
        values |= dict.fromkeys(("register", "polyphony", "length"))
    count = values.pop("density")
    if "density" in own:
        count = notes_for_density(own["density"], track.note_quantiles)
    assert count is not None
    return Wish(round(count), key=None if track.drums else key, **values)
