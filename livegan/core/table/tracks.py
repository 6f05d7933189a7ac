"""What each track of the model has for itself."""

from __future__ import annotations

from ..controls import Argument, Control
from .fields import FREE_SHARE, track_field

ON = Argument("on", "bool")

TRACKS: tuple[Control, ...] = (
    Control(
        "mute", "/track/{track}/mute", "Silence a track.", (ON,), **track_field("mute"),
    ),
    Control(
        "solo", "/track/{track}/solo", "Only this track, and others that are soloed, sound.",
        (ON,), **track_field("solo"),
    ),
    Control(
        "lock", "/track/{track}/lock", "Keep the bar that a track plays now, while the others go on.",
        (ON,), **track_field("lock"),
    ),
    Control(
        "track_channel", "/track/{track}/channel", "Its MIDI channel; 0 is the model's own.",
        (Argument("channel", "int", 0, 16),), **track_field("channel"),
    ),
    Control(
        "track_program", "/track/{track}/program", "Its General MIDI program, sent as a program "
        "change now and whenever play starts; 0 sends none.",
        (Argument("program", "int", 0, 128),), **track_field("program"), changes_music=False,
    ),
    Control(
        "octave", "/track/{track}/octave", "So many octaves higher, lower if negative. Not for drums.",
        (Argument("octaves", "int", -3, 3, unit="octaves"),), **track_field("octave"),
    ),
    Control(
        "track_density", "/track/{track}/density", "Notes a bar of this track, as /density says them "
        "for all; if it rests, it comes in. Without a value: as for all.",
        FREE_SHARE, **track_field("density"), default="as for all",
    ),
    Control(
        "track_velocity", "/track/{track}/velocity", "How loud, as a factor of the velocities; 0 is as "
        "soft as can be.",
        (Argument("times", "float", 0, 2),), **track_field("velocity"),
    ),
)  # fmt: skip
