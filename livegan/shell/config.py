"""What the daemon is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .allow import Network
from .osc import Address


class CannotStart(RuntimeError):
    """The daemon can't run as asked; one line says why."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What `livegan serve` was asked for."""

    host: str
    port: int
    midi_out: str | None
    clock_out: str | None
    clock_in: str | None
    sync: str
    latency: float
    clock_latency: float
    model: str
    device: str
    bpm: float
    seed: int
    play: bool
    record: Path | None
    given: Path | None = None
    if_hung: str = "loop"
    folder: Path | None = None
    listen_in: str | None = None
    allow: tuple[Network, ...] = ()
    feedback: tuple[Address, ...] = ()
    panel: bool = False
    panel_host: str = "127.0.0.1"
    panel_port: int | None = None
    open: bool = False
    query_port: int | None = None
    announce: bool = False
    midi_in: tuple[str, ...] = ()
    map: tuple[str, ...] = ()
