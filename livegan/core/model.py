"""What a model file says of itself: the JSON under the metadata key `livegan` of its ONNX graph."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .decode import HEADS
from .music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR

METADATA_KEY = "livegan"
VERSION = 1
MAX_LATENT = 4096
MAX_PHRASE = 64


class BadModel(ValueError):
    """Not a model that we can play; one line says why."""


@dataclass(frozen=True, slots=True)
class Track:
    """`program` is General MIDI, from 0; `note_quantiles` are notes a bar of its training data, from
    the sparsest bar to the densest, at even distances. A `given` track is not made by the model but
    heard by it, as the tune that it accompanies."""

    name: str
    program: int
    drums: bool
    note_quantiles: tuple[float, ...]
    given: bool = False


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """`phrase` is how many bars the model makes of one latent, one at a time; `quality` holds what was
    measured on the exported file; `origin` how it was trained."""

    name: str
    head: str
    latent: int
    tracks: tuple[Track, ...]
    steps_per_bar: int = STEPS_PER_BAR
    lowest_pitch: int = LOWEST_PITCH
    pitches: int = PITCHES
    phrase: int = 1
    controls: tuple[str, ...] = ()
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
        if self.controls:
            raise BadModel(f"it wants the inputs {', '.join(self.controls)}, which this version lacks")

    def to_json(self) -> str:
        return json.dumps({"version": VERSION, **asdict(self)})


def model_info(text: str) -> ModelInfo:
    """Read and check the metadata. Raises `BadModel`."""
    try:
        content = json.loads(text)
        version = content.pop("version")
        if version != VERSION:
            raise BadModel(f"its format is version {version}; this version reads {VERSION}")
        tracks = tuple(
            Track(
                t["name"],
                int(t["program"]),
                bool(t["drums"]),
                tuple(t["note_quantiles"]),
                bool(t.get("given", False)),
            )
            for t in content.pop("tracks")
        )
        return ModelInfo(tracks=tracks, controls=tuple(content.pop("controls")), **content)
    except BadModel:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadModel(f"its livegan metadata can't be read ({error})") from None
