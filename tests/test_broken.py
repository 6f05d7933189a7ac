"""What breaks without a port in sight: models, disks, clocks. The music goes on."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from livegan.core.model import METADATA_KEY, ModelInfo, Track
from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan.shell.generator import shipped_models

from .conftest import LIVEGAN, Client, Daemon, wait_for

Serve = Callable[..., Daemon]
Connect = Callable[[Daemon], Client]
LATENT, SIZE = 4, 384
BAR = 0.8
"""Seconds, at 300 bpm."""


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    return


def turns(seconds: float) -> int:
    """How often a matrix has to be multiplied to take so long here."""
    matrix = np.ones((SIZE, SIZE), np.float32)
    began = time.perf_counter()
    for _ in range(10):
        matrix @ matrix
    return int(seconds / (time.perf_counter() - began) * 10)


def breakable(path: Path, slow_turns: int = 1) -> Path:
    """A model of four notes whose output is not finite where z0 < 0, and which takes its time where
    z1 < 0."""
    shape = (1, STEPS_PER_BAR, PITCHES)
    onset = np.full((1, *shape), -9.0, np.float32)
    onset[0, 0, ::24, 40] = 9.0
    constants = {
        "onset_at": onset,
        "keep_at": np.full_like(onset, -9.0),
        "matrix": np.eye(SIZE, dtype=np.float32),
        "turns": np.array(slow_turns, np.int64),
        "nought": np.array(0, np.int64),
        "zero": np.zeros((), np.float32),
        "first": np.array(0, np.int64),
        "second": np.array(1, np.int64),
        "yes": np.array(True),
    }
    number, truth = TensorProto.INT64, TensorProto.BOOL
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("MatMul", ["m", "matrix"], ["m_next"]),
        ],
        "turn",
        [
            helper.make_tensor_value_info("i", number, []),
            helper.make_tensor_value_info("go", truth, []),
            helper.make_tensor_value_info("m", TensorProto.FLOAT, [SIZE, SIZE]),
        ],
        [
            helper.make_tensor_value_info("go_on", truth, []),
            helper.make_tensor_value_info("m_next", TensorProto.FLOAT, [SIZE, SIZE]),
        ],
    )
    nodes = [
        helper.make_node("Squeeze", ["z"], ["point"]),
        helper.make_node("Gather", ["point", "first"], ["z0"]),
        helper.make_node("Gather", ["point", "second"], ["z1"]),
        helper.make_node("Less", ["z1", "zero"], ["slow"]),
        helper.make_node("Where", ["slow", "turns", "nought"], ["count"]),
        helper.make_node("Loop", ["count", "yes", "matrix"], ["turned"], body=body),
        helper.make_node("ReduceSum", ["turned"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["none"]),
        helper.make_node("Sqrt", ["z0"], ["root"]),
        helper.make_node("Add", ["root", "none"], ["much"]),
        helper.make_node("Add", ["onset_at", "much"], ["onset"]),
        helper.make_node("Identity", ["keep_at"], ["keep"]),
    ]
    graph = helper.make_graph(
        nodes,
        "breakable",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, LATENT])],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, [1, *shape]) for k in ("onset", "keep")],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    quantiles = tuple(float(count) for count in range(1, 22))
    info = ModelInfo("breakable", "onset", LATENT, (Track("piano", 0, False, quantiles),))
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, info.to_json()
    onnx.save(model, path)
    return path


def playing(serve: Serve, client: Connect, *arguments: str) -> tuple[Daemon, Client]:
    daemon = serve("--bpm", "300", "--play", *arguments)
    one = client(daemon)
    one.send("/livegan/subscribe")
    one.expect("/livegan/bar")
    return daemon, one


def bars_go_on(one: Client, count: int = 3) -> bool:
    first = one.expect("/livegan/bar")[0]
    return [one.expect("/livegan/bar")[0] for _ in range(count)] == [
        first + number for number in range(1, count + 1)
    ]


# models


def test_a_model_that_fails_is_told_to_all_and_tried_again_at_the_next_bar(
    serve: Serve, client: Connect, tmp_path: Path
) -> None:
    daemon, one = playing(serve, client, "--model", str(breakable(tmp_path / "breakable.onnx")))
    other = client(daemon)
    other.send("/livegan/subscribe")
    one.send("/livegan/drift", 0.0)
    one.send("/livegan/z/0", -1.0)
    for hearer in (one, other):
        what, why = hearer.expect("/livegan/error")
        assert what == "model"
        assert "not finite" in why
    assert bars_go_on(one)
    one.send("/livegan/z/0", 1.0)
    one.expect("/livegan/bar")
    one.heard.queue.clear()
    assert bars_go_on(one)
    assert not [message for message in list(one.heard.queue) if message.address == "/livegan/error"]
    bars = [line for line in daemon.log.read_text().splitlines() if line.startswith("bar ")]
    assert all(" 0 notes" not in line for line in bars), "the last bar repeated"


def test_a_model_that_is_late_leaves_the_last_bar_going_round(
    serve: Serve, client: Connect, tmp_path: Path
) -> None:
    model = breakable(tmp_path / "slow.onnx", turns(3 * BAR))
    _, one = playing(serve, client, "--model", str(model))
    one.send("/livegan/drift", 0.0)
    one.send("/livegan/z/0", 1.0)
    one.send("/livegan/z/1", -1.0)
    what, why = one.expect("/livegan/error", 20)
    assert what == "bar"
    assert "was not ready in time; the one before repeats" in why
    one.send("/livegan/z/1", 1.0)
    time.sleep(4 * BAR)
    while one.expect("/livegan/inference", 20)[0] > 100 * BAR:
        pass
    one.heard.queue.clear()
    assert bars_go_on(one)


def test_a_model_file_that_is_replaced_or_damaged_never_replaces_one_that_plays(
    serve: Serve, client: Connect, tmp_path: Path
) -> None:
    file = tmp_path / "mine.onnx"
    shutil.copy(shipped_models()["piano"], file)
    _, one = playing(serve, client, "--model", str(file))
    good = file.read_bytes()
    other = breakable(tmp_path / "other.onnx").read_bytes()
    for bad, why in (
        (b"", "not an ONNX model"),
        (good[: len(good) // 2], "not an ONNX model"),
        (good.replace(b'"pitches": 84', b'"pitches": 83'), "83 pitches"),
        (other.replace(b'"latent": 4', b'"latent": 5'), "doesn't play a bar"),
    ):
        assert bad not in (good, other)
        file.write_bytes(bad)
        one.send("/livegan/model", str(file))
        what, reason = one.expect("/livegan/error")
        assert what == "/livegan/model"
        assert why in reason
        assert bars_go_on(one, 2)
    file.unlink()
    assert bars_go_on(one)
    breakable(file)
    one.heard.queue.clear()
    one.send("/livegan/model", str(file))
    assert one.expect("/livegan/model") == ("breakable",)


# disks


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few kilobytes; where it can't be had, files can't grow beyond that."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16k", "tiny", str(folder)]
    mounted = shutil.which("mount") and not subprocess.run(command, capture_output=True).returncode
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if not mounted:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, limits[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def notes(path: Path) -> list[str]:
    return [m.type for track in mido.MidiFile(path).tracks for m in track if "note" in m.type]


def test_a_full_disk_stops_the_recording_and_not_the_music(
    serve: Serve, client: Connect, tiny_disk: Path
) -> None:
    out = tiny_disk / "played.mid"
    daemon, one = playing(serve, client, "--record", str(out))
    one.send("/livegan/density", 1.0)
    what, why = one.expect("/livegan/error", 60)
    assert what == "record"
    assert f"{out}: can't be written" in why
    kept = notes(out)
    assert len(kept) > 100
    assert bars_go_on(one)
    assert notes(out)[: len(kept)] == kept
    daemon.stop()
    assert notes(out)[: len(kept)] == kept
    assert daemon.log.read_text().count("can't be written") == 2, "as it happened, and at the end"


def test_a_killed_daemon_leaves_a_recording_that_any_reader_takes(
    serve: Serve, client: Connect, tmp_path: Path
) -> None:
    out = tmp_path / "played.mid"
    daemon, one = playing(serve, client, "--record", str(out))
    assert bars_go_on(one, 4)
    bar = one.expect("/livegan/bar")[0]
    daemon.process.kill()
    daemon.process.wait()
    file = mido.MidiFile(out)
    assert (bar - 2.5) * BAR < file.length < (bar + 1) * BAR, "all but what played last"
    assert len(notes(out)) > 10
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".mid"] == ["played.mid"]


# clocks


STEPPING = """
import random, sys, time
real = time.time
time.time = lambda: real() + random.uniform(-1e5, 1e5)
time.time_ns = lambda: int(time.time() * 1e9)
sys.argv[0] = "livegan"
"""


def test_a_system_clock_that_steps_moves_no_bar(
    serve: Serve, client: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the daemon and in the player every look at the wall clock gives another time of the day."""
    (tmp_path / "sitecustomize.py").write_text(STEPPING)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    check = "import time; assert abs(time.time() - time.time()) > 1"
    subprocess.run([sys.executable, "-c", check], check=True)
    _, one = playing(serve, client)
    began = time.monotonic()
    assert bars_go_on(one, 5)
    assert time.monotonic() - began < 7.5 * BAR
    one.send("/livegan/tempo", 240.0)
    while one.expect("/livegan/tempo/now") != (240.0,):
        pass


# a second daemon, a player without a port


def test_a_second_daemon_says_one_line_and_the_first_goes_on(serve: Serve, client: Connect) -> None:
    daemon, one = playing(serve, client)
    done = subprocess.run(
        [*LIVEGAN, "serve", "--port", str(daemon.port)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert bars_go_on(one)


def test_a_killed_player_without_a_port_is_followed_by_another(serve: Serve, client: Connect) -> None:
    daemon, one = playing(serve, client)
    time.sleep(2.5)
    os.kill(daemon.player_pid(), signal.SIGKILL)
    assert one.expect("/livegan/error")[0] == "player"
    assert bars_go_on(one)
    wait_for(lambda: len(daemon.player_pids()) == 2, 5, "another spare")
    assert daemon.stop() == 0
