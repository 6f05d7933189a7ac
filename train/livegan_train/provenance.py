"""Where and by what a model was trained: for its card."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import torch

from livegan import __version__


def code() -> str:
    """The version, and the commit where this is a checkout of the source, with '+' for what is not
    committed."""
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--exclude=*", "--dirty=+"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return f"version {__version__}"
    return f"version {__version__}, commit {said.stdout.strip()}"


def machine(device: torch.device, processes: int = 1) -> str:
    """In words: 'one thread of an AMD EPYC', or the GPU's name."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        return name if processes == 1 else f"{processes} x {name}"
    threads = torch.get_num_threads() * processes
    return f"{threads} thread{'s' if threads > 1 else ''} of {processor()}"


def processor() -> str:
    """The CPU's name as Linux tells it, or what else is known."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
