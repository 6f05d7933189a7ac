"""Which device, how many processes, in what precision: lightning-fabric from three options."""

from __future__ import annotations

import os
from typing import Literal

import torch
from lightning_fabric import Fabric


class NoDevice(ValueError):
    """What was asked for is not here; one line says what is."""


def make_fabric(device: str, devices: int, precision: str, threads: int) -> Fabric:
    """Launched and ready. Raises `NoDevice`."""
    torch.set_num_threads(threads)
    cuda = torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise NoDevice("no CUDA here for --device cuda: use --device auto or cpu")
    on_gpu = cuda and device != "cpu"
    here, nodes = processes(devices)
    if on_gpu and here > torch.cuda.device_count():
        raise NoDevice(f"{here} processes need {here} GPUs; here are {torch.cuda.device_count()}")
    if on_gpu:
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
    fabric = Fabric(
        accelerator="cuda" if on_gpu else "cpu",
        devices=here,
        num_nodes=nodes,
        strategy="ddp" if here * nodes > 1 else "auto",
        precision=chosen_precision(precision, on_gpu),
    )
    fabric.launch()
    return fabric


def processes(asked: int) -> tuple[int, int]:
    """(processes on this machine, machines): a launcher's, if one started us, or as asked."""
    world, local = os.environ.get("WORLD_SIZE"), os.environ.get("LOCAL_WORLD_SIZE")
    if world and local:
        return int(local), int(world) // int(local)
    here = os.environ.get("LT_DEVICES", str(asked))
    if not here.isdigit():
        raise NoDevice(f"LT_DEVICES={here}: give the number of processes")
    return int(here), int(os.environ.get("LT_NUM_NODES", "1"))


def chosen_precision(precision: str, on_gpu: bool) -> Literal["32-true", "bf16-mixed"]:
    if precision == "bf16":
        return "bf16-mixed"
    wide = precision == "32" or not on_gpu or not torch.cuda.is_bf16_supported()
    return "32-true" if wide else "bf16-mixed"
