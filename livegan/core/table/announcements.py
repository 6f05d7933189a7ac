"""What is only told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message that only goes out."""

    address: str
    arguments: str
    help: str


ANNOUNCEMENTS: tuple[Announcement, ...] = (
    Announcement("/bar", "i", "A bar begins: its number, from 1."),
    Announcement("/beat", "i", "A beat begins, in the count-in too: 1 to 4."),
    Announcement(
        "/tempo/now",
        "f",
        "The tempo that plays, when it changes: in a ramp at every beat, its mean over the beat.",
    ),
    Announcement(
        "/lateness", "ff", "Of the last bar's events at the MIDI port, in ms: median and worst."
    ),
    Announcement(
        "/port", "si", "The MIDI port, and whether it is there: when it is lost and when it came back."
    ),
    Announcement(
        "/xy/now",
        "fff",
        "Where the music is, as seen from the pad, whatever moved it: the nearest x and y, and how "
        "near it is, 1 on the pad and 0 as far as chance.",
    ),
    Announcement("/liked", "i", "A bar was marked: its number, from 1."),
    Announcement("/kept", "s", "The last bars were written to this file."),
    Announcement("/banks", "s...", "The names of all banks that there are."),
    Announcement(
        "/midi/port",
        "si",
        "A controller's MIDI input, and whether it is there: when it came or was lost.",
    ),
    Announcement(
        "/midi/bound",
        "ss",
        "What a MIDI controller moves from now on, and which controller; empty if none any more.",
    ),
    Announcement("/inference", "f", "Time the model took for the last bar, in ms."),
    Announcement(
        "/heard", "ii", "A bar in which keys were pressed was heard: its number, and how many keys."
    ),
    Announcement(
        "/captured",
        "if",
        "A scene was captured: its number, and how much of the bar the model plays back from it, 0 to "
        "1 (F1 of the notes; after silence, first in its phrase, no knob set).",
    ),
    Announcement(
        "/error",
        "ss",
        "To the sender: the address that could not be taken, and why. To all: what broke (bar, model, "
        "port, player, record, or the address of a model that can't be loaded), and how it goes on.",
    ),
)
