"""The whole way: sources to workers to a spill to an archive, and a count of what was dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from livegan.shell.files import write_whole

from .archive import Spill, write_archive
from .choosing import splits_of
from .crew import read_all
from .likeness import Likenesses
from .reading import Drawn, Refused
from .song import Settings
from .sources import Source

UNREADABLE, SAME_FILE, SAME_SONG = "can't be read", "same file as another", "nearly the same song"


@dataclass(frozen=True, slots=True)
class Options:
    """How songs are chosen and told apart; `valid` and `test` are shares of the songs, unless `splits`
    has the split of every name."""

    valid: float = 0.1
    test: float = 0.1
    seed: int = 0
    keep_copies: bool = False
    jobs: int = 1
    splits: Mapping[str, int] | None = None


@dataclass(slots=True)
class Summary:
    """What became of the sources. `dropped` counts by reason; `splits` has each song's."""

    sources: int
    done: int = 0
    bars: int = 0
    splits: list[int] = field(default_factory=list)
    tracks: tuple[str, ...] = ()
    dropped: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False


class NoBars(ValueError):
    """No song gave a bar; the message says so, and nothing was written."""


Tell = Callable[[str, str, bool], None]
"""Called with a source's name, why it was dropped, and whether it could be read."""


class Sieve:
    """Lets every song through once."""

    def __init__(self, keep_copies: bool) -> None:
        self._keep = keep_copies
        self._digests: dict[bytes, str] = {}
        self._likenesses = Likenesses()

    def refuse(self, name: str, drawn: Drawn) -> tuple[str, str] | None:
        """Why a song is dropped, in general and in particular; None, and it is remembered, if it is
        not."""
        if self._keep:
            return None
        same = self._digests.setdefault(drawn.digest, name)
        if same != name:
            return SAME_FILE, f"the same file as {same}"
        if drawn.signature is not None:
            like = self._likenesses.like(drawn.signature)
            if like is not None:
                return SAME_SONG, f"nearly the same song as {like}"
            self._likenesses.add(name, drawn.signature)
        return None


def prepare(
    sources: Sequence[Source],
    settings: Settings,
    options: Options,
    out: Path,
    tell: Tell,
    step: Callable[[], None],
) -> Summary:
    """Read every source and write the archive, which appears whole or not at all; `step` is called
    after each source. Ctrl-C ends the reading and keeps what is done. Raises `NoBars`."""
    summary = Summary(len(sources))
    with Spill(out.resolve().parent) as spill:
        try:
            gather(sources, settings, options, spill, summary, tell, step)
        except KeyboardInterrupt:
            summary.interrupted = True
        if summary.interrupted and not spill.songs:
            raise KeyboardInterrupt
        if not spill.songs:
            raise NoBars("no song gave a bar")
        summary.bars = sum(len(song.bar_index) for song in spill.songs)
        if options.splits is None:
            groups = [song.group for song in spill.songs]
            summary.splits = splits_of(groups, options.valid, options.test, options.seed)
        else:
            summary.splits = [options.splits[song.name] for song in spill.songs]
        write_whole(
            out, lambda path: write_archive(path, spill, summary.splits, summary.tracks, settings)
        )
    return summary


def gather(
    sources: Sequence[Source],
    settings: Settings,
    options: Options,
    spill: Spill,
    summary: Summary,
    tell: Tell,
    step: Callable[[], None],
) -> None:
    """Spill every song that is new."""
    sieve = Sieve(options.keep_copies)
    with closing(read_all(sources, settings, options.jobs)) as results:
        for source, result in zip(sources, results, strict=False):
            if isinstance(result, Refused):
                summary.dropped[result.reason if result.readable else UNREADABLE] += 1
                tell(source.name, result.reason, result.readable)
            elif refusal := sieve.refuse(source.name, result):
                summary.dropped[refusal[0]] += 1
                tell(source.name, refusal[1], True)
            else:
                spill.add(source.name, source.group, result)
                summary.tracks = result.tracks
            summary.done += 1
            step()
