"""Layouts: read back from their files, and held against the table."""

from __future__ import annotations

import json
import math
import re
import shlex
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from livegan.core.addressing import Move, move_for
from livegan.core.controls import MOST_TOLD, PREFIX, Control
from livegan.core.layout.open_stage import session
from livegan.core.layout.pages import DESK, DEVICES, GAP, TABS, TOUCH, Frame, pages
from livegan.core.layout.touchosc import document
from livegan.core.layout.widgets import UNFIT, Instrument
from livegan.core.state import State, initial
from livegan.core.table import ANNOUNCEMENTS, CONTROLS

from .conftest import LIVEGAN, Client, Daemon, wait_for

BAND = Instrument(
    "band", ("Drums", "Piano", "Guitar", "Bass", "Strings"), ("higher", "wider"), 160, ("band", "piano")
)
PIANO = Instrument("piano", ("PIANO",), ("off the beat",), 160, ("band", "piano"))
LARGEST = Instrument("large", tuple(f"Track {n}" for n in range(1, 17)), (), 999)
INSTRUMENTS = {"piano": PIANO, "band": BAND, "largest": LARGEST}
RECEIVE_PORT = 9001
INTERACTIVE = {"BUTTON", "FADER", "XY"}


# reading TouchOSC's document


@dataclass
class Node:
    """A node of the document, with its frame on the screen and the pages around it."""

    element: Element
    frame: Frame
    parent: Frame
    page: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.element.attrib["type"]

    @property
    def touched(self) -> bool:
        return self.kind in INTERACTIVE

    def value(self, key: str) -> str | None:
        for value in self.element.findall("values/value"):
            if value.findtext("key") == key:
                return value.findtext("default")
        return None

    @property
    def messages(self) -> list[Message]:
        return [message_of(osc) for osc in self.element.findall("messages/osc")]


@dataclass
class Message:
    """What an <osc> says."""

    address: str
    arguments: list[dict[str, str]]
    send: bool
    receive: bool
    feedback: bool
    triggers: list[tuple[str, str]]

    def values(self, **at: float) -> list[Any]:
        """What is sent while the node's values are these, as TouchOSC scales and converts."""
        return [convert(argument, at) for argument in self.arguments]


def convert(argument: dict[str, str], at: dict[str, float]) -> Any:
    convert_to = {"FLOAT": float, "INTEGER": lambda value: round(float(value)), "STRING": str}
    value: Any = argument["value"]
    if argument["type"] == "VALUE":
        low, high = float(argument["scaleMin"]), float(argument["scaleMax"])
        value = low + (high - low) * at[value]
    return convert_to[argument["conversion"]](value)


def message_of(osc: Element) -> Message:
    def partials(way: str) -> list[dict[str, str]]:
        return [{part.tag: part.text or "" for part in partial} for partial in osc.findall(way)]

    assert all(partial["type"] == "CONSTANT" for partial in partials("path/partial"))
    assert osc.findtext("enabled") == "1"
    assert osc.findtext("connections") == "00001"
    return Message(
        "".join(partial["value"] for partial in partials("path/partial")),
        partials("arguments/partial"),
        osc.findtext("send") == "1",
        osc.findtext("receive") == "1",
        osc.findtext("feedback") == "1",
        [(t.findtext("var", ""), t.findtext("condition", "")) for t in osc.findall("triggers/trigger")],
    )


def property_of(element: Element, key: str) -> Element:
    found = [p for p in element.findall("properties/property") if p.findtext("key") == key]
    assert len(found) == 1, key
    value = found[0].find("value")
    assert value is not None
    return value


def frame_in(element: Element) -> Frame:
    value = property_of(element, "frame")
    x, y, width, height = (int(value.findtext(part, "")) for part in "xywh")
    return Frame(x, y, width, height)


