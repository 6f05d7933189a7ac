"""Models, controllers, and who is told."""

from __future__ import annotations

from ..controls import Argument, Control
from .fields import field

SURFACES: tuple[Control, ...] = (
    Control(
        "model", "/model", "Another model, by name or file, from a bar line on, without a gap.",
        (Argument("model", "text"),),
        changes_music=False, default="piano",
    ),
    Control(
        "midi_map", "/midi/map", "Load a map of MIDI controllers, by name: one that ships, or one in "
        "the instrument's folder; several by commas, none for an empty name.",
        (Argument("name", "text", longest=200),), read=lambda state: (state.midi_map,),
        changes_music=False,
    ),
    Control(
        "midi_save", "/midi/save", "Keep the map as it is now, by name, in the instrument's folder.",
        (Argument("name", "text", longest=40),), changes_music=False,
    ),
    Control(
        "learn", "/midi/learn", "The next MIDI controller that moves is this address's; with values, "
        "as in /morph=3,8, a press sends them. Without an address: no more.",
        (Argument("address", "text", optional=True, longest=100),),
        read=lambda state: (state.learning,), changes_music=False,
    ),
    Control(
        "forget", "/midi/forget", "No MIDI controller moves this address any more.",
        (Argument("address", "text", longest=100),), changes_music=False,
    ),
    Control(
        "midi_feedback", "/midi/feedback", "Send values back to the controllers that have lights or "
        "motors, and as CC to whom the map says.",
        (Argument("on", "bool"),), **field("midi_feedback"), changes_music=False,
    ),
    Control(
        "subscribe", "/subscribe", "Be told every change, bar, beat, lateness and inference time. The "
        "answers go to the port you sent from, or to the port you give; all values come at once.",
        (Argument("port", "int", optional=True),),
        changes_music=False,
    ),
    Control(
        "unsubscribe", "/unsubscribe", "Be told no more.",
        (Argument("port", "int", optional=True),),
        changes_music=False,
    ),
)  # fmt: skip
