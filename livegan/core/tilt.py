"""Tilting a model's logits until the bar measures what the knobs ask.

Density is met by taking the likeliest onsets, syncopation by so many of them on the beat and off it
(`quota`). The others lean on the logits: a slope over pitch for the register, a bias on 'goes on' for
lengths and with them for polyphony, a penalty outside the key. Chords come as fewer moments are left to
begin at, the strongest, and go by a penalty on all but the likeliest at a time; where there is no room
for the length that is asked, fewer notes come, and earlier; what logits can't say of lengths, which go
by leaps, notes are stretched by. Each is found by bisection, so that
what is asked is reached, whatever the model learned; what it finds unlikely comes last. Pure numpy on
one track of one bar, `[step, pitch]`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .decode import IMPOSSIBLE, BoolArray, FloatArray, Ints, Notes, Struck, decode, likeliest
from .groove import likeliest_of
from .knobs import WEAKNESS, polyphony, scale_of
from .music import PITCHES, SIXTEENTHS_PER_BAR, STEPS_PER_BAR, STEPS_PER_SIXTEENTH
from .quota import CLASSES, Quota, in_quota, quota_for

HALVINGS = 9
CLOSE = {"register": 0.1, "syncopation": 0.005, "polyphony": 0.01, "length": 0.05}
"""What need not be mended: semitones, shares, sounding pitches, sixteenths or sounding pitches."""
LOOSE = {
    "register": 1.0,
    "around": 0.5,
    "syncopation": 0.06,
    "polyphony": 0.1,
    "length": 0.1,
    "early": 0.05,
}
"""The same of what is only to stay, or comes to the aid of another: sixteenths."""
SOLVED = ("syncopation", "polyphony", "register", "length")
"""In this order, if syncopation is asked."""
AS_IT_WAS = ("polyphony", "register", "syncopation", "length")
"""The order if it is only to stay, which then gives way to chords."""
FARTHEST = {
    "register": 30.0,
    "around": 200.0,
    "polyphony": 3.0,
    "length": 40.0,
    "stretch": 3.0,
    "early": 120.0,
}
"""How far each tilt may lean, in logits (register, around: over the whole range of pitches; early: over
the bar) of a model that is as sure as `USUAL`; those that are surer are leaned on as much harder. By
stretch notes are so many times doubled."""
CHORD = 4
"""Notes of a chord, where they are pulled together as far as can be."""
FEW = 8
"""Notes of a bar that may be pulled around a pitch: more of them follow a slope finely enough."""
ALONE_AT = -40.0
"""Logits, of such a model, of moments that are left to fewer and fuller chords."""
CROWD = 20.0
"""How many times as much as they are pulled together are notes pushed apart, each after the likeliest
of its moment once more."""
USUAL = 9.0
"""How far below 0 the middle one of a bar's onset logits lies."""
UNWANTED = -12.0
"""Logits that a pitch class outside the key, or a clash, costs, of such a model."""
ROUNDS, LAYERS = 2, 6
"""How often the leaning is found again after notes gave way, and how often notes give way in turn."""
CLASHES = (1, 11)
"""Semitones between pitch classes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one track's bar shall measure; None is as it comes. `asked` are the knobs that the performer
    has set: the others are to stay, and give way. Drums are not `pitched`: nothing of them clashes. A
    track that plays `alone`, as melodies do, strikes one note at a time and ends it where the next one
    begins."""

    density: int | None = None
    register: float | None = None
    polyphony: float | None = None
    syncopation: float | None = None
    length: float | None = None
    key: int | None = None
    pitched: bool = True
    alone: bool = False
    asked: frozenset[str] = frozenset()

    @property
    def anything(self) -> bool:
        return self != Wish()


@dataclass(frozen=True, slots=True)
class Lean:
    """How far the logits are tilted for each knob."""

    register: float = 0.0
    around: float = 0.0
    polyphony: float = 0.0
    length: float = 0.0
    stretch: float = 0.0
    early: float = 0.0