def nodes_of(element: Element, parent: Frame, page: tuple[str, ...] = ()) -> Iterator[Node]:
    inside = frame_in(element)
    frame = Frame(parent.x + inside.x, parent.y + inside.y, inside.width, inside.height)
    yield Node(element, frame, parent, page)
    for child in element.findall("children/node"):
        tab = (property_of(child, "tabLabel").text or "",) if element.attrib["type"] == "PAGER" else ()
        yield from nodes_of(child, frame, page + tab)


@cache
def touchosc(instrument: Instrument, device: str) -> list[Node]:
    made = pages(instrument, DEVICES[device], RECEIVE_PORT)
    root = ElementTree.fromstring(document(made, DEVICES[device]))
    assert (root.tag, root.attrib["version"], len(root)) == ("lexml", "3", 1)
    whole = Frame(0, 0, DEVICES[device].width, DEVICES[device].height)
    return list(nodes_of(root[0], whole))


@pytest.fixture(params=[(i, d) for i in INSTRUMENTS for d in DEVICES], ids="-".join)
def made(request: pytest.FixtureRequest) -> tuple[Instrument, list[Node]]:
    """Each instrument's layout for each device."""
    instrument = INSTRUMENTS[request.param[0]]
    return instrument, touchosc(instrument, request.param[1])


# what the table wants


def state_of(instrument: Instrument) -> State:
    return initial(1, instrument.latent, len(instrument.tracks))


def told_by(instrument: Instrument) -> set[str]:
    """Every address under which the daemon tells a value, but those that no widget can show."""
    state = state_of(instrument)
    read = [c for c in CONTROLS if c.read is not None and c.name not in UNFIT]
    told = {PREFIX + address for control in read for address, _ in control.values(state)}
    return told | {f"{PREFIX}/model"} | {PREFIX + one.address for one in ANNOUNCEMENTS}


def numbers_of(control: Control) -> bool:
    return bool(control.arguments) and all(a.kind in ("int", "float") for a in control.arguments)


# TouchOSC: against the table


def test_all_that_the_daemon_tells_is_shown(made: tuple[Instrument, list[Node]]) -> None:
    instrument, nodes = made
    received = {m.address for node in nodes for m in node.messages if m.receive}
    assert received == told_by(instrument), "nothing missing, nothing stale"


def test_every_control_that_takes_no_typed_text_can_be_moved(
    made: tuple[Instrument, list[Node]],
) -> None:
    instrument, nodes = made
    sent = {m.address for node in nodes for m in node.messages if m.send}
    moved = {move_for(address, values_for(address)).control.name for address in sent}
    typed = {"seed", "scene_name", "rhythm", "default", "bank", "bank_save"}
    typed |= {"midi_map", "midi_save", "forget"} | ({"model"} if not instrument.models else set())
    assert {control.name for control in CONTROLS} - moved == typed | UNFIT


def values_for(address: str) -> list[Any]:
    """Some values that the control of an address takes."""
    for control in CONTROLS:
        if control.match(address) is not None:
            samples = {"text": "x", "bool": 1.0, "int": 1, "float": 1.0}
            return [a.choices[0] if a.choices else samples[a.kind] for a in control.arguments]
    raise AssertionError(address)


@pytest.mark.parametrize("place", [0.0, 0.25, 0.5, 1.0])
def test_what_is_sent_is_taken_as_it_is_and_reaches_both_ends(
    made: tuple[Instrument, list[Node]], place: float
) -> None:
    _, nodes = made
    for node in nodes:
        for message in node.messages:
            if not message.send:
                continue
            sent = message.values(x=place, y=place)
            move = move_for(message.address, sent)
            if node.kind in ("FADER", "XY"):
                assert numbers_of(move.control)
                for argument, value in zip(move.control.arguments, move.given, strict=True):
                    wanted = argument.low + (argument.high - argument.low) * place
                    wanted = round(wanted) if argument.kind == "int" else wanted
                    assert value == pytest.approx(wanted), message.address
                assert sent == pytest.approx(list(move.given)), "nothing had to be taken to an end"
            elif move.given and not isinstance(move.given[0], bool):
                assert sent == list(move.given), message.address


