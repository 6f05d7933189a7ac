"""A real daemon without any MIDI system, and real OSC clients."""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from livegan.core.state import initial
from livegan.core.table import CONTROLS

from .conftest import LIVEGAN, Client, Daemon, wait_for

Serve = Callable[..., Daemon]
Connect = Callable[[Daemon], Client]


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    return


def test_without_a_midi_system_it_says_so_in_one_line_and_goes_on(serve: Serve) -> None:
    daemon = serve("--bpm", "300", "--play")
    wait_for(lambda: "bar 2 " in daemon.log.read_text(), 10, "second bar")
    first = daemon.log.read_text().splitlines()[0]
    assert first == (
        "livegan: no MIDI system found (neither ALSA nor JACK answers); playing without a port"
    )
    assert daemon.stop() == 0


def test_a_subscriber_is_told_everything_at_once_and_then_every_change(
    serve: Serve, client: Connect
) -> None:
    daemon = serve("--bpm", "300")
    one, hand = client(daemon), client(daemon)
    one.send("/livegan/subscribe")
    told = {}
    count = sum(len(list(control.values(initial(1, 64)))) for control in CONTROLS)
    for _ in range(count + 1):
        message = one.heard.get(timeout=5)
        told[message.address] = message.values
    assert told["/livegan/tempo"] == (300.0,)
    assert told["/livegan/model"] == ("piano",)
    assert told["/livegan/play"] == (False,)
    hand.send("/livegan/velocity", 0.25)
    assert one.expect("/livegan/velocity") == (0.25,)
    hand.send("/livegan/play")
    assert one.expect("/livegan/play") == (True,)
    assert one.expect("/livegan/bar") == (1,)
    assert one.expect("/livegan/beat") in [(n,) for n in range(1, 5)]
    assert one.expect("/livegan/bar") == (2,)
    assert len(one.expect("/livegan/lateness")) == 2
    assert one.expect("/livegan/inference")[0] > 0


def test_taps_set_the_tempo_by_their_time_tags_and_a_ramp_is_told_beat_by_beat(
    serve: Serve, client: Connect
) -> None:
    daemon = serve("--bpm", "300", "--play")
    one, hand = client(daemon), client(daemon)
    one.send("/livegan/subscribe")
    now = time.time()
    for tap in range(3):
        builder = OscBundleBuilder(now + 1.0 + tap * 0.25)  # type: ignore[arg-type]
        builder.add_content(OscMessageBuilder("/livegan/tap").build())
        hand.send_packet(builder.build().dgram)
    while (told := one.expect("/livegan/tempo")) == (300.0,):
        pass
    assert told == (pytest.approx(240.0, abs=0.1),)
    hand.send("/livegan/tempo/ramp", 300.0, 1.0)
    assert one.expect("/livegan/tempo/ramp") == (300.0, 1)
    heard = [one.expect("/livegan/tempo/now")[0]]
    while heard[-1] != 300.0:
        heard.append(one.expect("/livegan/tempo/now")[0])
    ramp = heard[-3:]
    assert ramp == sorted(ramp)
    assert all(240.0 < bpm < 300.0 for bpm in ramp[:-1])


def test_feedback_goes_to_the_port_that_was_asked_for(serve: Serve, client: Connect) -> None:
    daemon = serve()
    one, other = client(daemon), client(daemon)
    one.send("/livegan/subscribe", other.port.port)
    other.expect("/livegan/tempo")
    one.send("/livegan/unsubscribe", other.port.port)
    one.send("/livegan/tempo", 99.0)
    one.send("/livegan/subscribe")
    assert one.expect("/livegan/tempo") == (99.0,)
    assert not any(m.values == (99.0,) for m in list(other.heard.queue))


@pytest.mark.parametrize(
    ("address", "values", "why"),
    [
        ("/livegan/nope", (1,), "no such address"),
        ("/livegan/tempo", ("fast",), "bpm must be a number"),
        ("/livegan/tempo", (), "takes bpm"),
        ("/livegan/tempo", (1.0, 2.0), "takes bpm"),
        ("/livegan/quantum", ("week",), "one of step, beat, bar"),
        ("/livegan/z/100000", (1.0,), "z has coordinates"),
        ("/livegan/model", ("/etc/passwd",), "not an ONNX model"),
    ],
)
def test_what_cannot_be_taken_is_answered_and_logged_once(
    serve: Serve, client: Connect, address: str, values: tuple[object, ...], why: str
) -> None:
    daemon = serve()
    one = client(daemon)
    for _ in range(2):
        one.send(address, *values)
        refused, reason = one.expect("/livegan/error")
        assert refused == address
        assert why in reason
    logged = [line for line in daemon.log.read_text().splitlines() if why in line]
    assert len(logged) == 1


