"""The daemon as a service of the user's own: systemd on Linux, launchd on macOS."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from .files import write_whole
from .service_files import LABEL, NAME, launchd_agent, systemd_unit


class NoManager(RuntimeError):
    """The service manager does not answer, or can't do it; the message is its own."""


class Service(Protocol):
    """`file` describes the service, `log` is where the daemon is to log. `start`, `stop` and `running`
    raise `NoManager`; `by_hand` is what a person types instead of `start`."""

    file: Path
    log: Path
    by_hand: str

    def text(self, command: Sequence[str], folder: Path) -> str: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def running(self) -> bool: ...


class Systemd:
    """A unit of `systemctl --user`."""

    by_hand = f"systemctl --user enable --now {NAME}"

    def __init__(self) -> None:
        self.file = base("XDG_CONFIG_HOME", ".config") / f"systemd/user/{NAME}.service"
        self.log = base("XDG_STATE_HOME", ".local/state") / NAME / f"{NAME}.log"

    def text(self, command: Sequence[str], folder: Path) -> str:
        return systemd_unit(command, folder)

    def start(self) -> None:
        for words in (["daemon-reload"], ["enable", NAME], ["restart", NAME]):
            ask("systemctl", "--user", *words)

    def stop(self) -> None:
        ask("systemctl", "--user", "disable", "--now", NAME)

    def running(self) -> bool:
        state = ask("systemctl", "--user", "show", "--property=ActiveState", "--value", NAME)
        return state == "active"


class Launchd:
    """An agent in the user's own domain."""

    def __init__(self) -> None:
        self.domain = f"gui/{os.getuid()}"
        self.file = Path.home() / f"Library/LaunchAgents/{LABEL}.plist"
        self.log = Path.home() / f"Library/Logs/{NAME}.log"
        self.by_hand = f"launchctl bootstrap {self.domain} {self.file}"

    def text(self, command: Sequence[str], folder: Path) -> str:
        return launchd_agent(command, folder)

    def start(self) -> None:
        if self._loaded():
            self.stop()
        ask("launchctl", "bootstrap", self.domain, str(self.file))

    def stop(self) -> None:
        ask("launchctl", "bootout", self._target)

    def running(self) -> bool:
        return self._loaded() and "state = running" in ask("launchctl", "print", self._target)

    @property
    def _target(self) -> str:
        return f"{self.domain}/{LABEL}"

    def _loaded(self) -> bool:
        try:
            ask("launchctl", "print", self._target)
        except NoManager:
            return False
        return True


def base(variable: str, otherwise: str) -> Path:
    """A folder of the XDG base directories: relative values are to be ignored."""
    wanted = Path(os.environ.get(variable, ""))
    return wanted if wanted.is_absolute() else Path.home() / otherwise


def ask(*command: str) -> str:
    """What the service manager answers. Raises `NoManager`."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoManager(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.split("\n")[0] or f"status {done.returncode}"
        raise NoManager(f"{command[0]}: {said}")
    return done.stdout.strip()


def service_of(platform: str) -> Service | None:
    """By `sys.platform`; None where livegan knows no service manager."""
    if platform == "linux":
        return Systemd()
    return Launchd() if platform == "darwin" else None


def write(service: Service, command: Sequence[str], folder: Path) -> None:
    """The description and the folder of the log. Raises `OSError`."""
    text = service.text(command, folder)
    for needed in (service.file.parent, service.log.parent):
        needed.mkdir(parents=True, exist_ok=True)
    write_whole(service.file, lambda path: path.write_text(text))