Measure = Callable[[Lean], float]
Asked = tuple[float, float, float, float, int, Quota | None]
"""All that decides what is struck."""
Reals = NDArray[np.floating[Any]]
ROWS = np.arange(PITCHES)
PITCH_SLOPE = np.linspace(-0.5, 0.5, PITCHES)


class Tilter:
    """One track's logits, ready to be leaned on."""

    def __init__(self, onset: FloatArray, keep: FloatArray, wish: Wish) -> None:
        self.grid = np.flatnonzero((onset > IMPOSSIBLE).any(axis=1))
        self.onset = onset[self.grid].astype(np.float64)
        self.harder = max(1.0, -float(np.median(self.onset)) / USUAL) if self.onset.size else 1.0
        if wish.key is not None:
            outside = ~np.resize(scale_of(wish.key), PITCHES)  # row 0 is a C
            self.onset[:, outside] += UNWANTED * self.harder
        self.sure = onset
        self.keep, self.wish = keep, wish
        likely = np.log1p(np.exp(np.clip(self.onset, -20, 20))).sum(axis=1)
        strength = np.log(likely + 1e-3)
        self.strength: FloatArray = (strength - strength.mean()).astype(np.float32)
        self.off = WEAKNESS[self.grid]
        free = int((self.onset > 0).sum())
        self.count = free if wish.density is None else wish.density
        if wish.alone and "density" not in wish.asked:
            self.count = min(self.count, max(1, int((self.onset > 0).any(axis=1).sum())))
        asked = wish.asked | ({"length"} if "polyphony" in wish.asked else set())
        self.order: tuple[str, ...] = SOLVED if "syncopation" in asked else AS_IT_WAS
        self.last = tuple(knob for knob in self.order if knob in asked)
        self.quota: Quota | None = None
        self.found: dict[Asked, tuple[Ints, Ints]] = {}
        self.kept: dict[Asked, Struck] = {}
        self.least = np.minimum(lengths(keep), STEPS_PER_SIXTEENTH)

    def tilted(self, lean: Lean) -> Reals:
        """The onsets as they are leaned on."""
        by_time: Reals = -lean.early * self.grid / STEPS_PER_BAR
        if lean.polyphony > 0:
            by_time = by_time + ALONE_AT * self.harder * ~self.moments(lean)
        by_pitch: Reals = lean.register * PITCH_SLOPE
        if self.wish.register is not None and lean.around > 0:
            by_pitch = by_pitch - lean.around * np.abs(ROWS - self.wish.register) / PITCHES
        tilted: Reals = self.onset + by_time[:, None] + by_pitch
        if self.wish.alone:
            surest = tilted.argmax(axis=1)[:, None] == ROWS
            return np.where(surest, tilted, IMPOSSIBLE)
        if lean.polyphony < 0:
            tilted += CROWD * lean.polyphony * (-tilted).argsort(axis=1).argsort(axis=1)
        return tilted

    def together(self, lean: Lean) -> float:
        """How far notes are pulled together, up to 1."""
        return lean.polyphony / self.farthest("polyphony")

    def chord(self, lean: Lean) -> float:
        """Notes that are struck together."""
        return 1 + (CHORD - 1) * self.together(lean)

    def moments(self, lean: Lean) -> BoolArray:
        """The strongest places of the grid, as few as it takes for chords of so many."""
        chord = self.chord(lean)
        if self.quota is None:
            return likeliest_of(self.strength, ceil(self.count / chord))
        kept = np.zeros(len(self.grid), bool)
        for value, count in zip(CLASSES, self.quota, strict=True):
            own = np.flatnonzero(self.off == value)
            kept[own[likeliest_of(self.strength[own], ceil(count / chord))]] = True
        return kept

    def struck(self, lean: Lean) -> tuple[Ints, Ints]:
        """Steps and rows of the likeliest onsets; while only lengths are sought they stay the same."""
        asked = self.asked(lean)
        if asked not in self.found:
            tilted = self.tilted(lean)
            if self.quota is None:
                steps, rows = likeliest(tilted, self.count)
            else:
                steps, rows = in_quota(tilted, self.off, self.quota)
            self.found[asked] = self.grid[steps], rows
        return self.found[asked]

    def ready(self, lean: Lean) -> Struck:
        """The same, ready to be held."""
        asked = self.asked(lean)
        if asked not in self.kept:
            starts, rows = self.struck(lean)
            self.kept[asked] = Struck(starts, rows, self.kept_a_while(starts, rows))
        return self.kept[asked]

    def asked(self, lean: Lean) -> Asked:
        return lean.register, lean.around, lean.polyphony, lean.early, self.count, self.quota

    def decoded(self, lean: Lean) -> Notes:
        notes = self.ready(lean).held(-lean.length)
        if lean.polyphony > 0:
            notes = evened(notes, self.together(lean))
        if lean.stretch:
            notes = resized(notes, notes.lengths * 2**lean.stretch)
        return one_by_one(notes) if self.wish.alone else notes

    def kept_a_while(self, starts: Ints, rows: Ints) -> FloatArray:
        """No leaning makes a note shorter than a sixteenth, or than it is by itself."""
        at = starts[:, None] + np.arange(1, STEPS_PER_SIXTEENTH)
        short = at < np.minimum(starts + self.least[starts, rows], len(self.keep))[:, None]
        keep = self.keep.copy()
        keep[at[short], np.broadcast_to(rows[:, None], at.shape)[short]] = np.inf
        return keep

    def notes(self) -> Notes:
        """Of the bar that measures what is wished; what clashes gave way."""
        lean = self.solve()
        for _ in range(ROUNDS):
            if not self.gave_way(lean):
                break
            for knob in self.last or self.order:
                lean = self.lean_for(lean, knob)
        self.gave_way(lean)
        return self.decoded(lean)

    def gave_way(self, lean: Lean) -> bool:
        """Make unlikely what the model would not have struck where it clashes with what it is surer
        of, and again what then comes in its stead. Whether there was any."""
        for layer in range(LAYERS if self.wish.pitched else 0):
            notes = self.decoded(lean)
            worse = clashing(notes, self.sure[notes.starts, notes.rows])
            if not worse.any():
                return layer > 0
            places = np.searchsorted(self.grid, notes.starts[worse])
            self.onset[places, notes.rows[worse]] += UNWANTED * self.harder
            self.found.clear()
            self.kept.clear()
        return self.wish.pitched

    def solve(self) -> Lean:
        """Lean until the bar measures what is wished, one knob after the other, twice round, and
        then those that are asked for again: they have the last word. Lengths and polyphony come by
        how long notes are kept; where that can't suffice, by how many are struck together, which the
        others then follow."""
        lean = Lean()
        for knob in (*self.order, *self.order, *self.last):
            lean = self.lean_for(lean, knob)
        return lean

    def lean_for(self, lean: Lean, knob: str) -> Lean:
        wish = self.wish
        match knob:
            case "polyphony":
                return self.with_chords(lean)
            case "register":
                return self.around(self.bisect(lean, knob, wish.register, self.pitch_of))
            case "syncopation":
                self.set_quota(lean)
                return lean
        lean = replace(lean, stretch=0.0)
        if wish.length is None:
            return self.lasting(lean, "polyphony", self.polyphony_of)
        if "length" in wish.asked:
            lean = self.with_room(lean, wish.length)
        return self.lasting(lean, "length", self.length_of)

    def lasting(self, lean: Lean, goal: str, measure: Measure) -> Lean:
        """Notes are kept for as long as it takes, and what that leaves is stretched."""
        wanted, close = getattr(self.wish, goal), self.close(goal)
        lean = self.bisect(lean, "length", wanted, measure, close)
        return self.bisect(lean, "stretch", wanted, measure, close)

    def around(self, lean: Lean) -> Lean:
        """Where a slope jumps over the pitch that is asked, as it does with a note or two: pulled
        towards it as little as will do. Chords that were not asked to move are left as they are: pulled
        together, their notes would have no room for their lengths."""
        wanted = self.wish.register
        few = "register" in self.wish.asked and self.count <= FEW
        if not (self.wish.alone or few):
            return lean

        def off(lean: Lean) -> float:
            return abs(self.pitch_of(lean) - wanted) if wanted is not None else 0.0

        if off(lean) <= LOOSE["register"]:
            return lean
        return self.bisect(lean, "around", -LOOSE["around"], lambda lean: -off(lean))

    def set_quota(self, lean: Lean) -> None:
        """Notes on the beat and off it as was asked, or as they were while none are pushed apart."""
        wanted = self.wish.syncopation
        if wanted is None or ("syncopation" not in self.wish.asked and lean.polyphony < 0):
            self.quota = None
            return
        if self.quota is None and abs(self.off_of(lean) - wanted) <= self.close("syncopation"):
            return
        self.quota = None
        exactly = "density" in self.wish.asked or "syncopation" not in self.wish.asked
        chord = self.chord(lean) if lean.polyphony > 0 else 1.0
        self.quota = quota_for(self.tilted(lean), self.off, self.count, wanted, exactly, chord)

    def with_chords(self, lean: Lean) -> Lean:
        """As many struck together as were asked to sound at once, or, while lengths are free, as many
        as it takes for some lengths to make it so."""
        wanted = self.wish.polyphony
        if wanted is None:
            return lean
        if self.wish.length is not None:
            return self.bisect(lean, "polyphony", wanted, self.polyphony_of)
        least, most = (self.with_lengths(end, self.polyphony_of) for end in (-1, 1))
        if least(lean) > wanted:
            return self.bisect(lean, "polyphony", wanted, least)
        if most(lean) < wanted:
            return self.bisect(lean, "polyphony", wanted, most)
        return lean

    def with_room(self, lean: Lean, wanted: float) -> Lean:
        """Where notes can't be so long: fewer of them, and earlier, unless so many were asked for."""
        reach = self.with_lengths(1, self.length_of)
        if "density" in self.wish.asked or reach(lean) >= wanted:
            return lean
        if "syncopation" not in self.wish.asked:
            self.quota = None
        room = SIXTEENTHS_PER_BAR * max(1.0, self.polyphony_of(Lean()))
        while self.count > 1 and reach(lean) < wanted and self.count * wanted > room:
            self.count, self.quota = self.count - 1, None
        if "syncopation" in self.wish.asked:
            self.set_quota(lean)
        if reach(lean) < wanted:
            lean = self.bisect(lean, "early", wanted, reach)
        while self.count > 1 and reach(lean) < wanted - self.close("length"):
            self.count, self.quota = self.count - 1, None
            if "syncopation" in self.wish.asked:
                self.set_quota(lean)
        return lean

    def with_lengths(self, end: int, measure: Measure) -> Measure:
        """The measure with all notes as short (-1) or as long (1) as they can be."""
        length = end * self.farthest("length")
        return lambda lean: measure(replace(lean, length=length, stretch=0.0))

    def bisect(
        self,
        lean: Lean,
        knob: str,
        wanted: float | None,
        measure: Measure,
        close: float | None = None,
    ) -> Lean:
        """The leaning that brings the measure nearest to what is wanted, if anything is and it is not
        close to it."""
        if wanted is None:
            return lean
        best, error = getattr(lean, knob), abs(measure(lean) - wanted)
        if error <= (self.close(knob) if close is None else close):
            return lean
        low, high = -self.farthest(knob), self.farthest(knob)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            got = measure(replace(lean, **{knob: middle}))
            if abs(got - wanted) < error - 1e-9:
                best, error = middle, abs(got - wanted)
            if got < wanted:
                low = middle
            else:
                high = middle
        return replace(lean, **{knob: best})

    def farthest(self, knob: str) -> float:
        return FARTHEST[knob] * (1 if knob == "stretch" else self.harder)

    def close(self, knob: str) -> float:
        return (CLOSE if knob in self.wish.asked else LOOSE)[knob]

    def pitch_of(self, lean: Lean) -> float:
        rows = self.struck(lean)[1]
        return float(rows.mean()) if len(rows) else 0.0

    def off_of(self, lean: Lean) -> float:
        starts = self.struck(lean)[0]
        return float(WEAKNESS[starts].mean()) if len(starts) else 0.0

    def polyphony_of(self, lean: Lean) -> float:
        notes = self.decoded(lean)
        return polyphony(notes.starts, notes.lengths)

    def length_of(self, lean: Lean) -> float:
        lengths = self.decoded(lean).lengths
        return float(lengths.sum()) / max(len(lengths), 1) / STEPS_PER_SIXTEENTH