def test_bundles_and_time_tags_are_honoured(serve: Serve, client: Connect) -> None:
    daemon = serve()
    one, hand = client(daemon), client(daemon)
    one.send("/livegan/subscribe")

    def bundle(when: float, tempo: float) -> bytes:
        message = OscMessageBuilder("/livegan/tempo")
        message.add_arg(tempo)
        builder = OscBundleBuilder(when)  # type: ignore[arg-type]
        builder.add_content(message.build())
        return builder.build().dgram

    began = time.monotonic()
    hand.send_packet(bundle(time.time() + 0.5, 77.0))
    hand.send_packet(bundle(IMMEDIATELY, 66.0))
    while one.expect("/livegan/tempo") != (66.0,):
        pass
    assert time.monotonic() - began < 0.4
    assert one.expect("/livegan/tempo") == (77.0,)
    assert time.monotonic() - began >= 0.5


def test_far_time_tags_and_too_many_are_refused_and_later_ones_still_honoured(
    serve: Serve, client: Connect
) -> None:
    one = client(serve())
    one.send("/livegan/subscribe")

    def send(ahead: float, tempo: float) -> None:
        message = OscMessageBuilder("/livegan/tempo")
        message.add_arg(tempo)
        builder = OscBundleBuilder(time.time() + ahead)  # type: ignore[arg-type]
        builder.add_content(message.build())
        one.send_packet(builder.build().dgram)

    for _ in range(50):
        send(1e6, 50.0)
    assert "more than an hour ahead" in one.expect("/livegan/error")[1]
    send(0.2, 88.0)
    while one.expect("/livegan/tempo") != (88.0,):
        pass


def test_moves_that_have_no_value_of_their_own_are_told_as_they_were_made(
    serve: Serve, client: Connect
) -> None:
    daemon = serve()
    one, hand = client(daemon), client(daemon)
    one.send("/livegan/subscribe")
    hand.send("/livegan/scene/3/store", "verse")
    assert one.expect("/livegan/scene/3/store") == ("verse",)
    hand.send("/livegan/morph", "verse", 4.0)
    assert one.expect("/livegan/morph") == ("verse", 4)
    one.send("/livegan/model", "piano")
    while one.expect("/livegan/model") != ("piano",):
        pass


def test_a_model_is_swapped_at_a_bar_line_and_a_bad_one_is_not(
    serve: Serve, client: Connect, tmp_path: Path
) -> None:
    one = client(serve("--bpm", "300", "--play"))
    one.send("/livegan/subscribe")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"not a model at all")
    one.send("/livegan/model", str(damaged))
    assert "not an ONNX model" in one.expect("/livegan/error")[1]
    one.send("/livegan/model", "piano")
    first = one.expect("/livegan/bar")[0]
    assert [one.expect("/livegan/bar")[0] for _ in range(3)] == [first + n for n in (1, 2, 3)]


def malformed(count: int) -> Iterator[bytes]:
    """Random bytes, truncated and wrongly typed messages, broken bundles, huge ones."""
    chance = random.Random(7)
    message = OscMessageBuilder("/livegan/xy")
    for value in (0.5, 0.5):
        message.add_arg(value)
    good = message.build().dgram
    for number in range(count):
        kind = number % 7
        if kind == 0:
            yield chance.randbytes(chance.randrange(0, 64))
        elif kind == 1:
            yield good[: chance.randrange(1, len(good))]
        elif kind == 2:
            yield b"/livegan/tempo\0\0,s\0\0" + chance.randbytes(8)
        elif kind == 3:
            yield b"#bundle\0" + chance.randbytes(8) + struct.pack(">i", chance.randrange(-9, 999))
        elif kind == 4:
            yield b"/livegan/" + chance.randbytes(12).hex().encode() + b"\0\0\0\0,\0\0\0"
        elif kind == 5:
            yield b"/livegan/z\0\0,[[[f]" + chance.randbytes(40)
        else:
            yield chance.randbytes(60_000 if number % 70 == 6 else 1_000)


