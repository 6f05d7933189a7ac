"""One bar: what the model is told, what it answers, and the notes that the knobs make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from .decode import BoolArray, FloatArray, Logits, Notes, decode, notes_for_density
from .feel import FeelMaps, felt, heard
from .groove import in_groove, strength_of
from .knobs import FREE, KNOBS, Measured, measured, share_of, spread, value_at
from .latent import Point, along
from .model import ModelInfo, Track
from .music import LOWEST_PITCH, SIXTEENTHS_PER_BAR, STEPS_PER_BAR, Note
from .returning import Source
from .roll import roll_from_notes
from .scales import key_of
from .shaping import shape
from .state import State
from .tilt import Wish, shaped

DRUM_CHANNEL = 9
FEEL = 17
"""Among the seeds, that of how notes are struck."""
DRUM_KNOBS = ("density", "syncopation")
"""What can be asked of drums: they have no register, and no lengths worth the name."""
ALONE = 1.02
"""Sounding pitches at once that are asked of a track that plays one note at a time."""
ROOM = 0.92 * SIXTEENTHS_PER_BAR
"""How long something sounds in a bar that is full, in sixteenths."""
MIDDLE, MILD = 0.5, 0.02
"""Where a knob asks for what is usual, and how readily it gives way there, beside how far it is from
there."""
NOTES_A_VOICE = 2.0
"""How many notes a bar has at least for each that shall sound at once: nine of ten bars of POP909 that
sound four at once have as many."""


Heard = Callable[[int], BoolArray | None]
"""The roll `[track, step, pitch]` of the bar of a number, None if it is not known."""


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
    tracks: tuple[int, ...] | None = None
    """The tracks that are made so; None: all."""
    groove: float = 0.0
    """How far the rhythm of the bar before holds, 0 to 1."""


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
    source: Source | None = None,
) -> Cue:
    """For the bar of this number, where the latent is or where it was; a tune, bars of `[step, pitch]`,
    goes round and round. Fresh bars follow from nothing."""
    info = generator.info
    point, back = source or Source(state.heard, 0)
    given = tune[bar % len(tune)] if tune else None
    z = along(point, [np.array(d.vector) for d in info.directions], state.directions)
    context = before if info.context and not state.fresh else None
    groove = state.groove if state.went_by_itself else 0.0
    return Cue(z, (bar - back) % info.phrase, given, context, bar=bar, groove=groove)


def cues_for(
    generator: Generator, state: State, bar: int, tune: Sequence[BoolArray], heard: Heard
) -> list[Cue]:
    """A cue for all tracks that are new, and one for all that come back from the same bar: they hear
    what was heard before that one. `heard` tells the roll of a bar, None if that is not known."""
    together: dict[tuple[int, int], tuple[Source | None, list[int]]] = {}
    sources = state.sources
    for track in range(len(generator.info.tracks)):
        source = sources[track] if track < len(sources) else None
        key = (id(source.point), source.back) if source else (0, 0)
        together.setdefault(key, (source, []))[1].append(track)
    cues = []
    for source, tracks in together.values():
        before = heard(bar - 1 - (source.back if source else 0))
        cue = cue_for(generator, state, bar, tune, before, source)
        cues.append(replace(cue, tracks=tuple(tracks)))
    return cues


def roll_of(parts: Sequence[Sequence[Note]], steps: int = STEPS_PER_BAR) -> BoolArray:
    """Rolls `[track, step, pitch]` of each track's notes."""
    return np.stack([roll_from_notes(part, steps) for part in parts])


def parts_of(notes: Sequence[Note], tracks: Sequence[Track]) -> list[list[Note]]:
    """Each track's notes, by their channels."""
    channels = [channel_of(place, tracks) for place in range(len(tracks))]
    return [[note for note in notes if note.channel == channel] for channel in channels]


@dataclass(frozen=True, slots=True, eq=False)
class Bar:
    """A bar as the model made it, before it is struck and shaped: so it can be played again, and obey
    what is set then. `number` decides chance; `parts` are each track's notes, on the track's own
    channel and on the grid; `maps` say how they are struck. Tracks that were `played` by somebody
    are struck as they were then."""

    number: int
    seed: int
    tracks: tuple[Track, ...]
    parts: tuple[tuple[Note, ...], ...]
    maps: FeelMaps | None = None
    played: frozenset[int] = frozenset()

    @property
    def roll(self) -> BoolArray:
        """`[track, step, pitch]`."""
        return roll_of(self.parts)

    def same_as(self, other: Bar) -> bool:
        """Would it always be heard alike?"""
        one, two = ((bar.number, bar.seed, bar.parts, bar.played) for bar in (self, other))
        return one == two


