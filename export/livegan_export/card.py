"""The model card beside a model file: what was measured and what follows from it, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from livegan.core.model import ModelInfo, Track
from livegan_train.checkpoint import Checkpoint
from livegan_train.config import AnyConfig, Config
from livegan_train.stream.config import StreamConfig

COLUMNS = {
    "eb": "EB %", "upc": "UPC", "qn": "QN %", "pr": "PR %", "notes": "notes a bar", "dis": "DIS %",
    "distinct": "distinct %",
}  # fmt: skip
MEASURED, CHOSEN, CANNOT = "**Measured**", "**Chosen.**", "**What it can't do.**"
AS_PLAYED = "How notes are struck was learned from played songs, not with the notes."
PAPER = {"eb": 2.9, "upc": 1.96, "qn": 21.0}
"""How far the paper's best model was from its own data."""


def card(info: ModelInfo, checkpoint: Checkpoint, size: int, feel: bool = False) -> str:
    """Markdown. `size` is the file's, in bytes; `feel`: does it carry a graph of feel?"""
    config = checkpoint.config
    parts = [
        f"# {info.name}",
        f"{what_it_is(info, config)} {parameters(checkpoint):,} parameters, {size / 1e6:.1f} MB.",
        f"**Data.** {info.data or 'Not said.'} {checkpoint.data['bars']:,} bars of training songs.",
        f"**Credit.** {info.credit or 'Not said.'} **Licence** of the weights: "
        f"{info.licence or 'not said'}.",
        f"**Made by** the configuration `{config.name}`, seed {config.seed}, step "
        f"{checkpoint.step:,} (the best of {last_step(checkpoint):,} by validation distance, "
        f"{checkpoint.best:.1f}), and `livegan export`.{where(checkpoint)}{larger(config)}",
        f"{MEASURED} on 2,000 bars of the finished file, from fresh latents; beside them, bars of "
        "songs held out for validation:",
        table(info, checkpoint.data["valid"]),
        cannot(info, checkpoint.data["valid"], config.head, feel),
    ]
    return "\n\n".join(parts) + "\n"


def what_it_is(info: ModelInfo, config: AnyConfig) -> str:
    made = [track.name for track in info.tracks if not track.given]
    given = "".join(f", for a given {track.name}" for track in info.tracks if track.given)
    if not isinstance(config, Config):
        return stream_is(info, config)
    length = "single 4/4 bars" if info.steady == 1 else f"phrases of {info.phrase} 4/4 bars"
    head = "raw cells" if info.head == "cells" else "onset head"
    return (
        f"A generator of {length} for {', '.join(made)}{given}: network `{config.generator}`, "
        f"arrangement {config.arrangement}, {head}, {info.latent} latent dimensions."
    )


def stream_is(info: ModelInfo, config: StreamConfig) -> str:
    names = ", ".join(direction.name for direction in info.directions)
    home = f"{info.homes} numbers for the scale, " if info.homes else ""
    return (
        f"A generator of bars for {', '.join(track.name for track in info.tracks)}, each following "
        f"from the one before, at its place in a phrase of {info.phrase}, with knobs. Latent: "
        f"{home}{info.section - info.homes} for the section, {info.latent - info.section} for the "
        f"bar. Its directions: {names}. An encoder finds the latent of a bar that is played to it."
    )


def parameters(checkpoint: Checkpoint) -> int:
    return sum(tensor.numel() for tensor in checkpoint.state["ema"].values())


def last_step(checkpoint: Checkpoint) -> int:
    return int(max([checkpoint.step, *(row["step"] for row in checkpoint.history)]))


def where(checkpoint: Checkpoint) -> str:
    """Code, minutes and machine, where the checkpoint knows them."""
    data = checkpoint.data
    if "machine" not in data:
        return ""
    minutes = f"{data['seconds'] / 60:.0f} minutes"
    return f" Trained for {minutes} up to there, on {data['machine']}, by livegan {data['code']}."


def larger(config: AnyConfig) -> str:
    """A small configuration names the full one."""
    if not config.name.endswith("-small"):
        return ""
    full = config.name.removesuffix("-small")
    return (
        " Its widths are cut for a laptop; the full network is `livegan train "
        f"{full} --data bars.npz --out runs/{full}`."
    )


Valid = Sequence[Mapping[str, Any]]
"""What held-out songs measure, by track."""