def test_ten_thousand_malformed_packets_neither_stop_the_music_nor_grow_memory(
    serve: Serve, client: Connect
) -> None:
    daemon = serve("--bpm", "300", "--play")
    one = client(daemon)
    one.send("/livegan/subscribe")
    process = psutil.Process(daemon.process.pid)

    def flood(count: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number, packet in enumerate(malformed(count)):
                sender.sendto(packet, ("127.0.0.1", daemon.port))
                if number % 50 == 49:
                    time.sleep(0.01)  # a flood that is dropped by the kernel tests nothing

    flood(1_000)
    bar = one.expect("/livegan/bar")[0]
    before = process.memory_info().rss
    flood(10_000)
    one.heard.queue.clear()
    assert one.expect("/livegan/bar")[0] > bar + 1
    assert process.memory_info().rss - before < 8_000_000
    client(daemon).send("/livegan/tempo", 123.0)
    assert one.expect("/livegan/tempo") == (123.0,)
    assert len(daemon.log.read_text().splitlines()) < 400


def test_the_port_being_taken_is_one_line_and_status_2(serve: Serve) -> None:
    daemon = serve()
    done = subprocess.run(
        [*LIVEGAN, "serve", "--port", str(daemon.port)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"can't listen on 127.0.0.1:{daemon.port}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_send_moves_a_control_and_says_what_went_wrong(serve: Serve, client: Connect) -> None:
    daemon = serve()
    one = client(daemon)
    one.send("/livegan/subscribe")

    def send(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*LIVEGAN, "send", "--port", str(daemon.port), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert send("/tempo", "131").returncode == 0
    while one.expect("/livegan/tempo") != (131.0,):
        pass
    refused = send("/morph", "nowhere", "4")
    assert refused.returncode == 2
    assert "no scene 'nowhere'" in refused.stderr
    assert send("/tempo", "fast").returncode == 2
    assert send("/play", "0").returncode == 0, "a release, which does nothing"
    assert send("livegan/scene/2/store", "a,b").returncode == 0
    assert send("/morph", "a,b", "0").returncode == 0
    assert send("/freeze", "yes").returncode == 0
    while one.expect("/livegan/freeze") != (True,):
        pass
    daemon.stop()
    assert "nothing listens" in send("/tempo", "131").stderr


def test_log_json_is_one_object_a_line_and_quiet_is_quiet(serve: Serve) -> None:
    daemon = serve("--log-json", "--bpm", "300", "--play")

    def events() -> list[dict[str, object]]:
        return [json.loads(line) for line in daemon.log.read_text().splitlines()]

    wait_for(lambda: any(event["event"] == "bar" for event in events()), 10, "bar")
    bar = next(event for event in events() if event["event"] == "bar")
    assert {"bar", "tempo", "notes", "late_median_ms", "inference_ms"} <= set(bar)
    daemon.stop()


def test_the_recording_is_written_at_the_end(serve: Serve, tmp_path: Path) -> None:
    import mido

    out = tmp_path / "played.mid"
    daemon = serve("--bpm", "300", "--record", str(out), "--play")
    wait_for(lambda: "bar 3 " in daemon.log.read_text(), 10, "third bar")
    daemon.stop()
    file = mido.MidiFile(out)
    kinds = [message.type for message in file.tracks[1]]
    assert kinds.count("note_on") == kinds.count("note_off") > 5
    bars = file.length / 0.8
    assert bars == pytest.approx(round(bars), abs=0.01)
    assert round(bars) in (3, 4), "the third bar was over"


def test_a_recording_knows_where_the_tempo_changed_and_where_play_began_again(
    serve: Serve, client: Connect, tmp_path: Path
) -> None:
    import mido

    out = tmp_path / "played.mid"
    daemon = serve("--bpm", "300", "--record", str(out), "--play")
    one = client(daemon)
    one.send("/livegan/subscribe")
    while one.expect("/livegan/bar") != (2,):
        pass
    one.send("/livegan/tempo", 200.0)
    while one.expect("/livegan/bar") != (3,):
        pass
    one.send("/livegan/stop")
    one.send("/livegan/tempo", 250.0)
    one.send("/livegan/play")
    while one.expect("/livegan/bar") != (2,):
        pass
    daemon.stop()
    at, tempi = 0, []
    for message in mido.MidiFile(out).tracks[0]:
        at += message.time
        if message.type == "set_tempo":
            tempi.append((at / (96 * 20), round(mido.tempo2bpm(message.tempo))))
    assert [bpm for _, bpm in tempi] == [300, 200, 250]
    assert 1 <= tempi[1][0] < 2, "in the second bar"
    assert tempi[2][0] in (2, 3), "a new start is at a bar line"


def test_flag_beats_environment_beats_file(
    serve: Serve, client: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "livegan.toml"
    config.write_text("bpm = 61\nseed = 3\nlog-json = true\n")
    monkeypatch.setenv("LIVEGAN_SEED", "4")
    monkeypatch.setenv("LIVEGAN_LOG_JSON", "0")
    daemon = serve("--config", str(config))
    one = client(daemon)
    one.send("/livegan/subscribe")
    assert one.expect("/livegan/tempo") == (61.0,)
    assert one.expect("/livegan/seed") == (4,)
    one.send("/livegan/unsubscribe")
    monkeypatch.setenv("LIVEGAN_BPM", "62")
    two = client(serve("--config", str(config), "--bpm", "63"))
    two.send("/livegan/subscribe")
    assert two.expect("/livegan/tempo") == (63.0,)


def test_the_daemon_imports_nothing_of_training(serve: Serve) -> None:
    code = (
        "import sys; import livegan.cli, livegan.cli.serve, livegan.shell.server\n"
        "bad = {'torch', 'matplotlib', 'pypianoroll', 'onnx'} & set(sys.modules)\n"
        "assert not bad, bad\n"
        "import subprocess\n"
    )
    subprocess.run([*LIVEGAN[:1], "-c", code], check=True, env=os.environ)
