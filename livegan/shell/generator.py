"""Running a model file: onnxruntime, one bar at a time."""

from __future__ import annotations

import base64
import ctypes
import sys
import time
import zlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from livegan.core.decode import HEADS, Logits, onset_and_keep, rolls_of
from livegan.core.feel import FeelMaps
from livegan.core.knobs import FREE
from livegan.core.model import (
    CRITIC_KEY,
    ENCODER_KEY,
    FEEL_KEY,
    METADATA_KEY,
    BadModel,
    ModelInfo,
    model_info,
)
from livegan.core.rendering import Cue

DEFAULT_MODEL = "piano"
TRIAL_BARS = 20
FATAL_ONLY = 4

ort.set_default_logger_severity(FATAL_ONLY)


class OnnxGenerator:
    """A loaded model. `inference_seconds` is the time of the last bar, `device` what really runs."""

    def __init__(
        self,
        info: ModelInfo,
        session: ort.InferenceSession,
        encoder: ort.InferenceSession | None = None,
        feel: ort.InferenceSession | None = None,
        critic: ort.InferenceSession | None = None,
    ) -> None:
        self.info = info
        self._encoder, self._feel, self._critic = encoder, feel, critic
        self.inference_seconds = 0.0
        self._session = session
        self._outputs = HEADS[info.head]
        on_gpu = session.get_providers()[0] == "CUDAExecutionProvider"
        self.device = "cuda" if on_gpu else "cpu"

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """The graph's own outputs for its own inputs, in the head's order."""
        outputs: list[NDArray[np.float32]] = self._session.run(self._outputs, dict(inputs))
        return outputs

    def inputs(self, cue: Cue) -> dict[str, NDArray[Any]]:
        """A cue as the graph takes it: `z` `[1, latent]`; `place` `[1]` for a model of phrases, `given`
        `[1, step, pitch]` for one that accompanies, `context` `[1, track, step, pitch]` and `controls`
        `[1, control]` for one that has them."""
        info = self.info
        inputs: dict[str, NDArray[Any]] = {"z": cue.z[None].astype(np.float32)}
        if info.phrase > 1:
            inputs["place"] = np.array([cue.place], np.int64)
        if any(track.given for track in info.tracks):
            silence = np.zeros((info.steps_per_bar, info.pitches), bool)
            given = silence if cue.given is None else cue.given
            inputs["given"] = given[None].astype(np.float32)
        if info.context:
            inputs["context"] = self._context(cue)
        if info.controls:
            free = np.full(len(info.controls), FREE, np.float32)
            inputs["controls"] = (free if cue.controls is None else cue.controls)[None]
        return inputs

    def _context(self, cue: Cue) -> NDArray[np.float32]:
        """`[1, track, step, pitch]`."""
        info = self.info
        silence = np.zeros((len(info.tracks), info.steps_per_bar, info.pitches), bool)
        return (silence if cue.context is None else cue.context)[None].astype(np.float32)

    def logits(self, cue: Cue) -> Logits:
        """One bar, each `[track, step, pitch]`. Raises `ValueError` for anything else."""
        began = time.perf_counter()
        outputs = self.run(self.inputs(cue))
        self.inference_seconds = time.perf_counter() - began
        info = self.info
        shape = (1, len(info.tracks), info.steps_per_bar, info.pitches)
        for name, output in zip(self._outputs, outputs, strict=True):
            if output.shape != shape:
                raise ValueError(f"its output {name} is {output.shape}, not {shape}")
            if not np.isfinite(output).all():
                raise ValueError(f"its output {name} is not finite everywhere")
        named = dict(zip(self._outputs, (output[0] for output in outputs), strict=True))
        return onset_and_keep(info.head, named)

    def several(self, inputs: Mapping[str, NDArray[Any]]) -> Logits:
        """Many bars at once, `[bar, track, step, pitch]`."""
        outputs = self.run(inputs)
        return onset_and_keep(self.info.head, dict(zip(self._outputs, outputs, strict=True)))

    def at(self, cue: Cue, points: NDArray[np.float64]) -> Logits:
        """The bars at many points `[point, latent]` at once, all else as in the cue."""
        one = {name: np.repeat(value, len(points), 0) for name, value in self.inputs(cue).items()}
        return self.several(one | {"z": points.astype(np.float32)})

    def onsets(self, cue: Cue, points: NDArray[np.float64]) -> NDArray[np.float32]:
        """Onset logits of the bars at many points `[point, latent]`, `[point, track, step, pitch]`."""
        return self.at(cue, points).onset

    @property
    def chooses(self) -> bool:
        """Whether it has a critic."""
        return self._critic is not None

    def forget_critic(self) -> None:
        """Play as if there were none."""
        self._critic = None

    def believable(self, cue: Cue, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """How believable its critic finds the bars at many points `[point, latent]`, each after the bar
        before: the logarithm of the odds that it is of a song, `[point]`."""
        assert self._critic is not None
        rolls = rolls_of(self.at(cue, points)).astype(np.float32)
        place = np.array([cue.place], np.int64)
        told = {"roll": rolls, "context": self._context(cue), "place": place}
        scores: NDArray[np.float64] = self._critic.run(["score"], told)[0].astype(np.float64)
        return scores

    @property
    def encodes(self) -> bool:
        return self._encoder is not None

    def encode(self, rolls: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The latents of bars `[bar, track, step, pitch]`, `[bar, latent]`. Raises `BadModel` if the
        model has no encoder."""
        if self._encoder is None:
            raise BadModel(f"{self.info.name} can't capture a bar: it has no encoder")
        found: NDArray[np.float64]
        found = self._encoder.run(["z"], {"roll": rolls.astype(np.float32)})[0].astype(np.float64)
        return found

    def feel(self, roll: NDArray[np.float32]) -> FeelMaps | None:
        """How the notes of a bar `[1, track, step, pitch]` are struck; None if that was not learned."""
        if self._feel is None:
            return None
        return FeelMaps(*(maps[0] for maps in self._feel.run(list(FeelMaps._fields), {"roll": roll})))


def shipped_models() -> dict[str, Path]:
    """Name and file of every model in the package."""
    folder = Path(str(resources.files("livegan") / "models"))
    return {file.stem: file for file in sorted(folder.glob("*.onnx"))}


def find_model(wanted: str) -> Path:
    """A shipped model by name, or a file by path. Raises `BadModel`."""
    models = shipped_models()
    if wanted in models:
        return models[wanted]
    path = Path(wanted).expanduser()
    if path.is_file():
        return path
    names = ", ".join(models) or "none"
    raise BadModel(f"no model {wanted!r}: shipped are {names}, or give the path of an .onnx file")


def load_model(wanted: str, device: str = "auto") -> OnnxGenerator:
    """Load by name or path and play one bar, so that a bad file fails here and not on stage. Raises
    `BadModel`."""
    path = find_model(wanted)
    if device == "cuda" and not cuda_is_here():
        raise BadModel("no CUDA here for --device cuda: use --device auto or cpu")
    chosen = faster_device(path) if device == "auto" else device
    generator = open_session(path, chosen)
    if device == "cuda" and generator.device != "cuda":
        raise BadModel("CUDA did not start for --device cuda: use --device auto or cpu")
    return generator


def cuda_is_here() -> bool:
    """Is this onnxruntime built for CUDA, and is there a driver? Asking onnxruntime itself would mean
    loading its whole CUDA part only to see it fail."""
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return False
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def faster_device(path: Path) -> str:
    """Whichever runs one bar in less time; the CPU where CUDA is not there."""
    if not cuda_is_here():
        return "cpu"
    try:
        gpu = open_session(path, "cuda")
    except BadModel:
        return "cpu"
    if gpu.device != "cuda":
        return "cpu"
    return "cuda" if typical_seconds(gpu) < typical_seconds(open_session(path, "cpu")) else "cpu"


def typical_seconds(generator: OnnxGenerator) -> float:
    """Median time of one bar."""
    times = []
    for _ in range(TRIAL_BARS):
        generator.logits(Cue(np.ones(generator.info.latent)))
        times.append(generator.inference_seconds)
    return float(np.median(times))


def open_session(path: Path, device: str) -> OnnxGenerator:
    """One thread: for one bar more only wait for each other. Raises `BadModel`."""
    try:
        session = session_of(path.read_bytes(), device)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise BadModel(f"{path}: not an ONNX model, or a damaged one ({reason})") from None
    said = session.get_modelmeta().custom_metadata_map
    text = said.get(METADATA_KEY)
    if text is None:
        raise BadModel(f"{path}: an ONNX model, but not livegan's (make one with livegan export)")
    try:
        generator = OnnxGenerator(
            model_info(text),
            session,
            *(part_of(said, key) for key in (ENCODER_KEY, FEEL_KEY, CRITIC_KEY)),
        )
        generator.logits(Cue(np.ones(generator.info.latent)))
    except BadModel as error:
        raise BadModel(f"{path}: {error}") from None
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise BadModel(f"{path}: it doesn't play a bar ({reason})") from None
    return generator


def part_of(said: Mapping[str, str], key: str) -> ort.InferenceSession | None:
    """A graph that the file carries beside the generator's."""
    return session_of(zlib.decompress(base64.b85decode(said[key])), "cpu") if key in said else None


def session_of(graph: bytes, device: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = FATAL_ONLY
    providers = ["CPUExecutionProvider"]
    if device == "cuda":
        providers.insert(0, "CUDAExecutionProvider")
    return ort.InferenceSession(graph, options, providers=providers)