def test_the_types_are_the_tables(made: tuple[Instrument, list[Node]]) -> None:
    kinds = {"int": "INTEGER", "float": "FLOAT", "bool": "FLOAT", "text": "STRING"}
    for node in made[1]:
        for message in node.messages:
            if message.send and message.arguments and node.kind != "BUTTON":
                move = move_for(message.address, message.values(x=0.5, y=0.5))
                wanted = [kinds[argument.kind] for argument in move.control.arguments]
                assert [a["conversion"] for a in message.arguments] == wanted


def test_feedback_is_wired_and_does_not_go_round(made: tuple[Instrument, list[Node]]) -> None:
    for node in made[1]:
        for message in node.messages:
            assert not message.feedback
            assert message.send or message.receive
            if node.kind in ("FADER", "XY"):
                assert message.send
                assert message.receive
                wanted = [(name, "ANY") for name in ("x", "y")[: len(message.arguments)]]
                assert message.triggers == wanted
            if node.kind == "LABEL":
                assert message.receive
                assert not message.send
                assert message.arguments[-1]["value"] == "text"


def test_a_choice_has_a_button_for_each_of_its_words_and_a_label_that_shows_it(
    made: tuple[Instrument, list[Node]],
) -> None:
    instrument, nodes = made
    labels = {m.address for node in nodes if node.kind == "LABEL" for m in node.messages}
    sent: dict[str, list[str]] = {}
    for node in nodes:
        for message in node.messages:
            if node.kind == "BUTTON" and message.send and not message.receive:
                constants = [argument["value"] for argument in message.arguments]
                assert message.triggers == [("x", "RISE")]
                sent.setdefault(message.address, []).extend(constants)
    choices = [c for c in CONTROLS if c.arguments and c.arguments[0].choices]
    assert len(choices) >= 10
    for control in choices:
        address = PREFIX + control.address
        assert sent[address] == list(control.arguments[0].choices)
        assert address in labels
    if instrument.models:
        assert sent[f"{PREFIX}/model"] == list(instrument.models)


def test_labels_on_the_screen_follow_what_is_sent(made: tuple[Instrument, list[Node]]) -> None:
    """By local messages: the daemon doesn't tell a sender what it sent."""
    nodes = {node.element.attrib["ID"]: node for node in made[1]}
    assert len(nodes) == len(made[1]), "no ID twice"
    for node in nodes.values():
        for local in node.element.findall("messages/local"):
            target = nodes[local.findtext("dstID", "")]
            assert (target.kind, local.findtext("dstVar")) == ("LABEL", "text")
            assert target.page == node.page
            [mine], [shown] = node.messages, target.messages
            assert mine.address == shown.address
            [argument] = mine.arguments
            assert {key: local.findtext(key) for key in argument} == argument
        wants = node.kind == "FADER" or (
            node.kind == "BUTTON"
            and not node.messages[0].receive
            and any(move_for(m.address, m.values(x=1)).control.arguments for m in node.messages)
            and is_word(node.messages[0])
        )
        assert bool(node.element.findall("messages/local")) == wants


def is_word(message: Message) -> bool:
    move = move_for(message.address, message.values(x=1))
    return bool(move.control.arguments[0].choices) or move.control.name == "model"


def test_nodes_stand_at_first_where_a_fresh_instrument_stands(
    made: tuple[Instrument, list[Node]],
) -> None:
    instrument, nodes = made
    told = {
        PREFIX + address: values
        for control in CONTROLS
        for address, values in control.values(state_of(instrument))
    }
    for node in nodes:
        if node.kind in ("FADER", "XY") and told.get(node.messages[0].address):
            [message] = node.messages
            first = {key: float(node.value(key) or 0) for key in ("x", "y")}
            wanted = told[message.address]
            assert message.values(**first) == pytest.approx(list(wanted), abs=1e-4), message.address


