"""Messages of controllers, maps, and what they move: golden streams and round trips."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.addressing import move_for
from livegan.core.controls import PREFIX, Argument
from livegan.core.desk import Desk
from livegan.core.gestures import Decoder, Gesture, encoded, full_of
from livegan.core.lights import Known
from livegan.core.map_reading import read_map
from livegan.core.map_writing import write_map
from livegan.core.midi_learn import Learner, messages_of
from livegan.core.midi_map import Binding, MidiMap, Source, bind, for_port, merged
from livegan.core.midi_scale import BadMap, Scale, control_at
from livegan.core.table import CONTROLS
from livegan.shell.map_files import SHIPPED, read_map_file

CC, NOTE, OFF = 0xB0, 0x90, 0x80


def heard(messages: Sequence[Sequence[int]], apart: float = 0.01) -> list[tuple[object, ...]]:
    """All readings of messages that come so many seconds apart."""
    decoder = Decoder()
    return [
        tuple(gesture)[:4]
        for at, message in enumerate(messages)
        for gesture in decoder.take(message, at * apart)
    ]


def of_kind(kind: str, messages: Sequence[Sequence[int]], apart: float = 0.01) -> list[object]:
    return [reading[3] for reading in heard(messages, apart) if reading[0] == kind]


# gestures


def test_plain_messages_are_what_they_say() -> None:
    assert heard([(NOTE | 9, 36, 100), (OFF | 9, 36, 5), (NOTE | 9, 36, 0)]) == [
        ("note", 10, 36, 100),
        ("note", 10, 36, 0),
        ("note", 10, 36, 0),
    ]
    assert heard([(0xC0, 7), (0xD2, 99), (0xE1, 0, 64), (CC, 70, 3)]) == [
        ("program", 1, 7, 127),
        ("pressure", 3, 0, 99),
        ("bend", 2, 0, 8192),
        ("cc", 1, 70, 3),
    ]


def test_what_is_no_channel_message_says_nothing() -> None:
    assert heard([(), (0xF8,), (CC, 1), (CC, 1, 200), (0xF0, 1, 2, 0xF7), (0xC0,)]) == []


@pytest.mark.parametrize("order", [(16, 48), (48, 16)], ids=["coarse first", "fine first"])
@given(values=st.lists(st.integers(0, 16383), min_size=1, max_size=20))
def test_fourteen_bits_come_whole_in_either_order(order: tuple[int, int], values: list[int]) -> None:
    halves = {16: lambda value: value >> 7, 48: lambda value: value & 127}
    decoder = Decoder()
    for at, value in enumerate(values):
        for number in order:
            readings = decoder.take((CC, number, halves[number](value)), at * 0.2)
        assert Gesture("cc14", 1, 16, value) in readings


def test_the_coarse_half_alone_goes_all_the_way() -> None:
    assert of_kind("cc14", [(CC, 16, 0), (CC, 16, 64), (CC, 16, 127)]) == [0, 64 << 7 | 64, 16383]


def test_a_coarse_half_sets_the_fine_one_to_zero_and_the_fine_one_moves_alone() -> None:
    stream = [(CC, 16, 5), (CC, 48, 100), (CC, 48, 101), (CC, 16, 6)]
    assert of_kind("cc14", stream, apart=0.2) == [5 << 7 | 5, 740, 741, 6 << 7]


def test_an_nrpn_is_its_number_and_its_data() -> None:
    number = [(CC, 99, 2), (CC, 98, 44)]
    stream = [*number, (CC, 6, 100), (CC, 38, 5), (CC, 96, 0), (CC, 97, 0)]
    found = [g for at, m in enumerate(stream) for g in DECODER.take(m, at * 0.01) if g.kind == "nrpn"]
    assert found == [
        Gesture("nrpn", 1, 300, 100 << 7 | 100),
        Gesture("nrpn", 1, 300, 100 << 7 | 5),
        Gesture("nrpn", 1, 300, 0, 1),
        Gesture("nrpn", 1, 300, 0, -1),
    ]
    assert of_kind("nrpn", [*number, (CC, 101, 0), (CC, 100, 0), (CC, 6, 1)]) == []
    assert of_kind("nrpn", [*number, (CC, 99, 127), (CC, 98, 127), (CC, 6, 1)]) == []
    assert of_kind("nrpn", [(CC, 98, 3), (CC, 6, 1)]) == [], "half a number is none"


DECODER = Decoder()


@given(
    kind=st.sampled_from(["cc", "cc14", "nrpn", "note", "bend", "pressure"]),
    channel=st.integers(1, 16),
    number=st.integers(0, 31),
    share=st.floats(0, 1),
)
def test_what_is_sent_is_what_is_heard(kind: str, channel: int, number: int, share: float) -> None:
    value = round(share * full_of(kind))
    decoder = Decoder()
    for message in encoded(kind, channel, number, value):
        readings = decoder.take(message, 0.0)
    number = 0 if kind in ("bend", "pressure") else number
    assert Gesture(kind, channel, number, value) in readings


# scaling

NUMBERS = [
    argument
    for control in CONTROLS
    for argument in control.arguments
    if argument.choices or argument.kind == "bool" or argument.high - argument.low < 1e12
]


@given(st.sampled_from(NUMBERS), st.floats(0, 1), st.booleans())
def test_a_value_comes_back_from_its_place(argument: Argument, share: float, turned: bool) -> None:
    scale = Scale.of(argument)
    scale = Scale(argument, scale.high, scale.low) if turned else scale
    value = scale.value(share)
    assert argument.coerce(value) == value, "what is sent is taken as it is"
    again = scale.value(scale.share(value))
    assert again == pytest.approx(value) if argument.kind == "float" else again == value


@given(st.sampled_from([a for a in NUMBERS if a.choices or a.high - a.low <= 127]), st.data())
def test_seven_bits_tell_whole_values_apart(argument: Argument, data: st.DataObject) -> None:
    if argument.kind == "float":
        return
    scale = Scale.of(argument)
    value = scale.value(data.draw(st.floats(0, 1)))
    assert scale.value(round(scale.share(value) * 127) / 127) == value


def test_ends_and_middle() -> None:
    assert moved({"cc": 1, "to": "/direction/1"}, [(CC, 1, 0), (CC, 1, 64), (CC, 1, 127)]) == [
        ("/direction/1", (-6.0,)),
        ("/direction/1", (0.0,)),
        ("/direction/1", (6.0,)),
    ]
    assert moved({"bend": True, "to": "/velocity"}, [(0xE0, 0, 64)]) == [("/velocity", (0.5,))]
    inverted = {"cc": 1, "to": "/tempo", "low": 180, "high": 60}
    assert moved(inverted, [(CC, 1, 0), (CC, 1, 127)]) == [("/tempo", (180.0,)), ("/tempo", (60.0,))]
    key = {"cc": 1, "to": "/key", "low": "C", "high": "B"}
    assert moved(key, [(CC, 1, 0), (CC, 1, 127)]) == [("/key", ("C",)), ("/key", ("B",))]


# what is moved


def desk(*rows: dict[str, object], **known: tuple[object, ...]) -> Desk:
    """A controller under a map of these bindings, where controls have these values."""
    one = Desk(Known())
    for name, values in known.items():
        one._known.values["/" + name] = values  # type: ignore[assignment]
    one.use(read_map("test", {"bindings": list(rows)}))
    return one


def moves(one: Desk, stream: Sequence[Sequence[int]], apart: float = 1.0) -> list[object]:
    decoder = Decoder()
    return [
        move
        for at, message in enumerate(stream)
        for gesture in decoder.take(message, at * apart)
        for move in one.moved(gesture, at * apart)
    ]


def moved(row: dict[str, object], stream: Sequence[Sequence[int]], **known: tuple[object, ...]) -> list:
    return moves(desk(row, **known), stream)


def test_one_knob_an_argument_leaves_the_other_as_it_is() -> None:
    rows = [{"cc": 1, "to": "/xy", "argument": "x"}, {"cc": 2, "to": "/xy", "argument": "y"}]
    stream = [(CC, 1, 127), (CC, 2, 127), (CC, 1, 0)]
    assert moves(desk(*rows, xy=(0.25, 0.5)), stream) == [
        ("/xy", (1.0, 0.5)),
        ("/xy", (1.0, 1.0)),
        ("/xy", (0.0, 1.0)),
    ]


def test_values_go_before_and_after() -> None:
    knob = {"cc": 1, "to": "/tempo/ramp", "argument": "bpm", "values": [4], "low": 60, "high": 187}
    assert moved(knob, [(CC, 1, 10)]) == [("/tempo/ramp", (70.0, 4))]
    pad = {"program": [0, 15], "to": "/morph", "values": ["{n}", 8]}
    assert moved(pad, [(0xC3, 0), (0xC3, 15), (0xC3, 16)]) == [
        ("/morph", ("1", 8)),
        ("/morph", ("16", 8)),
    ]


def test_programs_and_notes_recall_scenes() -> None:
    rows = [
        {"program": [0, 15], "to": "/scene/{n}/recall"},
        {"note": [36, 39], "to": "/scene/{n}/recall", "channel": 10},
    ]
    stream = [(0xC0, 2), (NOTE | 9, 36, 90), (OFF | 9, 36, 0), (NOTE, 36, 90), (NOTE | 9, 39, 1)]
    addresses = ["/scene/3/recall", "/scene/1/recall", "/scene/4/recall"]
    assert moves(desk(*rows), stream) == [(address, ()) for address in addresses]


@pytest.mark.parametrize(
    ("mode", "stream", "expected"),
    [
        ("absolute", [(CC, 5, 63), (CC, 5, 64), (CC, 5, 127)], [False, True, True]),
        ("toggle", [(CC, 5, 127), (CC, 5, 0), (CC, 5, 127), (CC, 5, 127)], [True, False, True]),
        ("momentary", [(CC, 5, 127), (CC, 5, 0)], [True, False]),
        ("toggle", [(CC, 5, v) for v in range(50, 90)], [True]),
    ],
)
def test_modes_of_a_switch(mode: str, stream: list[Sequence[int]], expected: list[bool]) -> None:
    row = {"cc": 5, "to": "/freeze", "mode": mode}
    assert moved(row, stream, freeze=(False,)) == [("/freeze", (on,)) for on in expected]


def test_a_note_is_a_toggle_a_momentary_switch_or_a_value() -> None:
    press = [(NOTE, 40, 100), (OFF, 40, 64)]
    assert moved({"note": 40, "to": "/freeze"}, press * 2, freeze=(False,)) == [
        ("/freeze", (True,)),
        ("/freeze", (False,)),
    ]
    assert moved({"note": 40, "to": "/freeze", "mode": "momentary"}, press) == [
        ("/freeze", (True,)),
        ("/freeze", (False,)),
    ]
    value = {"note": 40, "to": "/velocity", "mode": "absolute"}
    assert moved(value, [(NOTE, 40, 127), (OFF, 40, 0)]) == [("/velocity", (1.0,))]
    assert moved({"note": 40, "to": "/loop", "high": 4}, press * 2, loop=(0,)) == [
        ("/loop", (4,)),
        ("/loop", (0,)),
    ]


@pytest.mark.parametrize(
    ("encoding", "forward", "back"), [("twos", 1, 127), ("offset", 65, 63), ("signed", 1, 65)]
)
def test_relative_encoders(encoding: str, forward: int, back: int) -> None:
    row = {"cc": 9, "to": "/velocity", "mode": "relative", "encoding": encoding, "step": 0.1}
    stream = [(CC, 9, forward)] * 2 + [(CC, 9, back)] * 3
    found = [values[0] for _, values in moved(row, stream, velocity=(0.7,))]
    assert found == pytest.approx([0.8, 0.9, 0.8, 0.7, 0.6])


def test_an_encoder_goes_one_by_one_through_whole_things_and_stops_at_the_ends() -> None:
    stream = [(CC, 9, 1), (CC, 9, 2), (CC, 9, 127), (CC, 9, 64)]
    row = {"cc": 9, "to": "/transpose", "mode": "relative"}
    assert [v for _, (v,) in moved(row, stream, transpose=(0,))] == [1, 3, 2, -24]
    scale = {"cc": 9, "to": "/scale", "mode": "relative"}
    assert moved(scale, [(CC, 9, 1), (CC, 9, 127)], scale=("minor",)) == [
        ("/scale", ("harmonic minor",)),
        ("/scale", ("minor",)),
    ]


def test_an_accelerated_encoder_goes_farther_when_it_is_fast() -> None:
    row = {"cc": 9, "to": "/velocity", "mode": "relative", "acceleration": 4}
    slow = moves(desk(row, velocity=(0.0,)), [(CC, 9, 1)] * 5, apart=0.5)
    fast = moves(desk(row, velocity=(0.0,)), [(CC, 9, 1)] * 5, apart=0.01)
    assert slow[-1] == ("/velocity", (pytest.approx(0.05),))
    assert fast[-1] == ("/velocity", (pytest.approx(0.01 + 4 * 0.01 * (1 + 4 * 0.9)),))


def test_nrpn_increments_move_by_a_step() -> None:
    row = {"nrpn": 300, "to": "/loop", "mode": "relative"}
    stream = [(CC, 99, 2), (CC, 98, 44), (CC, 96, 0), (CC, 96, 0), (CC, 97, 0)]
    assert moved(row, stream, loop=(3,)) == [("/loop", (4,)), ("/loop", (5,)), ("/loop", (4,))]


def test_a_knob_waits_until_it_comes_by() -> None:
    row = {"cc": 7, "to": "/velocity", "pickup": True}
    one = desk(row, velocity=(0.5,))
    assert moves(one, [(CC, 7, 0), (CC, 7, 40)]) == [], "far below"
    assert [a for a, _ in moves(one, [(CC, 7, 80), (CC, 7, 100)])] == ["/velocity"] * 2, "it came by"
    one._known.take("/velocity", (0.1,))
    assert moves(one, [(CC, 7, 101)]) == [], "somebody else has moved it"
    assert len(moves(one, [(CC, 7, 14)])) == 1, "it is there"
    jump = {"cc": 7, "to": "/velocity"}
    assert len(moved(jump, [(CC, 7, 0)], velocity=(0.5,))) == 1, "without pickup it jumps"


def test_a_knob_takes_what_has_no_value_yet() -> None:
    row = {"cc": 7, "to": "/density", "pickup": True}
    assert moved(row, [(CC, 7, 127)], density=()) == [("/density", (1.0,))]


# lights


def lit(one: Desk) -> list[tuple[int, ...]]:
    return one.lights.take()


def test_lights_follow_values_once() -> None:
    light = {"off": 1, "on": 3}
    one = desk({"note": 5, "channel": 2, "to": "/freeze", "light": light}, freeze=(False,))
    assert lit(one) == [(NOTE | 1, 5, 1)]
    one._known.take("/freeze", (True,))
    one.lights.change("/freeze")
    assert lit(one) == [(NOTE | 1, 5, 3)]
    one.lights.change("/freeze")
    assert lit(one) == [], "it shows that already"
    moves(one, [(NOTE | 1, 5, 99)])
    assert lit(one) == [(NOTE | 1, 5, 1)], "a button's light is livegan's to set"
    one.lights.refresh()
    assert lit(one) == [(NOTE | 1, 5, 1)], "a controller that comes back shows nothing"


def test_a_motor_is_not_moved_under_the_finger() -> None:
    one = desk({"cc": 7, "to": "/velocity", "light": True}, velocity=(0.0,))
    assert lit(one) == [(CC, 7, 0)]
    moves(one, [(CC, 7, 100)])
    assert lit(one) == []
    one._known.take("/velocity", (0.0,))
    one.lights.change("/velocity")
    assert lit(one) == [(CC, 7, 0)], "but back to where it was before the hand"


def test_a_ring_follows_its_own_encoder() -> None:
    ring = {"cc": 48, "off": 33, "on": 43}
    row = {"cc": 16, "to": "/velocity", "mode": "relative", "step": 0.5, "light": ring}
    one = desk(row, velocity=(0.0,))
    assert lit(one) == [(CC, 48, 33)]
    moves(one, [(CC, 16, 1)])
    assert lit(one) == [(CC, 48, 38)]


def test_of_scenes_the_last_one_is_lit() -> None:
    row = {"note": [1, 3], "to": "/scene/{n}/recall", "light": {"off": 1, "on": 5}}
    one = desk(row)
    assert lit(one) == [(NOTE, 1, 1), (NOTE, 2, 1), (NOTE, 3, 1)]
    moves(one, [(NOTE, 2, 9)])
    assert lit(one) == [(NOTE, 2, 5)]
    one._known.take("/scene/3/recall", ())
    one.lights.change("/scene/3/recall")
    assert lit(one) == [(NOTE, 2, 1), (NOTE, 3, 5)]


# files


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_map_moves_only_what_there_is_and_comes_back(path) -> None:  # type: ignore[no-untyped-def]
    found = read_map_file(path)
    assert found.title
    assert found.bindings
    assert path.read_text().startswith("# "), "it says what it assumes"
    for binding in found.bindings:
        low = [a.coerce(Scale.of(a).value(0)) for a in binding.control.arguments if a.kind != "text"]
        move_for(PREFIX + binding.address, binding.values if binding.mode == "trigger" else low)
    written = write_map(found, "A comment.\nOf two lines.")
    assert read_map(found.name, tomllib.loads(written)) == found


def test_the_map_in_the_docs_is_one() -> None:
    text = Path("docs/midi.md").read_text().split("```toml\n")[1].split("```")[0]
    assert len(read_map("docs", tomllib.loads(text)).bindings) == 36


SHIPPED_FOR = (
    "korg-nanokontrol2 akai-mpk-mini akai-apc-mini novation-launchpad novation-launch-control-xl "
    "behringer-x-touch-mini generic"
)


def test_maps_ship_for_common_controllers() -> None:
    assert set(SHIPPED_FOR.split()) <= {path.stem for path in SHIPPED.glob("*.toml")}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bindings = 3", "bindings must be a list"),
        ("knobs = []", "the map has no 'knobs'; known are title"),
        ("title = 3", "title must be a text, not 3"),
        ("bindings = [3]", "binding 1 must be a table"),
        ("bindings = [{ cc = 1, to = '/nowhere' }]", "(/nowhere): there is no control '/nowhere'"),
        ("bindings = [{ cc = 1 }]", "binding 1 (no address): to is missing"),
        ("bindings = [{ cc = 128, to = '/density' }]", "cc must be 0 to 127"),
        ("bindings = [{ cc14 = 32, to = '/density' }]", "cc14 must be 0 to 31"),
        ("bindings = [{ cc = 1, note = 2, to = '/density' }]", "give one of cc, cc14"),
        ("bindings = [{ cc = true, to = '/density' }]", "cc must be 0 to 127"),
        ("bindings = [{ cc = 1, channel = 17, to = '/density' }]", "channel goes from 1 to 16"),
        ("bindings = [{ cc = 1, to = '/xy', argument = 'z' }]", "/xy has x, y, not 'z'"),
        ("bindings = [{ cc = 1, to = '/density', mode = 'often' }]", "mode must be one of absolute"),
        ("bindings = [{ cc = 1, to = '/model' }]", "is a text: bind it with mode 'trigger'"),
        ("bindings = [{ cc = 1, to = '/z' }]", "takes many numbers"),
        ("bindings = [{ cc = 1, to = '/tempo/ramp' }]", "give the others as values"),
        ("bindings = [{ cc = 1, to = '/key', low = 'H' }]", "key must be one of free"),
        ("bindings = [{ cc = 1, to = '/density', mode = 'trigger', values = ['x'] }]", "share must be"),
        ("bindings = [{ cc = [0, 20], to = '/scene/{n}/recall' }]", "scene goes from 1 to 16, not 17"),
        ("bindings = [{ program = 1, to = '/density', mode = 'absolute' }]", "only trigger or toggle"),
        ("bindings = [{ cc = 1, to = '/density', light = { on = 128 } }]", "on go from 0 to 127"),
        ("bindings = [{ cc = 1, to = '/density', light = { hue = 1 } }]", "light has no 'hue'"),
        ("hello = ['F0 80 F7']", "hello must be system exclusive"),
        ("hello = ['hi']", "hexadecimal bytes"),
        ("sends = [{ cc = 1, from = '/dice' }]", "send 1 (/dice): /dice has no value"),
        ("sends = [{ note = 1, from = '/density' }]", "note can't be sent"),
    ],
)  # fmt: skip
def test_a_wrong_map_is_told_in_one_line(text: str, why: str) -> None:
    with pytest.raises(BadMap) as caught:
        read_map("test", tomllib.loads(text))
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_huge_map_is_refused() -> None:
    with pytest.raises(BadMap, match="1000 bindings"):
        read_map("test", {"bindings": [{"cc": [0, 127], "to": "/density"}] * 8})


def test_of_two_maps_the_first_has_a_gesture() -> None:
    one = MidiMap(bindings=(bind(Source("cc", 1, 16), "/density"),))
    two = MidiMap(
        bindings=(bind(Source("cc14", 0, 16), "/register"), bind(Source("cc", 0, 2), "/drift"))
    )
    assert [binding.address for binding in merged([one, two]).bindings] == ["/density", "/drift"]


def test_a_map_is_for_its_controller_if_that_is_there() -> None:
    knobs = MidiMap(port="nano", bindings=(bind(Source("cc", 0, 1), "/density"),))
    pads = MidiMap(bindings=(bind(Source("note", 0, 1), "/dice"),))
    ports = ["nanoKONTROL2 1", "Launchpad"]
    assert for_port([knobs, pads], ports[0], ports) == merged([knobs, pads])
    assert for_port([knobs, pads], ports[1], ports) == merged([pads])
    assert for_port([knobs, pads], "controls", ["controls"]) == merged([knobs, pads])


# learning


def learned(address: str, stream: Sequence[Sequence[int]], argument: int = 0) -> Binding | None:
    control, _ = control_at(address)
    learner, decoder = Learner(address, argument), Decoder()
    for at, message in enumerate(stream):
        learner.hear(1, decoder.take(message, at * 0.02), at * 0.02)
    return learner.learned(control, len(stream) * 0.02 + 0.5)


def wide(*values: int) -> list[tuple[int, ...]]:
    return [m for value in values for m in [(CC, 20, value >> 7), (CC, 52, value & 127)]]


def parameter(*values: int) -> list[tuple[int, ...]]:
    return [m for value in values for m in encoded("nrpn", 1, 300, value)]


@pytest.mark.parametrize(
    ("address", "stream", "expected"),
    [
        ("/density", [(CC | 2, 21, v) for v in (60, 61, 63, 66)], "CC 21, channel 3"),
        ("/density", [(CC, 21, 64)], "CC 21, channel 1"),
        ("/density", wide(9000, 9010, 9100), "14-bit CC 20 and 52, channel 1"),
        ("/density", parameter(100, 200), "NRPN 300, channel 1"),
        ("/density", [(CC, 8, v) for v in (1, 1, 2, 127, 127)], "CC 8, channel 1, relative (twos)"),
        ("/density", [(CC, 8, v) for v in (65, 65, 63, 63)], "CC 8, channel 1, relative (offset)"),
        ("/density", [(CC, 8, v) for v in (1, 1, 65, 65)], "CC 8, channel 1, relative (signed)"),
        ("/density", [(CC, 8, v) for v in (1, 2, 3, 4, 5)], "CC 8, channel 1"),
        ("/density", [(0xE0, 0, 64), (0xE0, 0, 65)], "pitch bend, channel 1"),
        ("/density", [(0xD0, 64)], "channel pressure, channel 1"),
        ("/dice", [(NOTE, 36, 9)], "note 36, channel 1, trigger"),
        ("/freeze", [(OFF, 3, 0), (NOTE, 36, 9)], "note 36, channel 1, toggle"),
        ("/freeze", [(CC, 41, 127), (CC, 41, 0)], "CC 41, channel 1, toggle"),
        ("/freeze", [(CC, 41, 127)], "CC 41, channel 1"),
        ("/dice", [(CC, 41, 127), (CC, 41, 0)], "CC 41, channel 1, trigger"),
        ("/scene/3/recall", [(0xC0, 9)], "program change 9, channel 1, trigger"),
        ("/dice", [(CC, 99, 127), (CC, 99, 0)], "CC 99, channel 1, trigger"),
    ],
)
def test_a_controller_is_recognised(address: str, stream: list[tuple[int, ...]], expected: str) -> None:
    assert str(learned(address, stream)) == expected


def test_a_knob_is_learned_when_the_hand_is_still() -> None:
    learner = Learner("/density")
    control, _ = control_at("/density")
    learner.hear(1, Decoder().take((CC, 21, 5), 1.0), 1.0)
    assert learner.learned(control, 1.1) is None
    assert learner.learned(control, 1.4) is not None


def test_the_second_argument_is_another_controllers() -> None:
    for stream in ([(CC, 21, 5), (CC, 21, 6)], parameter(100, 200), wide(7, 90)):
        first = learned("/xy", stream)
        assert first is not None
        learner, decoder = Learner("/xy", 1, None, messages_of(first.source)), Decoder()
        for message in [*stream, (CC, 30, 9)]:
            learner.hear(1, decoder.take(message, 0.0), 0.0)
        second = learner.learned(control_at("/xy")[0], 1.0)
        assert str(second) == "CC 30, channel 1"


def test_what_is_learned_replaces_what_was() -> None:
    one = MidiMap().learned(bind(Source("cc", 1, 5), "/density"))
    assert [b.address for b in one.learned(bind(Source("cc", 1, 5), "/drift")).bindings] == ["/drift"]
    moved_on = one.learned(bind(Source("cc", 1, 6), "/density"))
    assert [b.source.number for b in moved_on.bindings] == [6]
    both = one.learned(bind(Source("cc", 1, 7), "/xy")).learned(bind(Source("cc", 1, 8), "/xy", "y"))
    assert len(both.bindings) == 3
    assert len(both.without("/xy").bindings) == 1
