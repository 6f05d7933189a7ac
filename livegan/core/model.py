"""What a model file says of itself: the JSON under the metadata key `livegan` of its ONNX graph."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

from .decode import HEADS
from .knobs import KNOBS, POP_PIANO, plays_alone
from .music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR
from .returning import FARTHEST, Way
from .state import MAX_TRACKS
from .wandering import PLAIN, Wandering

METADATA_KEY = "livegan"
ENCODER_KEY = "livegan.encoder"
"""Beside it, where the model has one: the graph from a bar to its latent, deflated, as base85."""
FEEL_KEY = "livegan.feel"
"""The same for the graph that says how a bar's notes are struck."""
CRITIC_KEY = "livegan.critic"
"""The same for the graph that says how believable bars are, each after the one before."""
VERSION = 1
MAX_LATENT = 4096
MAX_PHRASE = 64
MAX_PACE = 100
HOMES = 12
"""Numbers of a latent: the largest says the tonic of the major scale that music is in after silence."""


class BadModel(ValueError):
    """Not a model that we can play; one line says why."""


@dataclass(frozen=True, slots=True)
class Track:
    """`program` is General MIDI, from 0; `note_quantiles` are notes a bar of its training data, from
    the sparsest bar to the densest, at even distances, and `ranges` the same for the other knobs. A
    `given` track is not made by the model but heard by it, as the tune that it accompanies."""

    name: str
    program: int
    drums: bool
    note_quantiles: tuple[float, ...]
    given: bool = False
    ranges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def quantiles(self, knob: str) -> tuple[float, ...]:
        """Of a knob's values, from its share 0 to 1; pop piano's where the model has none."""
        if knob == "density":
            return self.note_quantiles
        return self.ranges.get(knob) or POP_PIANO[knob]

    @property
    def alone(self) -> bool:
        """Does it play one note at a time, as melodies do?"""
        return not self.drums and plays_alone(self.quantiles("polyphony"))