# TouchOSC: on the screen


def overlap(one: Frame, other: Frame) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def inside(inner: Frame, outer: Frame) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def test_nothing_overlaps_and_nothing_hangs_out(made: tuple[Instrument, list[Node]]) -> None:
    nodes = made[1]
    for node in nodes:
        assert inside(node.frame, node.parent), node.frame
    for page in {node.page for node in nodes}:
        here = [node for node in nodes if node.page == page]
        touched = [node.frame for node in here if node.touched]
        for one, other in combinations(touched, 2):
            assert not overlap(one, other)
            apart_x = max(one.x, other.x) - min(one.x + one.width, other.x + other.width)
            apart_y = max(one.y, other.y) - min(one.y + one.height, other.y + other.height)
            assert max(apart_x, apart_y) >= GAP
        labels = [node for node in here if node.kind == "LABEL"]
        for label in labels:
            assert property_of(label.element, "interactive").text == "0"
            on = [frame for frame in touched if overlap(label.frame, frame)]
            assert all(inside(label.frame, frame) for frame in on)
        for label, neighbour in combinations(labels, 2):
            assert not overlap(label.frame, neighbour.frame)


def test_a_finger_meets_everything(made: tuple[Instrument, list[Node]]) -> None:
    for node in made[1]:
        if node.touched:
            assert min(node.frame.width, node.frame.height) >= TOUCH
        if node.kind == "PAGER":
            tabs = node.element.findall("children/node")
            assert node.frame.width / len(tabs) >= TOUCH
            assert int(property_of(node.element, "tabbarSize").text or 0) == TABS >= TOUCH
            for tab in tabs:
                assert frame_in(tab).y == TABS, "below the tabs"


def test_the_first_page_has_what_is_played_with() -> None:
    for device in DEVICES:
        here = [n for n in touchosc(PIANO, device) if n.page[:1] == ("Play",)]
        sent = {m.address.removeprefix(PREFIX) for n in here for m in n.messages if m.send}
        assert {"/play", "/stop", "/panic", "/tap", "/tempo", "/xy", "/xy/z", "/morph"} <= sent
        assert {f"/scene/{n}/recall" for n in range(1, 17)} <= sent
        first = [n for n in here if n.page in (("Play",), ("Play", "1"))]
        assert any(n.kind == "XY" for n in first), "the pad is there at once"


def test_scenes_show_their_names_and_directions_have_theirs() -> None:
    nodes = touchosc(PIANO, "tablet")
    for n in range(1, 17):
        [button] = [x for x in nodes if x.messages and x.messages[0].address.endswith(f"/{n}/recall")]
        named = [x for x in nodes if any(m.address.endswith(f"/{n}/name") for m in x.messages)]
        assert [inside(x.frame, button.frame) for x in named] == [True]
    texts = {node.value("text") for node in nodes}
    assert {"off the beat", "PIANO mute", "direction 2"} <= texts


def test_connect_has_feedback_sent_to_the_port_that_touchosc_hears() -> None:
    nodes = touchosc(PIANO, "phone")
    [message] = [m for n in nodes for m in n.messages if m.address == f"{PREFIX}/subscribe"]
    assert message.values(x=1) == [RECEIVE_PORT]


OTHERS_TOO = frozenset({"sync", "record", "coordinate", "listen", "keyboard", "keyed", "loop"})
"""What is set depends on a leader, on what was played, on a keyboard, or on each other."""


