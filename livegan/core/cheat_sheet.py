"""docs/cheat-sheet.md: `python -m livegan.core.cheat_sheet > docs/cheat-sheet.md`. Addresses, ranges
and defaults come from the table; the words are here."""

from __future__ import annotations

from .controls import Control
from .reference import default_of
from .table import CONTROLS

Gesture = tuple[str, str, str]
"""What one wants, the row's name, and values as they are typed."""
GESTURES: dict[str, tuple[Gesture, ...]] = {
    "Rescue": (
        ("A note hangs, all sounds wrong", "panic", ""),
        ("Stop", "stop", ""),
        ("That move was a mistake", "undo", ""),
        ("It was not", "redo", ""),
        ("Back to where the music was before the last leap", "back", ""),
        ("One control as it was at first", "default", "/density"),
        ("Stay here while I think", "freeze", "on"),
    ),
    "Start and time": (
        ("Play", "play", ""),
        ("Play from bar 9", "play_from", "9"),
        ("Tempo", "tempo", "126"),
        ("To another tempo over eight bars", "ramp", "140 8"),
        ("Tap it", "tap", ""),
        ("A little later, for others to meet", "nudge", "10"),
        ("When moves are heard", "quantum", "bar"),
        ("Swing", "swing", "0.667"),
        ("Eighths swing, not sixteenths", "swing_grid", "8"),
        ("A bar of clicks before the music", "countin", "1"),
        ("Clicks", "metronome", "on"),
        ("Who leads the time", "sync", "link"),
    ),
    "Move": (
        ("Between four scenes", "xy", "0.2 0.9"),
        ("Towards the scene above the pad", "depth", "0.5"),
        ("Which scenes lie at the corners", "corners", "5 6 7 8"),
        ("Which scene lies above", "above", "9"),
        ("Along the model's own directions", "direction", "2"),
        ("One number of the latent", "coordinate", "1.5"),
        ("To a scene over eight bars", "morph", "3 8"),
        ("How a morph goes", "morph_curve", "smooth"),
        ("How far the music wanders by itself", "drift", "0.3"),
        ("Bars to the next section, 0 stays", "section", "8"),
        ("How often bars come back, 0.5 as in songs", "comeback", "0.8"),
        ("How firmly the rhythm holds, 0.5 as in songs", "groove", "0.8"),
        ("How strictly the critic chooses, 0.5 as in songs", "critic", "0"),
        ("A little aside, by chance", "mutate", "0.25"),
        ("Somewhere else, by chance", "dice", ""),
        ("To a place that I know", "seed", "7"),
    ),
    "Hold": (
        ("The last four bars round and round", "loop", "4"),
        ("The bar before once more", "again", "1"),
        ("Keep what a track plays", "lock", "on"),
    ),
    "Remember": (
        ("Store a scene", "store", "verse"),
        ("Go to it at once", "recall", ""),
        ("Name it", "scene_name", "verse"),
        ("All sixteen into a file", "bank_save", "tuesday"),
        ("And back, at the next bar line", "bank", "tuesday"),
        ("I like this bar", "like", ""),
        ("The last eight bars into a MIDI file", "keep", "8"),
        ("Everything from now on into one", "record", "on"),
    ),
    "Shape": (
        ("Notes a bar", "density", "0.8"),
        ("Higher or lower", "register", "0.3"),
        ("Thicker or thinner", "polyphony", "0.6"),
        ("Off the beat", "syncopation", "0.9"),
        ("Longer notes", "length", "0.8"),
        ("Any of these five as the model likes", "density", ""),
        ("Key", "key", "Am"),
        ("Hold it to a scale", "scale", "dorian"),
        ("from this degree", "root", "D"),
        ("and leave out what lies outside", "fit", "lock"),
        ("Transpose", "transpose", "-5"),
        ("Lowest and highest pitch", "pitch_range", "48 72"),
        ("At most so many notes at once", "voices", "4"),
        ("Half of the onsets, by chance", "chance", "0.5"),
        ("On which sixteenths", "rhythm", "x..x..x.x..x..x."),
        ("Shorter notes", "gate", "0.5"),
        ("How hard", "velocity", "0.9"),
        ("Stronger accents", "accent", "1.5"),
        ("Softest and loudest", "velocity_range", "40 110"),
        ("How human", "humanise", "0.5"),
    ),
    "Tracks": (
        ("Silence", "mute", "on"),
        ("Only this one", "solo", "on"),
        ("Octave", "octave", "-1"),
        ("Its own density", "track_density", "0.3"),
        ("Louder", "track_velocity", "1.5"),
        ("MIDI channel", "track_channel", "3"),
        ("Sound, a General MIDI program", "track_program", "33"),
    ),
    "Converse": (
        ("A bar in reply to mine", "listen", "answer"),
        ("My keys transpose", "keyboard", "transpose"),
        ("My bar as a scene", "capture", "5"),
    ),
    "Set up": (
        ("Another model, without a gap", "model", "band"),
        ("Notes earlier or later, for the DAW", "latency", "-5"),
        ("This address learns the next controller that moves", "learn", "/density"),
        ("and forgets it", "forget", "/density"),
        ("A map of a controller", "midi_map", "generic"),
        ("My map into a file", "midi_save", "mine"),
    ),
}
LEFT_OUT = frozenset({
    "sync_lost", "clock_latency", "metronome_channel", "if_hung", "latent", "rhythm_place", "keyed",
    "midi_feedback", "subscribe", "unsubscribe",
})  # fmt: skip
"""What nobody needs in the middle of a song."""
PLACES = {"track": "2", "scene": "3", "i": "1", "place": "1"}
HEAD = """# Cheat sheet

Made from the table of controls by `make docs`. Each line is an OSC message under `/livegan`, and what
follows `livegan send`; a number in an address (scene 3, track 2) is an example. Everything:
[osc.md](osc.md).
"""
TAIL = """
## In the panel

`http://127.0.0.1:9001` in a browser on this machine.

| key or hand | does |
|---|---|
| drag, wheel, arrows | move a knob or the pad; with Shift finely; Page Up and Page Down in tens |
| Home, End | to the ends of the range |
| double-click, Enter | as it was at first |
| Delete, Backspace | leave a knob to the model |
| a scene | what the row above says: recall, morph, store, name; held, or with Shift: store; F2: name |
| Learn, a control, a controller | the controller moves the control; Escape: no more |

## Other hands

- **MIDI**: any controller, at the virtual port *controls* or with `livegan serve --midi-in NAME`;
  `--map generic`, and the maps that `livegan maps` lists: [midi.md](midi.md).
- **TouchOSC, Open Stage Control**: `livegan layout -h`, [touchosc.md](touchosc.md).
- **Ableton Live**: [ableton.md](ableton.md). **Clocks and Link**: [sync.md](sync.md).
- **In the daemon's terminal**: ctrl-C stops, and ends every note.
"""


