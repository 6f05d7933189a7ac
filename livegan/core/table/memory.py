"""What was played and set before."""

from __future__ import annotations

from ..controls import Argument, Control
from .fields import field

MEMORY: tuple[Control, ...] = (
    Control(
        "loop", "/loop", "The last bars again and again, the one that plays among them, from the next "
        "bar line on; 0 goes on where the latent was left. Shaping still acts. Where fewer were "
        "played, as soon as there are enough.",
        (Argument("bars", "int", 0, 16, unit="bars"),), **field("loop"),
    ),
    Control(
        "again", "/again", "The bar of so many bars ago once more, from the next bar line on: 1, the "
        "bar before the one that plays, unless you say.",
        (Argument("bars", "int", 1, 64, unit="bars", optional=True),), changes_music=False,
    ),
    Control(
        "like", "/like", "Mark the bar of so many bars ago in what is recorded and kept: 0, the one "
        "that plays, unless you say.",
        (Argument("bars", "int", 0, 64, unit="bars", optional=True),), changes_music=False,
    ),
    Control(
        "keep", "/keep", "Write the last so many whole bars, those before the one that plays, as they "
        "were played to a MIDI file in the instrument's folder (kept), without stopping; /livegan/kept "
        "tells which.",
        (Argument("bars", "int", 1, 256, unit="bars"),), changes_music=False,
    ),
    Control(
        "record", "/record", "Write everything that is played, from now on, to a new MIDI file in the "
        "instrument's folder (recordings), whole at every moment.",
        (Argument("on", "bool"),), read=lambda state: (state.recording,), changes_music=False,
    ),
    Control(
        "undo", "/undo", "Take the last move of a control back, a hundred times if need be. Transport "
        "and clocks stay as they are.", trigger=True,
    ),
    Control(
        "redo", "/redo", "Make the move again that was taken back last.", trigger=True,
    ),
    Control(
        "default", "/default", "Set a control back to what it is at first, by its address.",
        (Argument("address", "text", longest=100),),
    ),
    Control(
        "bank", "/bank", "Load a bank of sixteen scenes, by name, at the next bar line.",
        (Argument("name", "text", longest=40),), read=lambda state: (state.bank,), changes_music=False,
    ),
    Control(
        "bank_save", "/bank/save", "Keep the sixteen scenes as a bank of this name, a readable file in "
        "the instrument's folder.",
        (Argument("name", "text", longest=40),), changes_music=False,
    ),
)  # fmt: skip