def test_a_daemon_takes_what_the_layout_sends_and_tells_it_to_others(
    serve: Callable[..., Daemon],
    client: Callable[[Daemon], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over UDP: switches on, faders and pads a quarter of the way up, of words the last."""
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    daemon = serve()
    hand, other = client(daemon), client(daemon)
    told: dict[str, list[Any]] = {}

    def hears(address: str, values: list[Any]) -> bool:
        while not other.heard.empty():
            message = other.heard.get()
            told[message.address] = list(message.values)
        return bool(told.get(address) == pytest.approx(values))

    other.send(f"{PREFIX}/subscribe")
    wait_for(lambda: hears(f"{PREFIX}/model", ["piano"]), 10, "all values")
    wanted: dict[str, list[Any]] = {}
    for node in touchosc(PIANO, "tablet"):
        for message in filter(lambda one: one.send, node.messages):
            place = 1.0 if node.kind == "BUTTON" else 0.25
            sent = message.values(x=place, y=place)
            control = move_for(message.address, sent).control
            if control.settles and control.name not in OTHERS_TOO and sent:
                wanted[message.address] = sent
                hand.send(message.address, *sent)
    assert len(wanted) > 50
    for address, sent in wanted.items():
        wait_for(lambda a=address, s=sent: hears(a, s), 10, f"{address} {sent}")


# Open Stage Control


@cache
def open_stage(instrument: Instrument) -> list[dict[str, Any]]:
    """The widgets of a session, with the name of their tab."""
    content = json.loads(session(pages(instrument, DESK), DESK, "127.0.0.1:9000"))
    assert (content["createdWith"], content["type"]) == ("Open Stage Control", "session")
    assert content["version"].startswith("1.")
    root = content["content"]
    assert root["onCreate"] == "send('127.0.0.1:9000', '/livegan/subscribe')"
    return [{**widget, "tab": tab["id"]} for tab in root["tabs"] for widget in tab["widgets"]]


@pytest.fixture(params=INSTRUMENTS)
def opened(request: pytest.FixtureRequest) -> tuple[Instrument, list[dict[str, Any]]]:
    instrument = INSTRUMENTS[request.param]
    return instrument, open_stage(instrument)


def sent_by(widget: dict[str, Any]) -> Move:
    """What it sends at first, or as it is pressed; the types by its tags."""
    values = widget["preArgs"] or [] if "preArgs" in widget else widget.get("on", widget.get("default"))
    values = values if isinstance(values, list) else [values]
    letters = {int: "if", float: "f", str: "s"}
    for value, letter in zip(values, widget["typeTags"], strict=True):
        if value != "":
            assert letter in letters[type(value)], widget
    move = move_for(widget["address"], values or [])
    kinds = {"int": "i", "float": "f", "bool": "i", "text": "s"}
    if move.given and not move.control.trigger:
        wanted = "".join(kinds[argument.kind] for argument in move.control.arguments)
        assert widget["typeTags"] == wanted
    return move


def test_a_session_has_every_control_and_all_that_is_told(
    opened: tuple[Instrument, list[dict[str, Any]]],
) -> None:
    instrument, widgets = opened
    addresses = {widget["address"] for widget in widgets if widget["address"]}
    assert told_by(instrument) <= addresses
    placed = {PREFIX + c.address for c in CONTROLS if c.index is None and c.name not in UNFIT}
    assert placed <= addresses
    state = state_of(instrument)
    for control in CONTROLS:
        for place in list(control.places(state))[:MOST_TOLD]:
            addresses.discard(PREFIX + control.at(place))
    assert addresses == placed | {PREFIX + one.address for one in ANNOUNCEMENTS}, "nothing stale"
    assert {tuple(widget["target"]) for widget in widgets if widget["address"]} == {("127.0.0.1:9000",)}
    ids = [widget["id"] for widget in widgets]
    assert len(ids) == len(set(ids)), "widgets of one id would be copies"


def test_its_ranges_types_and_values_are_the_tables(
    opened: tuple[Instrument, list[dict[str, Any]]],
) -> None:
    _, widgets = opened
    for widget in widgets:
        match widget["type"]:
            case "fader":
                [argument] = controlled(widget).arguments
                assert widget["range"] == {"min": argument.low, "max": argument.high}
                free = controlled(widget).arguments[0].optional
                assert widget["doubleTap"] == (widget["address"] if free else True)
                assert math.isfinite(argument.high)
                assert ("steps" in widget) == (argument.kind == "int")
            case "xy":
                x, y = controlled(widget).arguments
                assert widget["rangeX"] == {"min": x.low, "max": x.high}
                assert widget["rangeY"] == {"min": y.low, "max": y.high}
            case "switch" | "dropdown":
                words = controlled(widget).arguments[0].choices
                assert not words or widget["values"] == list(words)
                assert widget["default"] in widget["values"]
                sent_by(widget)
            case "button":
                assert sent_by(widget).control
            case "input" | "text":
                assert widget["type"] == "input" or widget["bypass"]
            case other:
                pytest.fail(f"an unknown type {other}")


def controlled(widget: dict[str, Any]) -> Control:
    return move_for(widget["address"], values_for(widget["address"])).control


def test_its_widgets_lie_apart(opened: tuple[Instrument, list[dict[str, Any]]]) -> None:
    _, widgets = opened
    for tab in {widget["tab"] for widget in widgets}:
        frames = [
            Frame(w["left"], w["top"], w["width"], w["height"]) for w in widgets if w["tab"] == tab
        ]
        assert not any(overlap(one, other) for one, other in combinations(frames, 2))
        assert all(f.x + f.width <= DESK.width and f.height >= 20 for f in frames)


# the command


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*LIVEGAN, "layout", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_a_file_that_an_independent_reader_opens(tmp_path: Path) -> None:
    from tosclib import tosc

    out = tmp_path / "band.tosc"
    out.write_text("what was there before")
    done = run("touchosc", out, "--model", "band", "--device", "phone", "--receive-port", 9005)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"wrote {out}\n", "")
    assert list(tmp_path.iterdir()) == [out], "nothing is left beside"
    content = zlib.decompress(out.read_bytes()).decode()
    assert "Strings mute" in content
    assert "9005" in content
    root = tosc.ElementTOSC.fromFile(str(out))
    assert root.getFrame() == (0, 0, DEVICES["phone"].width, DEVICES["phone"].height)
    [pager] = root
    assert pager.attrib["type"] == "PAGER"
    again = tmp_path / "again.tosc"
    run("touchosc", again, "--model", "band", "--device", "phone", "--receive-port", 9005)
    assert again.read_bytes() == out.read_bytes(), "the same layout is the same file"


def test_the_command_writes_a_session(tmp_path: Path) -> None:
    out = tmp_path / "band.json"
    done = run("osc-json", out, "--model", "trio", "--target", "192.168.1.7:9100")
    assert (done.returncode, done.stdout) == (0, f"wrote {out}\n")
    content = json.loads(out.read_text())["content"]
    assert "192.168.1.7:9100" in content["onCreate"]
    assert "MELODY mute" in out.read_text()


def test_the_pages_commands_work_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parent.parent / "docs" / "touchosc.md").read_text()
    lines = re.findall(r"^livegan layout (.*)$", page, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        words = shlex.split(line, comments=True)
        assert run(*words).returncode == 0
        assert (tmp_path / words[1]).exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("touchosc", "a.xml"), "must end in .tosc"),
        (("touchosc", "none/a.tosc"), "the folder none does not exist"),
        (("touchosc", "folder.tosc"), "is a directory"),
        (("touchosc", "a.tosc", "--model", "none"), "no model 'none'"),
        (("touchosc", "a.tosc", "--device", "watch"), "'watch' is not one of"),
        (("osc-json", "a.tosc"), "must end in .json"),
        (("osc-json", "a.json", "--target", "here"), "must be HOST:PORT"),
        (("osc-json", "a.json", "--target", "x');alert(1):9"), "must be HOST:PORT"),
        (("osc-json", "a.json", "--target", "localhost:99999"), "must be HOST:PORT"),
    ],
)
def test_mistakes_get_one_line(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.tosc").mkdir()
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["folder.tosc"]
