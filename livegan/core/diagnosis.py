"""What `livegan doctor` makes of what it measured: pure judgements, each a finding in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from .music import BEATS_PER_BAR

Level = Literal["ok", "warn", "bad"]

FELT_MS = 1.0
HEARD_MS = 10.0
"""Listeners bear 10 ms of latency, but not 10 ms of jitter (Jack et al., 2016)."""
LONG_PERIOD_MS = 6.0
VERY_LONG_PERIOD_MS = 25.0
FINE_TICK, COARSE_TICK = 1e-4, 1e-3
SLOW_CLOCKS = ("hpet", "acpi_pm", "jiffies", "refined-jiffies")
SELF_STEERING = ("intel_pstate", "amd-pstate-epp", "amd_pstate_epp")
"""Drivers whose governor `powersave` is an ordinary one, which speeds up when there is work."""
BUSY_SHARE = 0.75
BPM = 120
BAR_MS = BEATS_PER_BAR * 60_000 / BPM
COMFORTABLE_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part of the machine, how bad that is, what to do about it (empty: nothing)
    and the figures behind it, which JSON can hold."""

    name: str
    level: Level
    says: str
    advice: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


def on_time(findings: Iterable[Finding]) -> bool:
    """Can this machine play on time? Warnings are allowed."""
    return all(finding.level != "bad" for finding in findings)


class Spread(NamedTuple):
    """Median, 99th percentile and worst, in ms."""

    p50: float
    p99: float
    worst: float


def spread(seconds: Sequence[float]) -> Spread:
    """Of at least one time in seconds; a percentile is the smallest value that so many do not pass."""
    times = sorted(seconds)
    p50, p99 = (times[math.ceil(share * len(times)) - 1] for share in (0.5, 0.99))
    return Spread(*(round(time * 1e3, 4) for time in (p50, p99, times[-1])))


def shown(times: Spread) -> str:
    return f"median {times.p50:.2g} ms, 99 of 100 within {times.p99:.2g} ms, worst {times.worst:.2g} ms"


def timer(late: Sequence[float], realtime: bool) -> Finding:
    """Lateness of the player's own waiting, in seconds, with real-time priority or without."""
    times = spread(late)
    figures = {f"{name}_ms": value for name, value in times._asdict().items()}
    says = f"waking up late by: {shown(times)}"
    if times.p99 < FELT_MS and times.worst < HEARD_MS:
        return Finding("timer", "ok", says, figures=figures)
    advice = "close what keeps the processor busy"
    if not realtime:
        advice = f"grant real-time priority (see priority), or {advice}"
    return Finding("timer", "warn" if times.p99 < HEARD_MS else "bad", says, advice, figures)


def priority(granted: str, how_to_grant: str) -> Finding:
    """`granted`: by what, or nothing."""
    figures = {"realtime": bool(granted), "by": granted}
    if granted:
        return Finding("priority", "ok", f"real-time priority is granted ({granted})", figures=figures)
    says = "no real-time priority: a busy machine makes notes late"
    return Finding("priority", "warn", says, how_to_grant, figures)


def memory(locked: bool, how_to_lock: str) -> Finding:
    """`how_to_lock` is empty where the system has no such thing."""
    figures = {"locked": locked}
    if locked:
        return Finding("memory", "ok", "the player's memory stays in memory", figures=figures)
    if not how_to_lock:
        return Finding("memory", "ok", "this system has no way to lock memory", figures=figures)
    says = "the player's memory is not locked: with little of it free, notes can be late"
    return Finding("memory", "warn", says, how_to_lock, figures)


class Midi(NamedTuple):
    """MIDI as it was found: names of the outputs by backend, our virtual port's name or why it could
    not be opened, and its backend."""

    outputs: dict[str, list[str]]
    port: str = ""
    why: str = ""


def midi(found: Midi, system: str) -> Finding:
    """`system` as `sys.platform` has it."""
    names = [name for outputs in found.outputs.values() for name in outputs]
    figures = {"systems": list(found.outputs), "outputs": names, "virtual_port": found.port}
    if found.port:
        return Finding("midi", "ok", f"a port can be opened: {found.port}", figures=figures)
    if names and system == "win32":
        says = "Windows has no virtual ports"
        advice = "install loopMIDI, make a port with it and give its name to serve's --midi-out"
        return Finding("midi", "warn", says, advice, figures)
    if names:
        advice = f"play to one of these with serve's --midi-out: {', '.join(names)}"
        return Finding("midi", "warn", found.why, advice, figures)
    advice = {
        "linux": "start JACK or PipeWire (then: pw-jack livegan ...), or load ALSA's sequencer "
        "(sudo modprobe snd-seq)",
        "win32": "install loopMIDI and make a port with it",
    }.get(system, "look into Audio MIDI Setup")
    return Finding("midi", "bad", found.why, advice, figures)


