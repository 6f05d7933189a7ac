"""OSC as its clients speak it: Pure Data and liblo, patterns, dumps, fixed targets, numbers of every
type."""

from __future__ import annotations

import itertools
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from livegan.core.state import initial
from livegan.core.table import ANNOUNCEMENTS, CONTROLS
from livegan.shell.osc import OscIn, parse

from .conftest import LIVEGAN, Client, Daemon, start_daemon, wait_for

Serve = Callable[..., Daemon]
Connect = Callable[[Daemon], Client]
VALUES = {address: values for control in CONTROLS for address, values in control.values(initial(1, 64))}

ONLY_TOLD = {f"/livegan{told.address}" for told in ANNOUNCEMENTS}
NO_MIDI = ("env", "LIVEGAN_MIDI_API=none")


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    return


def until(one: Client, address: str, values: tuple[object, ...]) -> list[OscIn]:
    """What comes to a client of controls, until this comes."""
    heard: list[OscIn] = []
    while not heard or (heard[-1].address, heard[-1].values) != (address, values):
        heard.append(one.heard.get(timeout=5))
    return [message for message in heard if message.address not in ONLY_TOLD]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# feedback


@pytest.mark.parametrize("subscribed", [False, True])
def test_sync_without_a_value_tells_the_sender_everything(
    serve: Serve, client: Connect, subscribed: bool
) -> None:
    daemon = serve("--bpm", "97")
    one, other = client(daemon), client(daemon)
    if subscribed:
        one.send("/livegan/subscribe")
        one.expect("/livegan/model")
    one.send("/livegan/sync")
    told = {message.address for message in until(one, "/livegan/model", ("piano",))}
    assert told == {f"/livegan{address}" for address in [*VALUES, "/model"]}
    other.send("/livegan/tempo", 96.0)
    other.send("/livegan/sync")
    assert other.expect("/livegan/tempo") == (96.0,)
    if subscribed:
        until(one, "/livegan/tempo", (96.0,))
    else:
        told = {message.address for message in list(one.heard.queue)}
        assert told <= ONLY_TOLD, "asking once is no subscription"


def test_the_sender_is_told_only_what_it_does_not_show(serve: Serve, client: Connect) -> None:
    daemon = serve()
    hand, other = client(daemon), client(daemon)
    for one in (hand, other):
        one.send("/livegan/subscribe")
        one.expect("/livegan/model")
    hand.send("/livegan/tempo", 90.0)
    hand.send("/livegan/velocity", 0.25)
    hand.send("/livegan/drift", 7.0)
    until(other, "/livegan/drift", (1.0,))
    heard = {(m.address, m.values) for m in until(hand, "/livegan/drift", (1.0,))}
    assert heard == {("/livegan/drift", (1.0,))}, "taken to its end"
    hand.send("/livegan/xy", 0.5, 0.25)
    hand.send("/livegan/track/1/octave", 1)
    other.send("/livegan/track/1/octave", 2)
    heard = {(m.address, m.values) for m in until(hand, "/livegan/track/1/octave", (2,))}
    addresses = {address for address, _ in heard}
    assert {"/livegan/z", "/livegan/z/0"} <= addresses, "what moved with the pad"
    assert "/livegan/xy" not in addresses


def test_a_bundle_of_moves_is_told_to_all_but_its_sender(serve: Serve, client: Connect) -> None:
    from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
    from pythonosc.osc_message_builder import OscMessageBuilder

    daemon = serve()
    hand, other = client(daemon), client(daemon)
    for one in (hand, other):
        one.send("/livegan/subscribe")
        one.expect("/livegan/model")
    bundle = OscBundleBuilder(IMMEDIATELY)
    for address, value in [("/tempo", 101.0), ("/drift", 0.75), ("/velocity", 4.0)]:
        message = OscMessageBuilder(f"/livegan{address}")
        message.add_arg(value)
        bundle.add_content(message.build())
    hand.send_packet(bundle.build().dgram)
    heard = {(m.address, m.values) for m in until(other, "/livegan/velocity", (1.0,))}
    assert {("/livegan/tempo", (101.0,)), ("/livegan/drift", (0.75,))} <= heard
    assert [m.address for m in until(hand, "/livegan/velocity", (1.0,))] == ["/livegan/velocity"]


