"""Hearing others play."""

from __future__ import annotations

from ..controls import Argument, Control
from .fields import SCENE, field

CONVERSE: tuple[Control, ...] = (
    Control(
        "listen", "/listen", "What is made of a MIDI input: nothing; echo, what was heard again a bar "
        "later; answer, a bar in reply to the one just heard; follow, the model goes on from it.",
        (Argument("how", "text", choices=("off", "echo", "answer", "follow")),), **field("listen"),
        changes_music=False,
    ),
    Control(
        "keyboard", "/listen/keyboard", "What a MIDI keyboard's keys do: notes are heard, transpose "
        "moves the music as an arpeggiator's do, C4 (60) where it was.",
        (Argument("what", "text", choices=("notes", "transpose")),), **field("keyboard"),
    ),
    Control(
        "keyed", "/listen/transpose", "By how much the keyboard transposes now.",
        (Argument("semitones", "int", -60, 60, unit="semitones"),), **field("keyed"),
    ),
    Control(
        "capture", "/capture", "Find the latent of the bar just played, on the keyboard if it was "
        "heard, else by livegan, and store it as a scene.",
        (SCENE,), changes_music=False,
    ),
)  # fmt: skip