def make_bar(generator: Generator, state: State, *cues: Cue) -> Bar:
    """What the model plays, each track by the cue that it is made by."""
    tracks = generator.info.tracks
    made: dict[int, Notes] = {}
    for cue in cues:
        found = decoded(generator, state, cue)
        made |= {track: found[track] for track in made_by(cue, tracks)}
    parts = as_parts([found for _, found in sorted(made.items())], tracks)
    maps = generator.feel(heard(parts))
    return Bar(cues[0].bar, state.seed, tracks, parts, maps and maps.picked(parts))


def as_parts(made: Sequence[Notes], tracks: Sequence[Track]) -> tuple[tuple[Note, ...], ...]:
    """Each track's notes, on its own channel."""
    return tuple(
        tuple(
            Note(start, length, row + LOWEST_PITCH, channel=channel_of(number, tracks))
            for start, length, row in zip(*(part.tolist() for part in notes), strict=True)
        )
        for number, notes in enumerate(made)
    )


def made_by(cue: Cue, tracks: Sequence[Track]) -> Sequence[int]:
    return range(len(tracks)) if cue.tracks is None else cue.tracks


def struck(bar: Bar, state: State) -> list[list[Note]]:
    """Each track's notes as they are struck."""
    drums = [track.drums for track in bar.tracks]
    random = np.random.default_rng([bar.seed, bar.number, FEEL])
    parts = felt(bar.parts, drums, bar.maps, random, state.velocity, state.humanise)
    return [list(bar.parts[n]) if n in bar.played else part for n, part in enumerate(parts)]


def strike(bar: Bar, state: State) -> tuple[Note, ...]:
    """The notes of a bar as they are struck and shaped, ordered by start."""
    return shape(struck(bar, state), bar.tracks, state, (bar.seed, bar.number))


@dataclass(frozen=True, slots=True)
class Reply:
    """What becomes of one bar because somebody was heard: it is made from this point of the latent
    space, if any, and these tracks, by their places, play these parts instead of the model's."""

    point: Point | None = None
    parts: Mapping[int, tuple[Note, ...]] = field(default_factory=dict)

    def heard_from(self, state: State) -> State:
        return state if self.point is None else replace(state, point=self.point, held=None)

    def played_in(self, bar: Bar) -> Bar:
        known = {place: part for place, part in self.parts.items() if place < len(bar.parts)}
        parts = tuple(known.get(place, part) for place, part in enumerate(bar.parts))
        return replace(bar, parts=parts, played=bar.played | set(known))


def render_bar(generator: Generator, state: State, cue: Cue) -> tuple[Note, ...]:
    """The notes of one bar, ordered by start."""
    return strike(make_bar(generator, state, cue), state)


def asked(state: State, track: int | None = None) -> dict[str, float]:
    """The knobs that are set, as shares; for a track, counted from 0, with those of its own."""
    values = {knob: getattr(state, knob) for knob in KNOBS}
    if track is not None and state.tracks[track].density is not None:
        values["density"] = state.tracks[track].density
    return {knob: value for knob, value in values.items() if value is not None}


def decoded(generator: Generator, state: State, cue: Cue) -> list[Notes]:
    """The notes of each track; of one that is not made by this cue, without knobs. Knobs are asked of
    the model where it has them, with all others where they would be by themselves; then the logits are
    tilted until the bar measures what was asked. A scale is asked as a key, so that little is left for
    shaping to move."""
    info = generator.info
    knobs = [asked(state, number) for number in range(len(info.tracks))]
    logits = holding(info, generator.logits(cue), cue)
    free = [decode(o, k) for o, k in zip(logits.onset, logits.keep, strict=True)]
    centre = tonal_centre(state)
    if not any(knobs) and centre is None:
        return free
    seen = [measured(*notes) for notes in free]
    if info.controls:
        told = replace(cue, controls=controls_for(info, knobs, centre, seen))
        logits = holding(info, generator.logits(told), cue)
    resting = any(seen) and sum(not t.given for t in info.tracks) > 1
    notes = []
    for number, (track, was) in enumerate(zip(info.tracks, seen, strict=True)):
        own, wanted = knobs[number], state.tracks[number].density is not None
        rests = was is None and ("density" not in own or (resting and not wanted))
        elsewhere = number not in made_by(cue, info.tracks)
        if elsewhere or track.given or rests or not (own or centre is not None):
            notes.append(free[number])
        else:
            wish = wish_for(track, own, state.key, was) if own or state.key is not None else Wish()
            notes.append(shaped(logits.onset[number], logits.keep[number], wish))
    return notes


