"""What the player is granted, on real processes; and what it must not drag along."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from livegan.core.messages import Lines, Opened, Quit, pack
from livegan.shell.priority import how_to_grant, may_lock

from .conftest import UNPRIVILEGED, Daemon

ANSWERS_SECONDS = 20.0


@contextmanager
def player(
    prefix: Sequence[str] = (), log: Path = Path(os.devnull), **environment: str
) -> Iterator[tuple[Opened, int]]:
    """A player's process that has opened its port, and its id; it is told to quit in the end."""
    ours, theirs = socket.socketpair()
    command = [*prefix, sys.executable, "-m", "livegan.shell.player_process", str(theirs.fileno())]
    env = {**os.environ, "LIVEGAN_MIDI_API": "none", **environment}
    with ours, log.open("w") as errors:
        with theirs:
            child = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=errors, env=env)
        try:
            ours.settimeout(ANSWERS_SECONDS)
            (opened,) = Lines().feed(ours.recv(1 << 16))
            assert isinstance(opened, Opened)
            yield opened, child.pid
            ours.sendall(pack(Quit()))
            assert child.wait(ANSWERS_SECONDS) == 0
        finally:
            child.kill()
            child.wait()


def locked_kilobytes(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.split("VmLck:")[1].split()[0])


def test_the_player_imports_no_numpy_from_its_start_to_its_end(tmp_path: Path) -> None:
    imports = tmp_path / "imports.log"
    with player((), imports, PYTHONPROFILEIMPORTTIME="1", LIVEGAN_MIDI_API="jack"):
        pass
    names = {line.rpartition("|")[2].strip() for line in imports.read_text().splitlines()}
    assert {"livegan.core.player", "rtmidi", "ctypes"} <= names, "it is the whole player"
    assert not {name for name in names if name.partition(".")[0] in ("numpy", "onnxruntime", "mido")}


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked in Linux's own way")
def test_the_player_tells_of_its_priority_what_the_kernel_tells() -> None:
    with player() as (opened, process_id):
        policy = os.sched_getscheduler(process_id) & ~os.SCHED_RESET_ON_FORK
    assert opened.realtime == (policy in (os.SCHED_FIFO, os.SCHED_RR))


@pytest.mark.skipif(sys.platform != "linux", reason="limits are set in Linux's own way")
def test_without_the_privilege_the_player_runs_as_any_other_process() -> None:
    with player(UNPRIVILEGED) as (opened, process_id):
        assert not opened.realtime
        assert os.sched_getscheduler(process_id) == os.SCHED_OTHER
        assert locked_kilobytes(process_id) == 0, "a small limit would make allocations fail"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone locks all memory")
def test_memory_is_locked_where_the_limit_leaves_room() -> None:
    with player() as (_, process_id):
        assert (locked_kilobytes(process_id) > 0) == may_lock()


@pytest.mark.jack
def test_serve_says_in_a_line_how_to_grant_priority_where_it_is_not(
    serve: Callable[..., Daemon], jack: str
) -> None:
    log = serve(prefix=UNPRIVILEGED).log.read_text()
    said = [line for line in log.splitlines() if "priority" in line]
    assert said == [f"livegan: no real-time priority: {how_to_grant()}"], log
    assert "rtkit" in said[0]
    assert "/etc/security/limits.d" in said[0]