def with_critic(text: str, info: ModelInfo, size: int) -> str:
    """A card of a model that has got a critic: what is measured, the size, and what it was told by."""
    valid, learned = info.origin["valid"], info.origin["critic"]
    said = (
        f"{CHOSEN} Where the latent goes by itself, the more believable of several ways is taken. The "
        f"critic that says which was trained by `livegan critic` for {learned['steps']:,} steps, seed "
        f"{learned['seed']}, on {learned['bars']:,} bars of the model and the training songs, for "
        f"{learned['seconds'] / 60:.0f} minutes on {learned['machine']}, by livegan {learned['code']}; "
        f"it tells {learned['right']:.0f} % of unseen bars right where nothing is chosen."
    )
    known = [part for part in text.strip().split("\n\n") if not part.startswith(CHOSEN)]
    parts = []
    for part in known:
        if part.startswith(MEASURED):
            parts.append(said)
        if part.startswith("| |"):
            part = table(info, valid)
        if part.startswith(CANNOT):
            part = cannot(info, valid, info.origin["config"]["head"], AS_PLAYED in part)
        parts.append(re.sub(r"parameters, [\d.]+ MB\.", f"parameters, {size / 1e6:.1f} MB.", part))
    return "\n\n".join(parts) + "\n"


def cannot(info: ModelInfo, valid: Valid, head: str, feel: bool) -> str:
    return f"{CANNOT} " + " ".join(limits(info, valid, head, feel))


def table(info: ModelInfo, valid: Valid) -> str:
    lines = [
        "| | " + " | ".join(COLUMNS.values()) + " |",
        "|---|" + "--:|" * len(COLUMNS),
    ]
    for track, held in pairs(info, valid):
        lines.append(row(track.name, info.quality[track.name]))
        lines.append(row(f"{track.name}, held-out songs", held))
    return "\n".join(lines)


def pairs(info: ModelInfo, valid: Valid) -> list[tuple[Track, Mapping[str, Any]]]:
    """Every track that the model makes, with what held-out songs measure."""
    both = zip(info.tracks, valid, strict=True)
    return [(track, held) for track, held in both if not track.given and held]


def row(name: str, values: Mapping[str, Any]) -> str:
    return f"| {name} | " + " | ".join(f"{values[key]:.3g}" for key in COLUMNS) + " |"


def limits(info: ModelInfo, valid: Valid, head: str, feel: bool) -> list[str]:
    """What the figures and the construction say against it."""
    found = []
    if info.context:
        found.append("It hears one bar back; what lasts longer is the section's latent.")
    elif info.steady == 1:
        found.append(
            "It knows no bar before the one it plays; what moves from bar to bar is the latent."
        )
    else:
        found.append("A phrase knows nothing of the one before it.")
    if any(track.given for track in info.tracks):
        found.append(
            "The figures above were taken with silence given; `livegan evaluate` gives held-out bars."
        )
    if info.head == "onset" and head != "onset48":
        found.append("Notes start on sixteenths only: no triplets, no swing.")
    found.append(
        AS_PLAYED if feel else "How notes are struck follows rules of accent: no player taught it."
    )
    for track, held in pairs(info, valid):
        found += faults(track.name, info.quality[track.name], held)
    return found


def faults(name: str, drawn: Mapping[str, Any], held: Mapping[str, Any]) -> list[str]:
    """Where a track is farther from held-out songs than the paper's model was from its data, and what
    else is plainly off."""
    found = [
        f"{name}: {COLUMNS[key].split()[0]} is {abs(drawn[key] - held[key]):.3g} off, farther than the "
        f"paper's {limit:g}."
        for key, limit in PAPER.items()
        if abs(drawn[key] - held[key]) > limit
    ]
    if drawn["dis"] > 1.5 * held["dis"] + 0.5:
        found.append(f"{name}: more semitone clashes than its data ({drawn['dis']:.1f} %).")
    if not 0.7 < (drawn["notes"] + 0.1) / (held["notes"] + 0.1) < 1.4:
        found.append(f"{name}: {drawn['notes']:.1f} notes a bar where songs have {held['notes']:.1f}.")
    if drawn["distinct"] < 0.6 * held["distinct"]:
        found.append(f"{name}: it repeats itself, {drawn['distinct']:.0f} % distinct bars.")
    return found
