"""The table of every control. OSC dispatch, feedback, `livegan send --help` and docs/osc.md are made
from it; a new knob is one new row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from . import state as moves
from .clock_out import POSITIONS
from .controls import PREFIX, Argument, BadControl, Control, Value
from .knobs import KEYS
from .leading import LEADERS, WHEN_LOST
from .music import FASTEST, LATENCY_MS, SIXTEENTHS_PER_BAR, SLOWEST
from .score import QUANTA
from .state import DIRECTIONS, SCENES, State
from .swing import GRIDS


def field(name: str) -> dict[str, Any]:
    """For a knob that is a field of the state: set it, read it."""

    def read(state: State) -> Sequence[Value]:
        return (getattr(state, name),)

    return {"apply": lambda state, value: replace(state, **{name: value}), "read": read}


def share(name: str = "share") -> tuple[Argument, ...]:
    return (Argument(name, "float", 0, 1),)


def set_free(name: str) -> dict[str, Any]:
    """For a knob that the model may be left to choose."""

    def read(state: State) -> Sequence[Value]:
        value = getattr(state, name)
        return () if value is None else (value,)

    return {
        "arguments": (Argument("share", "float", 0, 1, optional=True),),
        "apply": lambda state, share=None: replace(state, **{name: share}),
        "read": read,
        "default": "the model's own",
    }


def read_freeze(state: State) -> Sequence[Value]:
    return (state.held is not None,)


BPM = Argument("bpm", "float", SLOWEST, FASTEST, unit="quarter notes a minute")
LATENCY = Argument("ms", "float", -LATENCY_MS, LATENCY_MS, unit="ms")
SCENE = Argument("scene", "int", 1, SCENES)

CONTROLS: tuple[Control, ...] = (
    Control(
        "play", "/play", "Start at bar 1, at once or after the count-in.",
        apply=lambda state: moves.play_from(state, 1),
        read=lambda state: (state.playing,), trigger=True, changes_music=False,
    ),
    Control(
        "play_from", "/play/from", "Start at this bar, the same way; what plays goes on.",
        (Argument("bar", "int", 1, POSITIONS // SIXTEENTHS_PER_BAR),),
        apply=moves.play_from, changes_music=False,
    ),
    Control(
        "stop", "/stop", "Stop and end every sounding note.",
        apply=lambda state: replace(state, playing=False), trigger=True, changes_music=False,
    ),
    Control(
        "panic", "/panic", "End every note, and tell every channel to be silent (CC 123, CC 120). "
        "Play goes on; who follows our MIDI clock stops until the next bar line.",
        trigger=True, changes_music=False,
    ),
    Control(
        "tempo", "/tempo", "Tempo, from this moment on.",
        (BPM,), apply=moves.set_tempo, read=lambda state: (state.tempo,), changes_music=False,
    ),
    Control(
        "ramp", "/tempo/ramp", "To another tempo, evenly from beat to beat: it is there at the bar "
        "line nearest to so many bars from now. While stopped, at once.",
        (BPM, Argument("bars", "int", 0, 256, unit="bars")), apply=moves.set_tempo, changes_music=False,
    ),
    Control(
        "tap", "/tap", "Tap the tempo: from the third tap on it is the median of the last two bars' "
        "taps. A tap that was missed or came askew does not count, after a pause it begins anew.",
        trigger=True, changes_music=False,
    ),
    Control(
        "nudge", "/nudge", "Play later by so much, earlier if negative, to meet others: worked off "
        "within a beat.",
        (Argument("ms", "float", -100, 100, unit="ms"),), changes_music=False,
    ),
    Control(
        "sync", "/sync", "Who leads the time: livegan itself, a MIDI clock, an Ableton Link session or "
        "JACK's transport. Music that plays goes over to the leader's bars at a bar line.",
        (Argument("leader", "text", choices=LEADERS),), **field("sync"), changes_music=False,
    ),
    Control(
        "sync_lost", "/sync/lost", "When a MIDI clock stays away: keep the last tempo, or stop.",
        (Argument("what", "text", choices=WHEN_LOST),), **field("sync_lost"), changes_music=False,
    ),
    Control(
        "latency", "/latency", "Send notes so much later, earlier if negative: what the synth or the "
        "DAW behind the port needs.",
        (LATENCY,), **field("latency"), changes_music=False,
    ),
    Control(
        "clock_latency", "/clock/latency", "The same for MIDI clock out.",
        (LATENCY,), **field("clock_latency"), changes_music=False,
    ),
    Control(
        "swing", "/swing", "How late every second sixteenth (or eighth) is: 0 straight, 0.667 a "
        "triplet, 1 at three quarters of the pair.",
        share(), **field("swing"), changes_music=False,
    ),
    Control(
        "swing_grid", "/swing/grid", "What swings: eighths or sixteenths.",
        (Argument("grid", "text", choices=tuple(str(grid) for grid in GRIDS)),),
        apply=lambda state, grid: replace(state, swing_grid=int(grid)),
        read=lambda state: (state.swing_grid,), changes_music=False,
    ),
    Control(
        "countin", "/countin", "Bars of clicks before the music starts.",
        (Argument("bars", "int", 0, 4, unit="bars"),), **field("count_in"), changes_music=False,
    ),
    Control(
        "metronome", "/metronome", "A click on every beat, to the MIDI port but not into recordings.",
        (Argument("on", "bool"),), **field("metronome"), changes_music=False,
    ),
    Control(
        "metronome_channel", "/metronome/channel", "The MIDI channel of all clicks: notes 76 on the "
        "bar and 77 on the other beats, wood blocks on channel 10.",
        (Argument("channel", "int", 1, 16),), **field("metronome_channel"), changes_music=False,
    ),
    Control(
        "if_hung", "/ifhung", "What the player does when the daemon hangs for more than a bar: the "
        "last bar again, or silence.",
        (Argument("what", "text", choices=("loop", "silence")),), **field("if_hung"),
        changes_music=False,
    ),
    Control(
        "quantum", "/quantum", "What a move waits for before it is heard: the next step (1/24 of a "
        "beat), beat or bar line.",
        (Argument("quantum", "text", choices=tuple(QUANTA)),),
        **field("quantum"), changes_music=False,
    ),
    Control(
        "seed", "/seed", "Another place in the latent space, and another way of drifting.",
        (Argument("seed", "int", 0, 2**31 - 1),),
        apply=moves.set_seed, read=lambda state: (state.seed,),
    ),
    Control(
        "coordinate", "/z/{i}", "One coordinate of the latent; the others give way, so that the point "
        "stays on the sphere.",
        (Argument("value", "float", -4, 4, unit="standard deviations"),),
        apply=moves.set_coordinate, index=Argument("i", "int", 0, 999_999),
    ),
    Control(
        "latent", "/z", "The whole latent, all of the model's numbers; only the direction counts.",
        (Argument("values", "float", many=True),),
        apply=moves.set_point, read=lambda state: tuple(state.point.tolist()), default="from the seed",
    ),
    Control(
        "xy", "/xy", "A place on the plane through scenes 1 (0, 0), 2 (1, 0), 3 (0, 1) and 4 (1, 1).",
        (Argument("x", "float", 0, 1), Argument("y", "float", 0, 1)),
        apply=moves.set_xy, read=lambda state: state.xy,
    ),
    Control(
        "store", "/scene/{scene}/store", "Keep the latent that sounds now as a scene, with a name if "
        "you like. Scenes start out drawn from the seed.",
        (Argument("name", "text", optional=True),),
        apply=moves.store_scene, index=SCENE, changes_music=False, trigger=True,
    ),
    Control(
        "recall", "/scene/{scene}/recall", "Go to a scene.",
        apply=moves.recall_scene, index=SCENE, trigger=True,
    ),
    Control(
        "morph", "/morph", "Go to a scene, by number or name, over so many bars.",
        (Argument("scene", "text"), Argument("bars", "int", 0, 64, unit="bars")),
        apply=moves.start_morph,
    ),
    Control(
        "drift", "/drift", "How far the latent wanders by itself each bar: 0 stands still, 1 is as far "
        "as chance.",
        share(), **field("drift"),
    ),
    Control(
        "density", "/density", "Notes a bar, met by taking the likeliest onsets: 0 is silence, 0.5 the "
        "training data's median, 1 its densest bars. Without a value: as many as the model likes.",
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
        "direction", "/direction/{i}", "Along one of the model's eight named directions (livegan "
        "models names them), from where the latent is.",
        (Argument("far", "float", -6, 6, unit="standard deviations"),),
        apply=moves.set_direction, index=Argument("direction", "int", 1, DIRECTIONS),
    ),
    Control(
        "section", "/section", "Bars until the music goes to another section, or back to an earlier "
        "one; 0 stays. For models that know sections.",
        (Argument("bars", "int", 0, 256, unit="bars"),), **field("section"),
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
        "freeze", "/freeze", "Hold the latent: the bar repeats. Knobs still act; moves in the latent "
        "space are heard on release.",
        (Argument("on", "bool"),),
        apply=moves.set_freeze, read=read_freeze,
    ),
    Control(
        "model", "/model", "Another model, by name or file, from a bar line on, without a gap.",
        (Argument("model", "text"),),
        changes_music=False, default="piano",
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
        "/port", "sT", "The MIDI port, and whether it is there: when it is lost and when it came back."
    ),
    Announcement("/inference", "f", "Time the model took for the last bar, in ms."),
    Announcement(
        "/error",
        "ss",
        "To the sender: the address that could not be taken, and why. To all: what broke (bar, model, "
        "port, player, record, or the address of a model that can't be loaded), and how it goes on.",
    ),
)


@dataclass(frozen=True, slots=True)
class Move:
    """A control with its values, checked."""

    control: Control
    values: tuple[Value, ...]
    ignored: bool = False
    """A button was released."""

    @property
    def given(self) -> tuple[Value, ...]:
        """The values without the numbers of the address."""
        return self.values[self.control.pattern.groups :]


def move_for(address: str, values: Sequence[Any]) -> Move:
    """Find the control of an address and check the values. Raises `BadControl`."""
    for control in CONTROLS:
        numbers = control.match(address)
        if numbers is not None:
            checked = (*numbers, *control.coerce(values))
            return Move(control, checked, control.released(values))
    raise BadControl(f"no such address; see docs/osc.md ({PREFIX}/...)")


@lru_cache(4096)
def only_last_counts(address: str) -> bool:
    """Whether a message to this address says all about a value, so that an earlier one can be passed
    over; not so where each one acts."""
    for control in CONTROLS:
        if control.pattern.fullmatch(address):
            return control.settles
    return False


def parse_setting(text: str) -> Move:
    """Read 'ADDRESS=VALUE,VALUE' as the command line gives it. Raises `BadControl`."""
    address, _, values = text.partition("=")
    return parse_move(address, values.split(",") if values else [])


def full_address(address: str) -> str:
    """With the prefix, which people may leave out."""
    return f"{PREFIX}/{address.strip().removeprefix('/').removeprefix(PREFIX[1:] + '/')}"


def parse_move(address: str, texts: Sequence[str]) -> Move:
    """A move from an address and values as they are typed. Raises `BadControl`."""
    address = full_address(address)
    try:
        return move_for(address, [parse_value(text) for text in texts])
    except BadControl as error:
        raise BadControl(f"{address}: {error}") from None


def parse_value(text: str) -> Value:
    """A number where it is one, else the text (which a switch may take as a word)."""
    text = text.strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
