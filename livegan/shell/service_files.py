"""What systemd and launchd are told, as text. Pure: the same command gives the same bytes."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Sequence
from pathlib import Path

NAME = "livegan"
LABEL = "org.livegan.serve"
PLAIN_WORD = re.compile(r"[\w./:=,@+-]+", re.ASCII)
RETRY_SECONDS = 5
"""A MIDI device that is not there yet at login is found at one of the next starts."""


def systemd_unit(command: Sequence[str], folder: Path) -> str:
    """A unit for the user's own systemd (systemd.service(5)): the daemon, run in `folder`. It is
    started again for ever, not given up after five failures."""
    return f"""\
# Made by livegan service install; livegan service uninstall removes it.
[Unit]
Description=livegan, a GAN that you play
After=pipewire.service
StartLimitIntervalSec=0

[Service]
ExecStart={" ".join(quoted(word) for word in [f":{command[0]}", *command[1:]])}
WorkingDirectory={str(folder).replace("%", "%%")}
Restart=on-failure
RestartSec={RETRY_SECONDS}
StandardOutput=null

[Install]
WantedBy=default.target
"""


def quoted(word: str) -> str:
    """One word of an ExecStart line. The colon before the program keeps `$` as it is."""
    if PLAIN_WORD.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{escaped}"'


def launchd_agent(command: Sequence[str], folder: Path) -> str:
    """A property list for launchd (launchd.plist(5)): the same. `Interactive` keeps macOS from slowing
    it down as it does with what runs in the background."""
    agent = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "WorkingDirectory": str(folder),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": RETRY_SECONDS,
        "ProcessType": "Interactive",
    }
    return plistlib.dumps(agent, sort_keys=False).decode()
