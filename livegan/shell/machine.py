"""What this machine is like: clock, cores, MIDI and the sound server. Only looks, changes nothing."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from livegan.core.diagnosis import Cpu, Midi, Server

from .cores import cores
from .midi_out import NoMidi, open_output, ports_by_backend, quiet_stderr

CLOCK_SOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
CPUS = Path("/sys/devices/system/cpu")
CLOCK_READINGS = 10_000
JACK_LIBRARIES = ("libjack.so.0", "libjack.0.dylib", "/usr/local/lib/libjack.dylib", "libjack64.dll")
NO_START_SERVER = 1
TOOL_SECONDS = 2.0


def text_of(path: Path) -> str:
    """Empty where there is no such file."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def clock_tick() -> float:
    """The smallest step, in seconds, that the monotonic clock was seen to make."""
    readings = [time.monotonic() for _ in range(CLOCK_READINGS)]
    steps = [after - before for before, after in pairwise(readings) if after > before]
    return min(steps, default=time.get_clock_info("monotonic").resolution)


def clock_source() -> str:
    return text_of(CLOCK_SOURCE)


def look_at_cpu() -> Cpu:
    governors = {text_of(path) for path in CPUS.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    driver = text_of(CPUS / "cpu0/cpufreq/scaling_driver")
    return Cpu(cores(), load, tuple(sorted(governors - {""})), driver)


def look_at_midi() -> Midi:
    """Open our virtual port, and close it at once."""
    outputs = ports_by_backend()
    try:
        port = open_output(None)
    except NoMidi as error:
        return Midi(outputs, "", str(error))
    port.close()
    return Midi(outputs, port.name)


def look_at_audio() -> Server | None:
    """JACK, or PipeWire as JACK; else PipeWire alone."""
    return jack() or pipewire()


def jack() -> Server | None:
    """Be its client for a moment."""
    library = jack_library()
    if library is None:
        return None
    library.jack_client_open.restype = ctypes.c_void_p
    library.jack_get_version_string.restype = ctypes.c_char_p
    status = ctypes.c_int(0)
    with quiet_stderr():
        client = library.jack_client_open(b"livegan-doctor", NO_START_SERVER, ctypes.byref(status))
        if not client:
            return None
        handle = ctypes.c_void_p(client)
        frames, rate = library.jack_get_buffer_size(handle), library.jack_get_sample_rate(handle)
        library.jack_client_close(handle)
    version = library.jack_get_version_string() or b""
    return Server("PipeWire's JACK" if b"pipewire" in version.lower() else "JACK", frames, rate)


def jack_library() -> ctypes.CDLL | None:
    for name in JACK_LIBRARIES:
        with suppress(OSError):
            return ctypes.CDLL(name)
    return None


def pipewire() -> Server | None:
    """By its socket; what its period is, its own tool tells."""
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR", "")
    name = os.environ.get("PIPEWIRE_REMOTE", "pipewire-0")
    if not folder or not hasattr(socket, "AF_UNIX"):
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.path.join(folder, name))
        except OSError:
            return None
    return Server("PipeWire", *pipewire_period(pipewire_settings()))


def pipewire_settings() -> str:
    command = ["pw-metadata", "-n", "settings", "0"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def pipewire_period(settings: str) -> tuple[int, int]:
    """Frames and rate out of what pw-metadata prints; forced values count first, 0 is not told."""
    values = {
        key: int(value) for key, value in re.findall(r"key:'clock\.([\w-]+)' value:'(\d+)'", settings)
    }
    frames = values.get("force-quantum") or values.get("quantum", 0)
    return frames, values.get("force-rate") or values.get("rate", 0)