def holding(info: ModelInfo, logits: Logits, cue: Cue) -> Logits:
    """The logits with each track's rhythm held to that of the bar before, as far as the cue says."""
    if cue.context is None or not cue.groove or not info.groove:
        return logits
    held = [
        in_groove(onset, keep, before, strength_of(cue.groove, usual), track.drums, track.alone)
        for onset, keep, before, usual, track in zip(
            *logits, cue.context, info.groove, info.tracks, strict=True
        )
    ]
    onset, keep = (np.stack(part) for part in zip(*held, strict=True))
    return Logits(onset, keep)


def controls_for(
    info: ModelInfo,
    knobs: Sequence[dict[str, float]],
    key: int | None,
    seen: Sequence[Measured | None],
) -> FloatArray:
    """A model's control inputs: what is asked of each track, and the rest as measured on the bar
    without knobs."""
    values = []
    for track, own, was in zip(info.tracks, knobs, seen, strict=True):
        for knob in KNOBS:
            share = own.get(knob)
            if share is None and was is not None:
                share = share_of(getattr(was, knob), track.quantiles(knob))
            values.append(FREE if share is None else share)
    return np.array([*values, FREE if key is None else key], np.float32)


def controls_alone(info: ModelInfo, state: State) -> FloatArray | None:
    """A model's control inputs with the knobs that are set, all others free; None where it has none, or
    none is set."""
    knobs = [asked(state, number) for number in range(len(info.tracks))]
    centre = tonal_centre(state)
    if not info.controls or not (any(knobs) or centre is not None):
        return None
    return controls_for(info, knobs, centre, [None] * len(knobs))


def tonal_centre(state: State) -> int | None:
    """The key that is asked of the model, 0 to 23: the performer's, or that of the scale to which the
    notes are held."""
    return key_of(state.scale, state.root) if state.key is None else state.key


def compromise(
    track: Track, count: float, shares: Mapping[str, float], values: Mapping[str, float | None]
) -> dict[str, float]:
    """Lengths and polyphony for which so many notes have room: count times length is polyphony times
    the time that anything sounds. Where what is asked has none, both give way, the more the farther
    from the middle they were asked."""
    length, polyphony = values["length"] or 0.0, values["polyphony"] or 0.0
    less, more = (
        (MILD + abs(shares[knob] - MIDDLE)) * spread(track.quantiles(knob))
        for knob in ("length", "polyphony")
    )
    over = count * length - ROOM * polyphony
    way = max(0.0, over / (count * less + ROOM * more))
    return {"length": length - way * less, "polyphony": polyphony + way * more}


def wish_for(track: Track, knobs: dict[str, float], key: int | None, was: Measured | None) -> Wish:
    """What is asked of a track, in its own terms; what is not asked stays as it was, but that length
    and polyphony give way to each other, that a bar has the notes that its polyphony takes, and that a
    track that plays alone, unless more voices are asked for, has as few as its lengths leave room
    for."""
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
    if "polyphony" in own and "density" not in own:
        count = max(count, NOTES_A_VOICE * (values["polyphony"] or 0))
    alone, voices = track.alone, values.get("polyphony")
    if {"density", "length", "polyphony"} <= set(own):
        values |= compromise(track, count, own, values)
    if "polyphony" in own:
        alone = ((voices if alone else values["polyphony"]) or 0) <= ALONE
    if alone and "length" in own and "density" not in own:
        count = min(count, max(1.0, SIXTEENTHS_PER_BAR / (values["length"] or 1)))
    key, pitched = None if track.drums else key, not track.drums
    return Wish(round(count), key=key, pitched=pitched, alone=alone, asked=frozenset(own), **values)
