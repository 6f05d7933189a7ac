"""What the music is asked to be, by the model and after it."""

from __future__ import annotations

from dataclasses import replace

from .. import moves
from ..controls import Argument, Control
from ..knobs import KEYS
from ..scales import FITS, ROOTS, SCALES
from ..state import MASK
from .fields import ends, field, set_free, share

SHAPE: tuple[Control, ...] = (
    Control(
        "density", "/density", "Notes a bar, met by taking the likeliest onsets: 0 is silence, 0.5 the "
        "training data's median, 1 its densest bars. Tracks that rest go on resting. Without a value: "
        "as many as the model likes.",
        **set_free("density"),
    ),
    Control(
        "register", "/register", "How high the notes lie: their mean pitch, from the training data's "
        "lowest bars to its highest. Without a value: as the model likes.",
        **set_free("register"),
    ),
    Control(
        "polyphony", "/polyphony", "How many notes sound at once, from the data's thinnest bars to its "
        "fullest.",
        **set_free("polyphony"),
    ),
    Control(
        "syncopation", "/syncopation", "How far the notes are struck off the beat.",
        **set_free("syncopation"),
    ),
    Control(
        "length", "/length", "How long notes last. It goes with polyphony: longer notes overlap.",
        **set_free("length"),
    ),
    Control(
        "key", "/key", "The tonal centre: a major or minor key, or free.",
        (Argument("key", "text", choices=("free", *KEYS)),),
        apply=moves.set_key, read=lambda state: ("free" if state.key is None else KEYS[state.key],),
    ),
    Control(
        "velocity", "/velocity", "How hard the notes are struck: 0.7 as in the training data, 1 as "
        "hard as can be, MIDI velocity 127; between them accents stay accents.",
        share(), **field("velocity"),
    ),
    Control(
        "humanise", "/humanise", "How much of a player's differences in loudness and timing: 0 is "
        "on the grid, every bar struck alike.",
        share(), **field("humanise"),
    ),
    Control(
        "accent", "/velocity/accent", "How far loud and soft notes of a track differ: 0 not at all, 1 "
        "as played, 2 twice as far.",
        (Argument("times", "float", 0, 2),), **field("accent"),
    ),
    Control(
        "velocity_range", "/velocity/range", "The softest and the loudest MIDI velocity: all that "
        "there is, 1 to 127, is fitted between them.",
        (Argument("low", "int", 1, 127), Argument("high", "int", 1, 127)), **ends("velocity_range"),
    ),
    Control(
        "gate", "/gate", "Note lengths, as a factor; a note ends at the latest with its bar or as its "
        "pitch is struck again.",
        (Argument("times", "float", 0.05, 4),), **field("gate"),
    ),
    Control(
        "pitch_range", "/range", "The lowest and the highest MIDI pitch: what lies outside comes in by "
        "octaves, or is left out where none fits. Drums stay as they are.",
        (Argument("low", "int", 0, 127), Argument("high", "int", 0, 127)), **ends("pitch_range"),
    ),
    Control(
        "voices", "/polyphony/limit", "So many notes sound at once at the most, over all tracks but "
        "the drums: the highest, the lowest, then the loudest stay. 0 is no limit.",
        (Argument("notes", "int", 0, 32, unit="notes"),), **field("voices"),
    ),
    Control(
        "chance", "/chance", "How likely each onset is struck: 1 all, 0.5 half of them, by chance; a "
        "bar made again has the same ones.",
        share("probability"), **field("chance"),
    ),
    Control(
        "rhythm", "/rhythm", "On which sixteenths of the bar notes may begin: sixteen characters, x "
        "yes, . no.",
        (Argument("pattern", "text", longest=16),), apply=moves.set_rhythm,
        read=lambda state: ("".join("x" if on else "." for on in state.rhythm),),
    ),
    Control(
        "rhythm_place", "/rhythm/{place}", "The same for one sixteenth.",
        (Argument("on", "bool"),), apply=moves.set_mask, index=Argument("place", "int", 1, MASK),
        read=lambda state, place: (state.rhythm[place - 1],),
    ),
    Control(
        "transpose", "/transpose", "Everything but drums so many semitones higher, lower if negative; "
        "after the scale.",
        (Argument("semitones", "int", -24, 24, unit="semitones"),), **field("transpose"),
    ),
    Control(
        "scale", "/scale", "Hold the music to a scale, whatever the model; free is all notes. Drums "
        "stay as they are. A model that has keys plays in the nearest, unless /key is set.",
        (Argument("scale", "text", choices=tuple(SCALES)),), **field("scale"),
    ),
    Control(
        "root", "/scale/root", "The scale's first degree.",
        (Argument("root", "text", choices=ROOTS),),
        apply=lambda state, root: replace(state, root=ROOTS.index(root)),
        read=lambda state: (ROOTS[state.root],),
    ),
    Control(
        "fit", "/scale/fit", "What becomes of a note outside the scale: nudge to the nearest degree, "
        "the lower of two, or lock it out.",
        (Argument("how", "text", choices=FITS),), **field("fit"),
    ),
)  # fmt: skip
