"""Which kind of run a config asks for: what the loop starts, begins and steps is chosen here."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric
from torch import Tensor

from . import run as gan
from .bars import Bars, bars_from_roll
from .calibration import calibrate
from .checks import BadConfig
from .config import AnyConfig, Config
from .data import BarSet, Batches
from .run import Run, Told
from .stream import autoencoder
from .stream import gan as stream_gan
from .stream.data import StreamData
from .stream.run import StreamRun
from .stream.run import begin as begin_stream
from .stream.run import setup as setup_stream
from .stream.settling import settle as settle_stream

CALIBRATION = 512
"""Phrases from which the generator's first biases are taken."""
AnyRun = Run | StreamRun
AnyData = Batches | StreamData


def start(config: AnyConfig, train: BarSet, fabric: Fabric) -> tuple[AnyRun, AnyData]:
    """A run from its seed, and what it draws batches from. Raises `BadConfig`."""
    if isinstance(config, Config):
        batches = Batches(train, config.phrase, config.transpose, fabric.device)
        return gan.setup(config, train.tracks, fabric), batches
    if fabric.world_size > 1:
        raise BadConfig("a stream trains in one process: --devices 1")
    data = StreamData(train, config, fabric.device)
    return setup_stream(config, data, fabric), data


def begin(run: AnyRun, data: AnyData) -> None:
    """A fresh start, from the data's own density."""
    if isinstance(run, StreamRun):
        assert isinstance(data, StreamData)
        begin_stream(run, data)
        return
    assert isinstance(data, Batches)
    calibrate(run.maker, sample_of_data(run, data))
    run.ema.load_state_dict(run.generator.state_dict())


def sample_of_data(run: Run, data: Batches) -> Bars:
    """The same bars in every process; the run's own random numbers stay as they are."""
    random = torch.Generator(run.fabric.device).manual_seed(run.config.seed)
    return bars_from_roll(data.rolls(*data.choose(CALIBRATION, random)))


def train_step(run: AnyRun, data: AnyData) -> Told:
    if isinstance(run, StreamRun):
        assert isinstance(data, StreamData)
        return stream_gan.train_step(run, data)
    assert isinstance(data, Batches)
    return gan.train_step(run, data)


def settle(run: AnyRun, data: AnyData) -> None:
    """Before the averaged networks are judged."""
    if isinstance(run, StreamRun):
        assert isinstance(data, StreamData)
        settle_stream(run, data)


def pretrain_step(run: AnyRun, data: AnyData) -> Tensor:
    """One step of what comes before the GAN; its loss."""
    if isinstance(run, StreamRun):
        assert isinstance(data, StreamData)
        return autoencoder.pretrain_step(run, data)
    assert isinstance(data, Batches)
    return gan.pretrain_step(run, gan.draw_real(run, data))