def test_a_fixed_target_is_told_from_the_start_and_again_when_it_asks(
    serve: Serve, client: Connect
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fixed:
        fixed.bind(("127.0.0.1", 0))
        fixed.settimeout(5)
        port = fixed.getsockname()[1]
        daemon = serve("--feedback", f"localhost:{port}", "--feedback", f"127.0.0.1:{free_port()}")

        def told(start: bytes) -> bytes:
            while not (packet := fixed.recv(65_535)).startswith(start):
                pass
            return packet

        assert told(b"/livegan/tempo\0")[-4:] == struct.pack(">f", 120.0)
        client(daemon).send("/livegan/tempo", 88.0)
        assert told(b"/livegan/tempo\0")[-4:] == struct.pack(">f", 88.0)
        fixed.sendto(b"/livegan/sync\0\0\0,\0\0\0", ("127.0.0.1", daemon.port))
        assert told(b"/livegan/tempo\0")[-4:] == struct.pack(">f", 88.0)


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--feedback", "9001", "is not HOST:PORT, such as 192.168.1.5:9001"),
        ("--feedback", "host:0", "is not HOST:PORT"),
        ("--feedback", "::1:9001", "is not HOST:PORT"),
        ("--feedback", "nowhere.invalid:9001", "can't send to nowhere.invalid:9001"),
        ("--allow", "my phone", "is not an address or a network, such as 192.168.1.5 or"),
    ],
)
def test_where_to_and_from_whom_is_said_clearly(option: str, value: str, why: str) -> None:
    command = [*LIVEGAN, "serve", "--port", "0", option, value]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1


# patterns


def test_a_pattern_moves_every_track_and_everybody_else_is_told(serve: Serve, client: Connect) -> None:
    daemon = serve("--model", "band")
    hand, other = client(daemon), client(daemon)
    for one in (hand, other):
        one.send("/livegan/subscribe")
        one.expect("/livegan/model")
    hand.send("/livegan/track/*/mute", 1.0)
    heard = {(m.address, m.values) for m in until(other, "/livegan/track/5/mute", (True,))}
    assert heard == {(f"/livegan/track/{n}/mute", (True,)) for n in range(1, 6)}
    hand.send("/livegan/undo")
    until(other, "/livegan/track/5/mute", (False,))
    hand.send("/livegan/track/[24]/{velocity,octave}", 9)
    hand.send("/livegan/panic?")
    assert hand.expect("/livegan/error") == (
        "/livegan/panic?",
        "no address matches this pattern now; see docs/osc.md",
    )
    hand.send("/livegan/{tempo,drift}", "loud")
    why = "/livegan/drift share must be a number from 0 to 1, not 'loud'"
    assert hand.expect("/livegan/error")[1] == why
    other.send("/livegan/sync")
    values = {m.address: m.values for m in until(other, "/livegan/model", ("band",))}
    assert [values[f"/livegan/track/{n}/octave"] for n in range(1, 6)] == [(0,), (3,), (0,), (3,), (0,)]
    assert not any(values[f"/livegan/track/{n}/mute"][0] for n in range(1, 6)), "one move, one undo"
    assert values["/livegan/track/2/velocity"] == (2.0,), "the end of its range"


