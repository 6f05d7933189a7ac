"""OSCQuery: the tree says what the table says, over HTTP and WebSocket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage
from websockets.sync.client import ClientConnection, connect

from livegan.core import oscquery
from livegan.core.addressing import move_for
from livegan.core.controls import MOST_TOLD, PREFIX
from livegan.core.reference import reference_page
from livegan.core.state import initial
from livegan.core.table import ANNOUNCEMENTS, CONTROLS
from livegan.shell.generator import load_model

from .conftest import Client, Daemon
from .panel_client import FREE_PORT, host_info, url_of

INFO = load_model("trio", "cpu").info
STATE = initial(1, *INFO.size)
ROOT = oscquery.tree(STATE, INFO, {"/bar": (7,), "/banks": ("one", "two")})
JSON_TYPES = {"f": (int, float), "i": (int,), "T": (bool,), "s": (str,)}


def node_at(address: str) -> dict[str, Any]:
    node = oscquery.find(ROOT, PREFIX + address)
    assert node is not None, address
    return node


def test_every_row_at_every_place_and_every_announcement_is_a_method_and_nothing_else_is() -> None:
    addresses = {PREFIX + told.address for told in ANNOUNCEMENTS}
    for control in CONTROLS:
        places = control.places(STATE)[:MOST_TOLD]
        addresses |= {PREFIX + control.at(n) for n in places} or {PREFIX + control.address}
    assert set(oscquery.paths(ROOT)) == addresses
    assert f"{PREFIX}/track/3/mute" in addresses
    assert f"{PREFIX}/track/4/mute" not in addresses, "the model has three"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_method_says_what_its_row_says(control: Any) -> None:
    node = node_at(control.at(1))
    assert node["FULL_PATH"] == PREFIX + control.at(1)
    assert node["DESCRIPTION"].endswith(control.help)
    readable = control.read is not None or control.name == "model"
    assert node["ACCESS"] == (3 if readable else 2)
    assert ("VALUE" in node) == readable
    if not control.arguments:
        assert node["TYPE"] == ("T" if readable else "I")
        return
    kinds = [oscquery.TYPES[argument.kind] for argument in control.arguments]
    assert node["TYPE"] == "".join(kinds) or control.arguments[-1].many
    for argument, span in zip(control.arguments, node.get("RANGE", ()), strict=False):
        assert span.get("VALS", []) == list(argument.choices)
        assert (span.get("MIN", argument.low), span.get("MAX", argument.high)) == (
            argument.low,
            argument.high,
        )


@pytest.mark.parametrize("path", list(oscquery.paths(ROOT)))
def test_values_ranges_and_units_go_with_the_types(path: str) -> None:
    node = oscquery.find(ROOT, path)
    assert node is not None
    tags = node["TYPE"]
    assert set(tags) <= set("fisTI")
    for name in ("VALUE", "RANGE", "UNIT", "CLIPMODE"):
        assert len(node.get(name, tags)) == len(tags)
    for tag, value in zip(tags, node.get("VALUE", ()), strict=False):
        assert value is None or isinstance(value, JSON_TYPES[tag])


@pytest.mark.parametrize(
    "path", [p for p in oscquery.paths(ROOT) if (oscquery.find(ROOT, p) or {}).get("RANGE")]
)
def test_what_the_tree_allows_the_table_takes_as_it_is(path: str) -> None:
    node = oscquery.find(ROOT, path)
    assert node is not None
    for end in ("MIN", "MAX"):
        values = [span.get(end, span.get("VALS", ["1"])[0]) for span in node["RANGE"]]
        assert list(move_for(path, values).given) == values


@given(st.lists(st.sampled_from(["livegan", "z", "0", "track", "..", "", "1", "mute"]), max_size=5))
def test_any_path_is_a_node_or_none(steps: list[str]) -> None:
    path = "/" + "/".join(steps)
    status, node = oscquery.answer(ROOT, path, [])
    assert status in (200, 404)
    if status == 200:
        assert node["FULL_PATH"] == "/" + "/".join(step for step in steps if step)


def test_containers_are_no_methods_and_methods_may_hold_others() -> None:
    track = node_at("/track/2")
    assert track["ACCESS"] == 0
    assert "TYPE" not in track
    assert {"mute", "solo", "lock"} <= set(track["CONTENTS"])
    whole = node_at("/z")
    assert whole["TYPE"] == "f" * INFO.latent
    assert len(whole["CONTENTS"]) == MOST_TOLD
    assert node_at("/direction/1")["DESCRIPTION"].startswith(INFO.directions[0].name)
    assert node_at("/bar")["VALUE"] == [7]
    assert (node_at("/banks")["TYPE"], node_at("/banks")["VALUE"]) == ("ss", ["one", "two"])
    assert node_at("/density")["VALUE"] == [None], "the model's own"
    assert node_at("/tempo")["UNIT"] == ["time.bpm"]


def test_the_reference_names_every_address_of_the_tree() -> None:
    page = reference_page()
    for control in CONTROLS:
        assert f"`{PREFIX}{control.address}`" in page


# over the network


@pytest.fixture
def daemon(serve: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch) -> Daemon:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    return serve(*FREE_PORT, "--query-port", "0")


@pytest.fixture
def query(daemon: Daemon) -> str:
    """Where the tree is, on its own port."""
    info = host_info(daemon)
    return f"http://{info['WS_IP']}:{info['WS_PORT']}"


@pytest.fixture
def listener(query: str) -> Iterator[ClientConnection]:
    with connect(query.replace("http", "ws"), close_timeout=0.5) as one:
        yield one


def test_host_info_leads_to_osc_and_the_websocket(
    daemon: Daemon, query: str, client: Callable[[Daemon], Client]
) -> None:
    info = httpx.get(f"{query}/livegan/whatever?HOST_INFO").json()
    assert info["OSC_PORT"] == daemon.port
    assert info["OSC_TRANSPORT"] == "UDP"
    assert (info["NAME"], info["OSC_IP"]) == ("livegan", "127.0.0.1")
    assert info["EXTENSIONS"]["LISTEN"]
    assert info["EXTENSIONS"]["PATH_CHANGED"]
    assert info == host_info(daemon), "the same on the panel's port"


def test_the_whole_tree_and_its_parts_are_served_on_both_ports(daemon: Daemon, query: str) -> None:
    answer = httpx.get(query)
    assert answer.headers["content-type"] == "application/json"
    tree = answer.json()
    assert list(tree["CONTENTS"]) == ["livegan"]
    for base in (query, url_of(daemon)):
        assert httpx.get(f"{base}/livegan").json() == tree["CONTENTS"]["livegan"]
        assert httpx.get(f"{base}/livegan/tempo").json()["RANGE"] == [{"MIN": 20, "MAX": 300}]
        assert httpx.get(f"{base}/livegan/tempo?VALUE").json() == {"VALUE": [120.0]}
        assert httpx.get(f"{base}/livegan/tempo?TYPE").json() == {"TYPE": "f"}
        assert httpx.get(f"{base}/livegan/dice?VALUE").status_code == 204
        assert httpx.get(f"{base}/livegan/track?TYPE").status_code == 204
        assert httpx.get(f"{base}/livegan/tempo?NONSENSE").status_code == 204
        assert httpx.get(f"{base}/livegan/nothing?VALUE").status_code == 404
        assert httpx.get(f"{base}/livegan/scene/17/recall").status_code == 404


def test_what_is_set_by_osc_is_read_by_http(
    daemon: Daemon, query: str, client: Callable[[Daemon], Client]
) -> None:
    osc = client(daemon)
    osc.send("/livegan/key", "Am")
    osc.send("/livegan/nothing")
    osc.expect("/livegan/error")
    assert httpx.get(f"{query}/livegan/key?VALUE").json() == {"VALUE": ["Am"]}
    osc.send("/livegan/default", "/livegan/key")


def command(listener: ClientConnection, name: str, data: Any) -> None:
    listener.send(json.dumps({"COMMAND": name, "DATA": data}))


def heard(listener: ClientConnection, address: str) -> list[Any]:
    """The values of the next message; others than to this address are a fault, but the first one,
    which says what it is now."""
    packet = listener.recv(timeout=5)
    assert isinstance(packet, bytes), packet
    message = OscMessage(packet)
    assert message.address == address
    return list(message.params)


def test_who_listens_is_told_changes_as_osc_and_who_ignores_is_not(
    daemon: Daemon, listener: ClientConnection, client: Callable[[Daemon], Client]
) -> None:
    osc = client(daemon)
    command(listener, "LISTEN", "/livegan/drift")
    command(listener, "LISTEN", "/livegan/freeze")
    command(listener, "LISTEN", "/livegan/no/such/thing")
    while isinstance(told := listener.recv(timeout=5), bytes):
        pass  # what they are at first
    assert json.loads(told) == {"COMMAND": "ERROR", "DATA": "no such address: /livegan/no/such/thing"}
    osc.send("/livegan/drift", 0.75)
    assert heard(listener, "/livegan/drift") == [0.75]
    osc.send("/livegan/velocity", 0.25)
    osc.send("/livegan/freeze", True)
    assert heard(listener, "/livegan/freeze") == [True]
    command(listener, "IGNORE", "/livegan/drift")
    command(listener, "LISTEN", 1)
    assert "ERROR" in str(listener.recv(timeout=5)), "the one before was taken"
    osc.send("/livegan/drift", 0.5)
    osc.send("/livegan/freeze", False)
    assert heard(listener, "/livegan/freeze") == [False]


@pytest.mark.parametrize("frame", ["", "[", "[1]", '{"COMMAND": "DANCE", "DATA": ""}', b"\0" * 64])
def test_what_is_no_command_is_answered(listener: ClientConnection, frame: str | bytes) -> None:
    listener.send(frame)
    assert json.loads(listener.recv(timeout=5))["COMMAND"] == "ERROR"


def test_another_model_changes_the_tree_and_listeners_are_told(
    daemon: Daemon, query: str, listener: ClientConnection, client: Callable[[Daemon], Client]
) -> None:
    assert httpx.get(f"{query}/livegan/track/2").status_code == 404
    client(daemon).send("/livegan/model", "trio")
    assert json.loads(listener.recv(timeout=10)) == {"COMMAND": "PATH_CHANGED", "DATA": "/livegan"}
    assert httpx.get(f"{query}/livegan/track/2/mute?VALUE").json() == {"VALUE": [False]}
    assert httpx.get(f"{query}/livegan/model?VALUE").json() == {"VALUE": ["trio"]}


def test_it_is_served_with_no_panel_too(
    serve: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import socket

    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    serve("--no-panel", "--query-port", str(port))
    assert httpx.get(f"http://127.0.0.1:{port}/?HOST_INFO").json()["WS_PORT"] == port
    assert httpx.get(f"http://127.0.0.1:{port}/ws").status_code == 404