def control_named(name: str) -> Control:
    return next(control for control in CONTROLS if control.name == name)


def address_of(control: Control) -> str:
    """With an example of a number, where it has one."""
    return control.at(int(PLACES[control.index.name])) if control.index else control.address


def ranges_of(control: Control) -> str:
    """What its values can be, as briefly as it goes."""
    texts = []
    for argument in control.arguments:
        few = argument.choices if len(argument.choices) <= 6 else argument.choices[:3]
        words = ", ".join(few) + (", ..." if len(few) < len(argument.choices) else "")
        texts.append(words or (argument.name if argument.kind == "text" else argument.range))
    texts = list(dict.fromkeys(texts))
    default = "" if control.trigger else default_of(control)
    return "; ".join(texts) + (f" ({default})" if default and len(default) < 20 else "")


def cheat_sheet() -> str:
    """The whole page, Markdown."""
    lines = [HEAD]
    for title, gestures in GESTURES.items():
        lines.append(f"## {title}\n\n| I want | message | values (at first) |\n|---|---|---|")
        for words, name, values in gestures:
            control = control_named(name)
            message = f"{address_of(control)} {values}".strip()
            lines.append(f"| {words} | `{message}` | {ranges_of(control)} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n" + TAIL


if __name__ == "__main__":
    print(cheat_sheet(), end="")