def test_send_takes_patterns_too(serve: Serve, client: Connect) -> None:
    daemon = serve("--model", "trio")
    one = client(daemon)
    one.send("/livegan/subscribe")

    def send(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*LIVEGAN, "send", "--port", str(daemon.port), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert send("/track/*/mute", "on").returncode == 0
    until(one, "/livegan/track/3/mute", (True,))
    for arguments, why in [
        (("/track/*/loud", "1"), "no address matches this pattern"),
        (("/track/9*/mute", "1"), "no address matches this pattern"),
        (("/track/[1/mute", "1"), "closed"),
        (("/track/*/mute", "loud"), "on must be on or off, T or F, or a number, not 'loud'"),
    ]:
        done = send(*arguments)
        assert done.returncode == 2
        assert why in done.stderr
        assert len(done.stderr.splitlines()) == 1


# types


def message(address: str, types: str, data: bytes = b"") -> bytes:
    def padded(text: str) -> bytes:
        return text.encode() + bytes(4 - len(text) % 4)

    return padded(f"/livegan{address}") + padded("," + types) + data


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon for many tests."""
    folder = tmp_path_factory.mktemp("plain")
    daemon = start_daemon(folder / "log", "--folder", str(folder), prefix=NO_MIDI)
    yield daemon
    daemon.stop()


@pytest.mark.parametrize(
    ("address", "types", "data", "value"),
    [
        ("/freeze", "f", struct.pack(">f", 1.0), True),
        ("/freeze", "f", struct.pack(">f", 0.0), False),
        ("/freeze", "i", struct.pack(">i", 1), True),
        ("/freeze", "F", b"", False),
        ("/freeze", "T", b"", True),
        ("/freeze", "s", b"0\0\0\0", False),
        ("/freeze", "d", struct.pack(">d", 1.0), True),
        ("/freeze", "s", b"off\0", False),
        ("/countin", "f", struct.pack(">f", 2.9), 3),
        ("/countin", "d", struct.pack(">d", 2.0), 2),
        ("/countin", "h", struct.pack(">q", 2**40), 4),
        ("/countin", "T", b"", 1),
        ("/countin", "s", b"2.0\0", 2),
        ("/tempo", "i", struct.pack(">i", 91), 91.0),
        ("/tempo", "h", struct.pack(">q", 92), 92.0),
        ("/tempo", "d", struct.pack(">d", 90.5), 90.5),
        ("/tempo", "s", b"93.5\0\0\0\0", 93.5),
        ("/quantum", "f", struct.pack(">f", 4.0), "4"),
        ("/swing/grid", "i", struct.pack(">i", 8), 8),
        ("/seed", "f", struct.pack(">f", 7.0), 7),
    ],
)
def test_numbers_of_every_type_are_taken(
    plain: Daemon, address: str, types: str, data: bytes, value: object
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.settimeout(5)
        for packet in (message(address, types, data), message("/sync", "")):
            talk.sendto(packet, ("127.0.0.1", plain.port))
        start = f"/livegan{address}\0".encode()
        while not (packet := talk.recv(65_535)).startswith(start):
            pass
    (told,) = parse(packet, ("127.0.0.1", plain.port))
    assert isinstance(told, OscIn)
    assert told.values == (pytest.approx(value),) if isinstance(value, float) else (value,)


@pytest.mark.parametrize("types", ["S", "c"])
def test_types_that_python_osc_would_pass_over_are_refused(plain: Daemon, types: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.settimeout(5)
        packet = message("/tempo", types + "f", bytes(8))
        talk.sendto(packet, ("127.0.0.1", plain.port))
        assert b"an unknown type tag" in talk.recv(65_535)


# others' clients


def test_liblo_is_told_as_subscriber_and_as_fixed_target(serve: Serve, tmp_path: Path) -> None:
    fixed, chosen = free_port(), free_port()
    daemon = serve("--feedback", f"127.0.0.1:{fixed}")

    def told(port: int, line: str) -> bool:
        return line in (tmp_path / f"{port}").read_text()

    def dumping() -> bool:
        daemon.send("/livegan/subscribe", chosen)
        return told(chosen, "/livegan/tempo f 120.0")

    running = []
    try:
        for port in (fixed, chosen):
            with (tmp_path / f"{port}").open("w") as out:
                running.append(subprocess.Popen(["oscdump", "-L", str(port)], stdout=out))
        wait_for(dumping, 10, "dump at the port that was asked for")
        daemon.send("/livegan/freeze", 1.0)
        daemon.send("/livegan/scene/2/name", "verse")
        for line in ("/livegan/freeze i 1", '/livegan/scene/2/name s "verse"'):
            wait_for(lambda line=line: told(fixed, line) and told(chosen, line), 5, line)
        daemon.send("/livegan/unsubscribe", chosen)
        daemon.send("/livegan/tempo", 77.0)
        wait_for(lambda: told(fixed, "/livegan/tempo f 77.0"), 5, "feedback at the fixed target")
        assert not told(chosen, "/livegan/tempo f 77.0")
    finally:
        for process in running:
            process.terminate()
            process.wait(5)


@dataclass
class Patch:
    """A Pd patch as it is written: objects, and wires from outlets to first inlets."""

    objects: list[str] = field(default_factory=list)
    wires: list[str] = field(default_factory=list)

    def add(self, text: str, kind: str = "obj") -> int:
        at = len(self.objects)
        self.objects.append(f"#X {kind} 20 {20 * at} {text};")
        return at

    def wire(self, *path: int, outlet: int = 0) -> None:
        for one, other in itertools.pairwise(path):
            self.wires.append(f"#X connect {one} {outlet} {other} 0;")

    def __str__(self) -> str:
        return "\n".join(["#N canvas 0 0 500 500 12;", *self.objects, *self.wires, ""])


def pure_data_patch(port: int, moves: Sequence[tuple[str, str]]) -> str:
    """Of vanilla objects: it makes the moves, one after the other, and prints what it is told."""
    patch = Patch()
    start, net = patch.add("loadbang"), patch.add("netsend -u -b")
    patch.wire(start, patch.add(f"connect 127.0.0.1 {port}", "msg"), net)
    listing = patch.add("list prepend send")
    patch.wire(listing, patch.add("list trim"), net)
    heard = patch.add("oscparse")
    patch.wire(net, heard, outlet=1)
    patch.wire(heard, patch.add("print told"))
    for number, (address, values) in enumerate(moves):
        wait = patch.add(f"delay {100 + 50 * number}")
        sent = patch.add(f"list {values}", "msg")
        patch.wire(start, wait, sent, patch.add(f"oscformat {address}"), listing)
    return str(patch)


def test_pure_data_plays_it_and_is_told(serve: Serve, client: Connect, tmp_path: Path) -> None:
    daemon = serve("--model", "trio")
    witness = client(daemon)
    witness.send("/livegan/subscribe")
    witness.expect("/livegan/model")
    moves = [
        ("livegan subscribe", ""),
        ("livegan freeze", "1"),
        ("livegan quantum", "4"),
        ("livegan xy", "0.25 0.75"),
        ("-f i livegan register", "1"),
        ("livegan track * octave", "2.2"),
        ("livegan scene 3 name", "bridge"),
        ("livegan key", "Am"),
        ("livegan tempo", "400"),
        ("livegan nowhere", "1"),
    ]
    path, out = tmp_path / "play.pd", tmp_path / "told"
    path.write_text(pure_data_patch(daemon.port, moves))
    with out.open("w") as prints:
        command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", str(path)]
        pure_data = subprocess.Popen(command, stderr=prints)
    try:
        missing = {
            ("/livegan/freeze", (True,)),
            ("/livegan/quantum", ("4",)),
            ("/livegan/xy", (0.25, 0.75)),
            ("/livegan/register", (1.0,)),
            *((f"/livegan/track/{n}/octave", (2,)) for n in (1, 2, 3)),
            ("/livegan/scene/3/name", ("bridge",)),
            ("/livegan/key", ("Am",)),
            ("/livegan/tempo", (300.0,)),
        }
        while missing:
            told = witness.heard.get(timeout=10)
            missing.discard((told.address, told.values))
        no_such = "told: list livegan error /livegan/nowhere no\\ such\\ address"
        wait_for(lambda: no_such in out.read_text(), 5, "error")
        client(daemon).send("/livegan/metronome", True)
        wait_for(lambda: "told: list livegan metronome 1" in out.read_text(), 5, "move of another's")
    finally:
        pure_data.terminate()
        pure_data.wait(5)
    lines = out.read_text().splitlines()
    assert not [line for line in lines if line.startswith("error")], "it can read all that it is told"
    values = [line.removeprefix("told: list livegan ") for line in lines]
    assert "tempo 300" in values, "the end of its range"
    assert "freeze 1" not in values, "it knows"
    assert values.count("model trio") == 1
