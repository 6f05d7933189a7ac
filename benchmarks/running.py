"""Cold start and memory of the daemon."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from .processes import python
from .report import Row, Skip, figures
from .stage import EAR, Heard, ear, serve

if TYPE_CHECKING:
    import psutil

RUNS = 7
START_SECONDS = 30.0
AIM_START_SECONDS = 2.0
AIM_MB = 200.0
LONGEST_SECONDS = 60.0
JACK_MEMORY = "/dev/shm/jack"


def measure_start(model: str, with_jack: bool, say: Callable[[str], None]) -> list[Row]:
    """From the spawn of `livegan serve --play` to the first note that comes out of JACK; without JACK
    to the line that says it is up, after which the first note is due in 5 ms. Files are in the
    system's cache, as after a first start."""
    times = []
    for run in range(RUNS):
        say(f"start: {run + 1} of {RUNS}")
        times.append(first_note(model) if with_jack else first_line(model))
    found = figures(times)
    reached = found.worst < AIM_START_SECONDS if with_jack else None
    what = "spawn to first note" if with_jack else "spawn to ready (no JACK: not to the first note)"
    aim = f"worst < {AIM_START_SECONDS:g}"
    return [Row(f"{what}, {RUNS} runs", "s", found.median, None, found.worst, aim, reached)]


def first_note(model: str) -> float:
    heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    with ear(heard.put):
        began = time.monotonic()
        arguments = ("serve", "--play", "--quiet", "--port", "0", "--model", model, "--midi-out", EAR)
        with python("-m", "livegan", *arguments):
            return heard.get(timeout=START_SECONDS).seconds - began


def first_line(model: str) -> float:
    began = time.monotonic()
    with serve("--play", "--model", model):
        return time.monotonic() - began


def measure_memory(
    model: str, seconds: float, with_jack: bool, say: Callable[[str], None]
) -> list[Row]:
    """Resident set sizes after a while of playing; pages that the two share are counted twice. Every
    JACK client maps the server's own shared memory: the sum is shown with it and without. Raises `Skip`
    without psutil."""
    try:
        import psutil
    except ImportError:
        raise Skip("psutil is not installed (pip install 'livegan[dev]')") from None
    seconds = min(seconds, LONGEST_SECONDS)
    say(f"memory: after {seconds:g} s of play")
    listening = ear(lambda note: None) if with_jack else nullcontext()
    with listening, serve("--play", "--model", model, with_jack=with_jack) as daemon:
        time.sleep(seconds)
        parent = psutil.Process(daemon.process_id)
        children = parent.children(recursive=True)
        sizes = {"daemon": resident(parent), "player": sum(map(resident, children))}
        of_jack = sum(map(jacks_share, children))
    rows = [Row(f"memory after {seconds:g} s: {name}", "MB", size) for name, size in sizes.items()]
    total = sum(sizes.values())
    rows.append(total_row("memory: both", total))
    if of_jack:
        what = f"memory: both, less {of_jack:.0f} MB that are the JACK server's"
        rows.append(total_row(what, total - of_jack))
    return rows


def total_row(what: str, size: float) -> Row:
    return Row(what, "MB", size, aim=f"< {AIM_MB:g}", reached=size < AIM_MB)


def resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 1e6)


def jacks_share(process: psutil.Process) -> float:
    """What is resident of the JACK server's shared memory (Linux tells; 0 elsewhere), in MB."""
    if not sys.platform.startswith("linux"):
        return 0.0
    maps = process.memory_maps(grouped=True)
    return float(sum(m.rss for m in maps if m.path.startswith(JACK_MEMORY)) / 1e6)
