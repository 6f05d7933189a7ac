"""Transport, tempo, clocks and when moves are heard."""

from __future__ import annotations

from dataclasses import replace

from .. import moves
from ..clock_out import POSITIONS
from ..controls import Argument, Control
from ..leading import LEADERS, WHEN_LOST
from ..music import FASTEST, LATENCY_MS, SIXTEENTHS_PER_BAR, SLOWEST
from ..score import QUANTA
from ..swing import GRIDS
from .fields import field, share

BPM = Argument("bpm", "float", SLOWEST, FASTEST, unit="quarter notes a minute")
LATENCY = Argument("ms", "float", -LATENCY_MS, LATENCY_MS, unit="ms")
QUANTUM_NAMES = (*QUANTA, "2", "4", "8")

TRANSPORT: tuple[Control, ...] = (
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
        "JACK's transport. Music that plays goes over to the leader's bars at a bar line. Without a "
        "value: to be told every value again.",
        (Argument("leader", "text", choices=LEADERS, optional=True),),
        apply=lambda state, leader=None: state if leader is None else replace(state, sync=leader),
        read=lambda state: (state.sync,), changes_music=False,
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
        read=lambda state: (str(state.swing_grid),), changes_music=False,
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
        "beat), beat or bar line, or the line of every second, fourth or eighth bar.",
        (Argument("quantum", "text", choices=QUANTUM_NAMES),),
        **field("quantum"), changes_music=False,
    ),
)  # fmt: skip