def clashing(notes: Notes, sure: FloatArray) -> BoolArray:
    """Which notes the model would not have struck by itself, and clash with one that it is surer of."""
    starts, ends = notes.starts, notes.starts + notes.lengths
    apart = (notes.rows[:, None] - notes.rows) % 12
    together = (starts[:, None] < ends) & (starts < ends[:, None])
    rivals = together & np.isin(apart, CLASHES) & (sure[:, None] < sure)
    found: BoolArray = rivals.any(axis=1) & (sure <= 0)
    return found


def one_by_one(notes: Notes) -> Notes:
    """Each note ends where the next one begins, at the latest."""
    coming = np.searchsorted(notes.starts, notes.starts, side="right")
    ends = np.append(notes.starts, STEPS_PER_BAR)[coming]
    return notes._replace(lengths=np.minimum(notes.lengths, ends - notes.starts))


def evened(notes: Notes, share: float) -> Notes:
    """What is struck together lasts as long, so far on the way to the mean of its moment: it sounds
    together for longer."""
    _, moment, count = np.unique(notes.starts, return_inverse=True, return_counts=True)
    means = np.bincount(moment, notes.lengths) / count
    return resized(notes, notes.lengths + share * (means[moment] - notes.lengths))


def resized(notes: Notes, wanted: Reals) -> Notes:
    """Notes that last as long as is wanted, or as there is room for until their pitch is struck again;
    none that was no shorter is cut below a sixteenth."""
    order = np.lexsort((notes.starts, notes.rows))
    rows, starts = notes.rows[order], notes.starts[order]
    ends = np.full(len(order), STEPS_PER_BAR)
    again = np.flatnonzero(rows[1:] == rows[:-1])
    ends[order[again]] = starts[again + 1] - 1
    most = np.maximum(ends - notes.starts, 1)
    least = np.minimum(notes.lengths, STEPS_PER_SIXTEENTH)
    lengths = np.maximum(least, wanted.round().astype(np.int64))
    return notes._replace(lengths=np.minimum(lengths, most))


def lengths(keep: FloatArray) -> Ints:
    """How long a note would be by itself that is struck at each `[step, pitch]`."""
    steps = np.arange(len(keep))[:, None]
    stops = np.minimum.accumulate(np.where(keep > 0, len(keep), steps)[::-1], axis=0)[::-1]
    return np.append(stops[1:], np.full((1, keep.shape[1]), len(keep)), axis=0) - steps


def shaped(onset: FloatArray, keep: FloatArray, wish: Wish) -> Notes:
    """The notes of one track's bar as the knobs wish it."""
    if not wish.anything:
        return decode(onset, keep)
    return Tilter(onset, keep, wish).notes()