class Server(NamedTuple):
    """A sound server: its name, frames a period and frames a second (0: it does not tell)."""

    name: str
    frames: int = 0
    rate: int = 0


def audio(server: Server | None, notes_go_through_it: bool) -> Finding:
    """JACK or PipeWire. What goes through it leaves at the beginning of its next period."""
    figures: dict[str, Any] = {"server": server.name if server else None}
    if server is None:
        says = "neither JACK nor PipeWire answers; nothing waits for their periods"
        return Finding("audio", "ok", says, figures=figures)
    says = f"{server.name} runs"
    if server.frames and server.rate:
        period = server.frames / server.rate * 1e3
        figures |= {"frames": server.frames, "rate": server.rate, "period_ms": round(period, 3)}
        says += f", {server.frames} frames at {server.rate} Hz: a period of {period:.1f} ms"
        if notes_go_through_it and period > LONG_PERIOD_MS:
            level: Level = "warn" if period <= VERY_LONG_PERIOD_MS else "bad"
            advice = (
                "shorten it, since notes wait for the next period: jackd -p 128, or "
                "pw-metadata -n settings 0 clock.force-quantum 128"
            )
            return Finding("audio", level, says, advice, figures)
    if not notes_go_through_it:
        says += "; notes do not go through it"
    return Finding("audio", "ok", says, figures=figures)


def clock(tick: float, source: str) -> Finding:
    """`tick`: the smallest step, in seconds, that the monotonic clock was seen to make; `source`: what
    the kernel counts (empty: it does not tell)."""
    figures = {"tick_ns": round(tick * 1e9), "source": source}
    says = f"the monotonic clock steps by {tick * 1e6:.3g} µs" + (f" ({source})" if source else "")
    if tick > FINE_TICK:
        advice = "use another Python (3.13 or later on Windows) or another machine"
        return Finding("clock", "warn" if tick <= COARSE_TICK else "bad", says, advice, figures)
    if source in SLOW_CLOCKS:
        advice = "the kernel gave the processor's counter up: sudo dmesg | grep -i tsc says why"
        return Finding("clock", "warn", says, advice, figures)
    return Finding("clock", "ok", says, figures=figures)


class Cpu(NamedTuple):
    """Cores that we may use, processes that want one (mean of a minute; None: not told), and the
    governors of the cores with their driver (empty: not told)."""

    cores: int
    load: float | None = None
    governors: tuple[str, ...] = ()
    driver: str = ""


def cpu(found: Cpu) -> Finding:
    figures = found._asdict() | {"governors": list(found.governors)}
    says = [f"{found.cores} core{'s' if found.cores > 1 else ''}"]
    advice = []
    if found.load is not None:
        says.append(f"load {found.load:.2f}")
    if found.governors:
        says.append(f"governor {' and '.join(found.governors)}")
    if found.cores < 2:
        advice.append("give livegan two cores: one for the player, one for the model")
    if found.load is not None and found.load > BUSY_SHARE * found.cores:
        advice.append("close what keeps the processor busy")
    if "powersave" in found.governors and found.driver not in SELF_STEERING:
        advice.append("let the processor run at speed: sudo cpupower frequency-set -g performance")
    level: Level = "warn" if advice else "ok"
    return Finding("cpu", level, ", ".join(says), "; ".join(advice), figures)


def model(name: str, seconds: Sequence[float]) -> Finding:
    """Times of a bar, from its latent to its notes, in seconds."""
    times = spread(seconds)
    figures = {f"{key}_ms": value for key, value in times._asdict().items()}
    figures |= {"model": name, "bar_ms": BAR_MS}
    says = f"{name} makes a bar in: {shown(times)}; a bar lasts {BAR_MS:.0f} ms at {BPM} bpm"
    if times.p99 < COMFORTABLE_SHARE * BAR_MS:
        return Finding("model", "ok", says, figures=figures)
    advice = "take a smaller model (livegan models), a slower tempo or a GPU (serve's --device)"
    return Finding("model", "warn" if times.p99 < BAR_MS else "bad", says, advice, figures)


def no_model(name: str, why: str) -> Finding:
    advice = "livegan models lists those that are there"
    return Finding("model", "bad", why, advice, {"model": name})
