"""The daemon as a service: what systemd and launchd are told, and that it is said where they can't."""

from __future__ import annotations

import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from livegan.shell.log_file import LogFile
from livegan.shell.service import Launchd, write
from livegan.shell.service_files import launchd_agent, systemd_unit

from .conftest import LIVEGAN, Daemon, wait_for

COMMAND = ["/opt/my env/bin/python", "-m", "livegan", "serve", "--model", '100% "$HOME"\\x.onnx']

UNIT = """\
# Made by livegan service install; livegan service uninstall removes it.
[Unit]
Description=livegan, a GAN that you play
After=pipewire.service
StartLimitIntervalSec=0

[Service]
ExecStart=":/opt/my env/bin/python" -m livegan serve --model "100%% \\"$HOME\\"\\\\x.onnx"
WorkingDirectory=/home/me/100%% live
Restart=on-failure
RestartSec=5
StandardOutput=null

[Install]
WantedBy=default.target
"""

AGENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>org.livegan.serve</string>
	<key>ProgramArguments</key>
	<array>
		<string>/opt/my env/bin/python</string>
		<string>-m</string>
		<string>livegan</string>
		<string>serve</string>
		<string>--model</string>
		<string>100% "$HOME"\\x.onnx</string>
	</array>
	<key>WorkingDirectory</key>
	<string>/home/me/100% live</string>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<dict>
		<key>SuccessfulExit</key>
		<false/>
	</dict>
	<key>ThrottleInterval</key>
	<integer>5</integer>
	<key>ProcessType</key>
	<string>Interactive</string>
</dict>
</plist>
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, where no session of systemd can be reached."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute/and/so/ignored")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    return tmp_path


@pytest.fixture
def manager(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands that note in this file what they are asked: no container has a session to ask."""
    notes = home / "asked"
    for name in ("systemctl", "launchctl"):
        script = home / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\necho "{name} $*" >> {notes}\necho active\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(home / "bin"), prepend=":")
    return notes


def service(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*LIVEGAN, "service", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_systemd_is_told() -> None:
    assert systemd_unit(COMMAND, Path("/home/me/100% live")) == UNIT


def test_what_launchd_is_told() -> None:
    text = launchd_agent(COMMAND, Path("/home/me/100% live"))
    assert text == AGENT
    assert plistlib.loads(text.encode())["ProgramArguments"] == COMMAND


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_finds_nothing_wrong_with_the_unit(home: Path) -> None:
    program = home / "100% $HOME python"
    program.symlink_to(sys.executable)
    unit = home / "livegan.service"
    for arguments, fine in ((COMMAND[1:], True), (COMMAND[1:], False)):
        text = systemd_unit([str(program), *arguments], home)
        unit.write_text(text if fine else text.replace("ExecStart=", "ExecStart=/nowhere"))
        command = ["systemd-analyze", "verify", "--user", "--man=no", str(unit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (not done.returncode and not done.stderr) == fine, done.stderr


def test_where_systemd_does_not_answer_it_says_so_and_how_to_go_on(home: Path) -> None:
    done = service("install", "--", "--play", "--model", "piano")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "systemctl" in done.stderr
    assert done.stderr.endswith("systemctl --user enable --now livegan\n")
    unit = home / "config/systemd/user/livegan.service"
    assert f"wrote {unit} (livegan service uninstall removes it)" in done.stdout
    found = service("status")
    assert found.returncode == 1
    assert f"installed: {unit}" in found.stdout
    assert "running: unknown (systemctl" in found.stdout
    done = service("uninstall")
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1
    assert not list(unit.parent.iterdir())
    assert "nothing to do" in service("uninstall").stdout
    assert "installed: no" in service("status").stdout


def test_what_the_unit_starts_is_the_daemon_with_its_log(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    service("install", "--", "--port", "0", "--bpm", "99")
    lines = (home / "config/systemd/user/livegan.service").read_text().splitlines()
    start = next(line for line in lines if line.startswith("ExecStart=:"))
    command = shlex.split(start.removeprefix("ExecStart=:"))
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    log = home / ".local/state/livegan/livegan.log"
    try:
        wait_for(
            lambda: log.exists() and "OSC on 127.0.0.1:" in log.read_text(), 20, "start in the log"
        )
    finally:
        daemon.terminate()
        said, _ = daemon.communicate(timeout=10)
    assert daemon.returncode == 0
    assert not said


def test_systemd_is_asked_to_start_it_now_and_at_login_and_to_forget_it(
    home: Path, manager: Path
) -> None:
    done = service("install", "--", "--play")
    assert (done.returncode, done.stderr) == (0, "")
    assert "running: yes" in service("status").stdout
    assert service("uninstall").returncode == 0
    assert manager.read_text().splitlines() == [
        "systemctl --user daemon-reload",
        "systemctl --user enable livegan",
        "systemctl --user restart livegan",
        "systemctl --user show --property=ActiveState --value livegan",
        "systemctl --user disable --now livegan",
    ]


def test_launchd_is_asked_to_load_the_agent_anew(home: Path, manager: Path) -> None:
    agent = Launchd()
    write(agent, COMMAND, home)
    agent.start()
    assert agent.file == home / "Library/LaunchAgents/org.livegan.serve.plist"
    assert agent.file.read_text() == launchd_agent(COMMAND, home)
    assert manager.read_text().splitlines() == [
        f"launchctl print {agent.domain}/org.livegan.serve",
        f"launchctl bootout {agent.domain}/org.livegan.serve",
        f"launchctl bootstrap {agent.domain} {agent.file}",
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--bmp", "99"], "--bmp"),
        (["--port", "99999"], "99999"),
        (["--log-file", "x.log"], "a log of its own"),
    ],
)
def test_a_mistake_in_the_daemons_options_is_found_at_once(
    home: Path, arguments: list[str], why: str
) -> None:
    done = service("install", "--", *arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (home / "config").exists()


def test_on_other_systems_one_line_says_what_to_do(home: Path) -> None:
    code = (
        "import sys, livegan.shell.service; from livegan.cli import main\n"
        "sys.platform = 'win32'; main()"
    )
    command = [sys.executable, "-c", code, "service", "install"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "shell:startup" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_log_file_keeps_the_newest_lines_whole_and_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(path, dated=True, max_bytes=2_000)
    for number in range(500):
        print("line", number, file=log, flush=True)
    log.close()
    old, new = path.with_name("log.1").read_text(), path.read_text()
    assert set(tmp_path.iterdir()) == {path, path.with_name("log.1")}
    assert max(len(old), len(new)) <= 2_000
    numbers = [int(line.rpartition("line ")[2]) for line in (old + new).splitlines()]
    assert numbers == list(range(numbers[0], 500))


def test_a_daemon_that_cannot_start_says_so_in_its_log_too(
    serve: Callable[..., Daemon], tmp_path: Path
) -> None:
    taken = serve().port
    log = tmp_path / "log"
    command = [*LIVEGAN, "serve", "--port", str(taken), "--log-file", str(log)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.removeprefix("livegan serve: ").strip() in log.read_text()
    assert str(taken) in log.read_text()
