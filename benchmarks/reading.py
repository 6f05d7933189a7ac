"""From MIDI files to bars: livegan beside pypianoroll, and the memory of many files.

    python -m benchmarks.reading FOLDER                  # how much faster, on the same files
    python -m benchmarks.reading FOLDER --copies 10000   # peak memory while preparing so many

Both readers get the same files in turn, in one process on one core, and go from the file to bit-packed
binary bars of the five families. Copies are the folder's files with their pitches shuffled, so that no
two are the same song.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
import symusic
from numpy.typing import NDArray

from livegan_train.prepare.families import FAMILIES, family_of
from livegan_train.prepare.reading import Drawn, read_source
from livegan_train.prepare.song import Settings
from livegan_train.prepare.sources import Source, find_sources
from livegan_train.prepare.tracks import plan_of

SETTINGS = Settings(plan=plan_of(FAMILIES["lpd5"]), max_bars=20_000)
COMMAND = "from livegan_train.prepare.cli import prepare; prepare()"
SAMPLE_SECONDS = 0.05


def by_pypianoroll(source: Source) -> NDArray[np.uint8]:
    """Packed bars `[bar, byte]` of a file, by pypianoroll."""
    import pypianoroll

    song = pypianoroll.read(source.path, resolution=24)
    steps = -(-max(len(track.pianoroll) for track in song.tracks) // 96) * 96
    roll = np.zeros((steps, 84, 5), bool)
    for track in song.tracks:
        family = family_of("lpd5", track.program, track.is_drum)
        if family >= 0:
            roll[: len(track.pianoroll), :, family] |= track.pianoroll[:, 24:108] > 0
    return np.packbits(roll.reshape(steps // 96, -1), axis=1)


def by_livegan(source: Source) -> Drawn:
    drawn = read_source(source, SETTINGS)
    if not isinstance(drawn, Drawn):
        raise ValueError(drawn.reason)
    return drawn


def seconds(read: Callable[[Source], object], source: Source) -> float:
    start = time.perf_counter()
    read(source)
    return time.perf_counter() - start


def compare(sources: Iterable[Source]) -> None:
    """Print both readers' times and how many times faster livegan is."""
    ours, theirs, unread = [], [], 0
    for source in sources:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                both = seconds(by_livegan, source), seconds(by_pypianoroll, source)
        except Exception:  # what one of them can't read is no race
            unread += 1
            continue
        ours.append(both[0])
        theirs.append(both[1])
    if not ours:
        raise SystemExit("no file that both can read")
    print(f"{len(ours)} files read by both, {unread} not by one of them")
    for name, times in (("livegan", ours), ("pypianoroll", theirs)):
        print(f"{name:12} {sum(times):8.2f} s, in the middle {1e3 * median(times):8.2f} ms a file")
    each = median(b / a for a, b in zip(ours, theirs, strict=True))
    print(f"livegan is {sum(theirs) / sum(ours):.1f} times as fast ({each:.1f} in the middle)")


def write_copies(paths: list[Path], count: int, folder: Path) -> None:
    """Files with the pitches of each track shuffled."""
    random = np.random.default_rng(0)
    for number in range(count):
        score: Any = symusic.Score.from_midi(paths[number % len(paths)].read_bytes(), "tick", True)
        for track in score.tracks:
            notes = track.notes.numpy()
            notes["pitch"] = random.permutation(np.arange(128))[notes["pitch"]].astype(np.int8)
            track.notes = symusic.Note.from_numpy(**notes, ttype="tick")
        score.dump_midi(str(folder / f"{number:06}.mid"))


def measure_memory(folder: Path, out: Path, jobs: int) -> None:
    """Prepare a folder and print the peak of parent and workers together."""
    command = [sys.executable, "-c", COMMAND, str(folder), str(out), "--jobs", str(jobs)]
    start, peak, parent_peak = time.perf_counter(), 0, 0
    process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while process.poll() is None:
        try:
            family = [process, *process.children(recursive=True)]
            used = [member.memory_info().rss for member in family]
        except psutil.NoSuchProcess:
            continue
        peak, parent_peak = max(peak, sum(used)), max(parent_peak, used[0])
        time.sleep(SAMPLE_SECONDS)
    files = len(list(folder.iterdir()))
    print(
        f"{files:,} files, {jobs} workers: peak {peak / 2**20:.0f} MiB in all, "
        f"{parent_peak / 2**20:.0f} MiB of it the parent; {time.perf_counter() - start:.1f} s"
    )
    print(process.stdout.read().splitlines()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=60, help="how many files to race over")
    parser.add_argument("--copies", type=int, default=0, help="measure memory over so many files")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    found = [
        source
        for source in find_sources([given.folder], Path("none.npz"), print)
        if source.kind == "midi"
    ]
    if not given.copies:
        compare(found[:: max(1, len(found) // given.files)])
        return
    with tempfile.TemporaryDirectory() as place:
        for count in (given.copies // 10, given.copies):
            folder = Path(place) / str(count)
            folder.mkdir()
            write_copies([source.path for source in found], count, folder)
            measure_memory(folder, Path(place) / f"{count}.npz", given.jobs)


if __name__ == "__main__":
    main()
