"""Everything that was found, as plain data: rows of seeds, what they are held against, the verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .judging import PAIR
from .published import PAPER_DISTANCES, rows_of, rows_of_pair
from .rows import NAN, Figure, Row, Values, number, plain, together
from .verdicts import JUDGES, Verdict, judged

FIGURES = (
    Figure("eb", "EB %", 1, "near", "empty bars"),
    Figure("upc", "UPC", 2, "near", "used pitch classes in a bar that sounds"),
    Figure(
        "upc_as_published", "UPC pub.", 2, "near", "the same by MuseGAN's code: groups of 7 semitones"
    ),
    Figure("qn", "QN %", 1, "near", "notes of at least 3 of 96 steps, the paper's text"),
    Figure("qn_as_published", "QN pub. %", 1, "near", "notes of at least 2 steps, MuseGAN's code"),
    Figure("pr", "PR %", 1, "near", "steps with 2 or more pitches, in bars that sound"),
    Figure("dp", "DP %", 1, "near", "drum onsets on sixteenths, 0.3 of those a step beside"),
    Figure("notes", "notes", 1, "near", "notes a bar, over all bars"),
    Figure("dis", "DIS %", 2, "near", "semitones among the pairs of pitch classes that sound together"),
)
DISTRIBUTION = (
    Figure(
        "oa",
        "OA",
        3,
        "high",
        "overlap area of inter-set and real intra-set distances, mean of features",
    ),
    Figure("oa_worst", "OA worst", 3, "high", "the same, of the feature that overlaps least"),
    Figure("kld", "KLD", 3, "low", "divergence of the same densities, mean of features, nats"),
    Figure("precision", "prec.", 3, "high", "bars that lie among real bars"),
    Figure("recall", "recall", 3, "high", "real bars that lie among its bars"),
    Figure("density", "dens.", 3, "high", "how many real bars' neighbourhoods its bars lie in, over 5"),
    Figure("coverage", "cov.", 3, "high", "real bars with one of its bars in their neighbourhood"),
)
OWN = (
    Figure("distinct", "distinct %", 1, "high", "different bars among those that sound"),
    Figure("jaccard", "pairs apart", 3, "near", "mean Jaccard distance of two of its bars"),
    Figure(
        "nearest", "nearest", 3, "high", "mean Jaccard distance to the nearest training bar, transposed"
    ),
    Figure("copies", "copies %", 1, "low", "bars nearer than 0.1 to a training bar"),
)
STREAM = (
    Figure("harmony", "harmony", 3, "near", "chroma cosine of consecutive bars"),
    Figure(
        "harmony_lift", "harmony lift", 3, "near", "the same, less that of random pairs of its bars"
    ),
    Figure("rhythm", "rhythm", 3, "near", "sixteenths struck in both of consecutive bars"),
    Figure("rhythm_lift", "rhythm lift", 3, "near", "the same, less that of random pairs of its bars"),
    Figure("groove", "groove", 3, "near", "MusPy's groove consistency"),
)
TONAL = (
    Figure("td", "TD", 3, "near", "tonal distance over the beats in which both tracks sound"),
    Figure("td_as_published", "TD pub.", 3, "near", "the same by MuseGAN's code"),
)
BY_KEY = {f.key: f for f in (*FIGURES, *DISTRIBUTION, *OWN, *STREAM, *TONAL)}


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a model's median is from the training data's on one track; 'beats' if every figure, as
    the text defines it and as published, is nearer than the paper's own."""

    row: str
    track: str
    values: Values

    @property
    def beats(self) -> bool:
        return all(self.values[key] < PAPER_DISTANCES[key.split("_")[0]] for key in self.values)


@dataclass(frozen=True, slots=True)
class Report:
    """`held` are the held-out split's own values, by what they are about."""

    data: str
    split: str
    bars: int
    seeds: int
    tracks: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    held: Mapping[str, Values]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()

    @property
    def floor(self) -> Row:
        return self.rows[0]

    @property
    def models(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.kind == "model")

    @property
    def pairs(self) -> list[str]:
        return [about for about in self.held if "td" in self.held[about]]

    def rows_about(self, about: str) -> list[Row]:
        return [row for row in self.rows if row.values(about)]

    def verdicts_of(self, row: Row) -> list[Verdict]:
        """Of every judge, on every track and group of tracks that the row has."""
        found = []
        for judge in JUDGES:
            several = [together(group) for group in self.groups if len(group) >= judge.together]
            for about in several if judge.together else self.tracks:
                seeds = row.values(about)
                if seeds and any(key in values for values in seeds for key in judge.keys):
                    found.append(
                        judged(judge, about, seeds, self.held[about], self.floor.values(about))
                    )
        return found

    def distances(self) -> list[Distance]:
        """The paper's comparison, for each model and each track with pitches."""
        training = self.rows[1]
        keys = ("eb", "upc", "qn", "upc_as_published", "qn_as_published")
        found = []
        for row in self.models:
            for track in row.tracks:
                values = {k: abs(row.median(track, k) - training.median(track, k)) for k in keys}
                if not math.isnan(training.median(track, "upc")):
                    found.append(Distance(row.name, track, values))
        return found

    def beaten(self) -> dict[str, bool]:
        """Does a model beat the paper's row on every track with pitches?"""
        found: dict[str, bool] = {}
        for distance in self.distances():
            found[distance.row] = found.get(distance.row, True) and distance.beats
        return found

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what could not be measured is null."""
        return {
            "data": self.data,
            "split": self.split,
            "bars": self.bars,
            "seeds": self.seeds,
            "tracks": list(self.tracks),
            "remarks": list(self.remarks),
            "held_out": {about: plain(values) for about, values in self.held.items()},
            "rows": [self._row(row) for row in self.rows],
            "published": {
                track: [{"name": p.name, **p.values} for p in rows_of(track)] for track in self.tracks
            }
            | {
                pair: [{"name": p.name, **p.values} for p in rows_of_pair(*pair.split(PAIR, 1))]
                for pair in self.pairs
            },
            "paper_distances": dict(PAPER_DISTANCES),
            "distances": [
                {"row": d.row, "track": d.track, **plain(d.values), "beats_the_paper": d.beats}
                for d in self.distances()
            ],
            "beats_the_paper_on_every_track": self.beaten(),
        }

    def _row(self, row: Row) -> dict[str, Any]:
        abouts = list(row.seeds[0])
        return {
            "name": row.name,
            "kind": row.kind,
            "tracks": list(row.tracks),
            "median": {a: plain(self._each(row, a, worst=False)) for a in abouts},
            "worst": {a: plain(self._each(row, a, worst=True)) for a in abouts},
            "seeds": [{a: plain(values) for a, values in seed.items()} for seed in row.seeds],
            "verdicts": [
                {
                    "judge": verdict.judge.name,
                    "about": verdict.about,
                    "says": verdict.says,
                    "lines": {key: str(line) for key, line in verdict.lines.items()},
                    "failures": {f.key: number(f.value) for f in verdict.failures},
                }
                for verdict in self.verdicts_of(row)
            ],
        }

    def _each(self, row: Row, about: str, worst: bool) -> dict[str, float]:
        held = self.held[about]
        return {
            key: row.worst(about, BY_KEY[key], held.get(key, NAN)) if worst else row.median(about, key)
            for key in row.values(about)[0]
        }