@dataclass(frozen=True, slots=True)
class Direction:
    """A way through the latent space, of unit length, named after what it measurably does."""

    name: str
    vector: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """`phrase` is how many bars make a phrase, whose places the model is told; `steady`, over how many
    of them one latent lasts; `section`, how many of the latent's first numbers say what neighbouring
    bars share, and `homes`, how many of these the scale (the largest its major tonic); `paces`, how
    many times as far as /drift says section and bar wander; `ways`, how half phrases come back in the
    songs it learned from; `groove`, by how many logits each track's rhythm holds from bar to bar
    so that it does as in songs (empty: by none); `context`, whether the model hears the bar before;
    `controls`, the knobs that it has as inputs; `quality` holds what was measured on the exported
    file; `origin` how it was trained."""

    name: str
    head: str
    latent: int
    tracks: tuple[Track, ...]
    steps_per_bar: int = STEPS_PER_BAR
    lowest_pitch: int = LOWEST_PITCH
    pitches: int = PITCHES
    phrase: int = 1
    steady: int = 1
    section: int = 0
    homes: int = 0
    paces: tuple[float, float] = PLAIN.paces
    ways: tuple[Way, ...] = PLAIN.ways
    groove: tuple[float, ...] = ()
    context: bool = False
    controls: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()
    data: str = ""
    credit: str = ""
    licence: str = ""
    quality: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.head not in HEADS:
            raise BadModel(f"its head is {self.head!r}; known are {', '.join(HEADS)}")
        if not self.tracks or not 2 <= self.latent <= MAX_LATENT:
            raise BadModel(f"it needs at least one track and 2 to {MAX_LATENT} latent dimensions")
        if len(self.tracks) > MAX_TRACKS:
            raise BadModel(f"it has {len(self.tracks)} tracks; {MAX_TRACKS} can be played")
        if not 1 <= self.phrase <= MAX_PHRASE:
            raise BadModel(f"its phrases are {self.phrase} bars; 1 to {MAX_PHRASE} can be played")
        if sum(track.given for track in self.tracks) > 1:
            raise BadModel("it wants more than one given track; this version gives one")
        grid = (self.steps_per_bar, self.lowest_pitch, self.pitches)
        if grid != (STEPS_PER_BAR, LOWEST_PITCH, PITCHES):
            raise BadModel(
                f"its bars are {self.steps_per_bar} steps of {self.pitches} pitches from "
                f"{self.lowest_pitch}; this version plays {STEPS_PER_BAR} of {PITCHES} from "
                f"{LOWEST_PITCH}"
            )
        if not 1 <= self.steady <= MAX_PHRASE or not 0 <= self.section < self.latent:
            raise BadModel(f"its latent can't be cut at {self.section} or last {self.steady} bars")
        if self.homes not in (0, HOMES) or self.homes > self.section:
            raise BadModel(
                f"its latent says the scale by {self.homes} numbers; 0 or {HOMES} can be read"
            )
        if not all(0 <= pace <= MAX_PACE for pace in self.paces):
            raise BadModel(f"its latent's paces are {self.paces}; 0 to {MAX_PACE} can be played")
        if not all(self._can_come_back(way) for way in self.ways):
            raise BadModel(f"its music comes back in {self.ways}, which this version can't play")
        if len(self.groove) not in (0, len(self.tracks)) or not all(0 <= g < inf for g in self.groove):
            raise BadModel(f"its rhythm holds by {self.groove}; each track needs a number from 0")
        if self.controls and self.controls != control_names(self.tracks):
            raise BadModel(f"it wants the inputs {', '.join(self.controls)}, which this version lacks")
        if any(len(d.vector) != self.latent for d in self.directions):
            raise BadModel(f"a direction must have {self.latent} numbers, as its latent does")

    @property
    def size(self) -> tuple[int, int, int]:
        """Latent dimensions, tracks, and dimensions that say the scale."""
        return self.latent, len(self.tracks), self.homes

    @property
    def wandering(self) -> Wandering:
        tracks = len(self.tracks)
        return Wandering(self.steady, self.section, self.paces, tracks, self.ways, self.homes)

    def _can_come_back(self, way: Way) -> bool:
        shares = all(0 <= share <= 1 for share in (way.often, *way.tracks))
        return shares and 1 <= way.bars <= FARTHEST and len(way.tracks) in (0, len(self.tracks))

    def to_json(self) -> str:
        return json.dumps({"version": VERSION, **asdict(self)})


def control_names(tracks: Sequence[Track]) -> tuple[str, ...]:
    """The knobs of a model that has them: track by track, then the tonal centre."""
    return (*(f"{knob} {track.name}" for track in tracks for knob in KNOBS), "key")


def model_info(text: str) -> ModelInfo:
    """Read and check the metadata. Raises `BadModel`."""
    try:
        content = json.loads(text)
        version = content.pop("version")
        if version != VERSION:
            raise BadModel(f"its format is version {version}; this version reads {VERSION}")
        tracks = tuple(track_of(track) for track in content.pop("tracks"))
        directions = tuple(
            Direction(str(d["name"]), tuple(map(float, d["vector"])))
            for d in content.pop("directions", ())
        )
        content.setdefault("steady", content.get("phrase", 1))  # before, a latent lasted a phrase
        controls = tuple(content.pop("controls"))
        slow, fast = content.pop("paces", PLAIN.paces)
        content["paces"] = (float(slow), float(fast))
        content["groove"] = tuple(map(float, content.pop("groove", ())))
        content["ways"] = ways_of(content.pop("ways", PLAIN.ways))
        return ModelInfo(tracks=tracks, controls=controls, directions=directions, **content)
    except BadModel:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadModel(f"its livegan metadata can't be read ({error})") from None


def track_of(content: Mapping[str, Any]) -> Track:
    return Track(
        content["name"],
        int(content["program"]),
        bool(content["drums"]),
        tuple(content["note_quantiles"]),
        bool(content.get("given", False)),
        {knob: tuple(table) for knob, table in content.get("ranges", {}).items()},
    )


def ways_of(content: Iterable[Sequence[Any]]) -> tuple[Way, ...]:
    return tuple(Way(int(back), float(often), tuple(map(float, each))) for back, often, each in content)
