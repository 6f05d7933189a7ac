"""Time for the player: real-time priority and locked memory, wherever the system grants them.

Runs in the player's process: it imports no numpy, and what it asks for never delays the music.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable

FIFO_PRIORITY = 60
RTKIT_PRIORITY = 20
"""The highest that RealtimeKit hands out, unless it was set up otherwise."""
RTKIT_SECONDS = 0.3
RTKIT = "org.freedesktop.RealtimeKit1"
WARNED_AFTER, KILLED_AFTER = 150_000, 200_000
"""Microseconds at real-time priority without a pause; RealtimeKit asks for such a limit."""
MACH_TIME_CONSTRAINT = 2
MACH_COMPUTATION, MACH_CONSTRAINT = 0.001, 0.002
"""Seconds: how long the player computes at a wake-up, its final spin included, and by when it must be
done."""
AVRT_CRITICAL = 2
MCL_CURRENT_AND_FUTURE = 3
SPARE_BYTES = 512 << 20
CAP_IPC_LOCK = 1 << 14
LIMITS = "/etc/security/limits.d/livegan.conf"
MEMLOCK = "memlock unlimited"


def ask_for_realtime() -> str:
    """Real-time priority for the process's main thread: by what it was granted, or nothing. Takes
    no longer than `RTKIT_SECONDS`."""
    for way in WAYS.get(sys.platform, ()):
        with contextlib.suppress(Exception):  # each fails in a way of its own, and the music goes on
            return way()
    return ""


def fifo() -> str:
    """First-in-first-out scheduling: at our priority, or else the highest that this user may have."""
    import resource

    allowed = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(FIFO_PRIORITY))
    except PermissionError:
        os.sched_setscheduler(0, policy, os.sched_param(allowed))
    return f"SCHED_FIFO at {os.sched_getparam(0).sched_priority}"


def rtkit() -> str:
    """RealtimeKit, which desktops have for PipeWire. In return the kernel may stop a player that never
    pauses: it is warned before, and gives its priority back."""
    import resource
    import subprocess

    def give_back(*_: object) -> None:
        policy = os.SCHED_OTHER | os.SCHED_RESET_ON_FORK  # the flag can't be taken back
        os.sched_setscheduler(0, policy, os.sched_param(0))

    signal.signal(signal.SIGXCPU, give_back)
    resource.setrlimit(resource.RLIMIT_RTTIME, (WARNED_AFTER, KILLED_AFTER))
    path, method = f"/{RTKIT.replace('.', '/')}", "MakeThreadRealtimeWithPID"
    thread = str(os.getpid())
    busctl = ["busctl", "--system", "call", RTKIT, path, RTKIT, method, "ttu"]
    dbus_send = ["dbus-send", "--system", "--print-reply", f"--dest={RTKIT}", path, f"{RTKIT}.{method}"]
    commands = (
        [*busctl, thread, thread, str(RTKIT_PRIORITY)],
        [*dbus_send, f"uint64:{thread}", f"uint64:{thread}", f"uint32:{RTKIT_PRIORITY}"],
    )
    for command in commands:
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(
                command,
                check=True,
                timeout=RTKIT_SECONDS,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            return f"RealtimeKit at {RTKIT_PRIORITY}"
    raise FileNotFoundError("neither busctl nor dbus-send")


def time_constraint() -> str:
    """macOS's own way for audio and MIDI threads."""
    import ctypes

    mach = ctypes.CDLL(None)
    base = (ctypes.c_uint32 * 2)()
    mach.mach_timebase_info(base)
    ticks_per_second = 1e9 * base[1] / base[0]
    computation, constraint = (int(s * ticks_per_second) for s in (MACH_COMPUTATION, MACH_CONSTRAINT))
    policy = (ctypes.c_uint32 * 4)(0, computation, constraint, 1)
    mach.mach_thread_self.restype = ctypes.c_uint32
    thread = ctypes.c_uint32(mach.mach_thread_self())
    if mach.thread_policy_set(thread, MACH_TIME_CONSTRAINT, policy, ctypes.c_uint32(len(policy))):
        raise OSError("thread_policy_set")
    return "time constraint"


def pro_audio() -> str:
    """Windows' multimedia class scheduler, and a timer that ticks every millisecond instead of 16."""
    import ctypes

    if sys.platform == "win32":
        ctypes.WinDLL("winmm").timeBeginPeriod(1)
        avrt, task = ctypes.WinDLL("avrt"), ctypes.c_ulong(0)
        avrt.AvSetMmThreadCharacteristicsW.restype = ctypes.c_void_p
        handle = avrt.AvSetMmThreadCharacteristicsW("Pro Audio", ctypes.byref(task))
        if not handle:
            raise OSError("AvSetMmThreadCharacteristics")
        avrt.AvSetMmThreadPriority(ctypes.c_void_p(handle), AVRT_CRITICAL)
    return "MMCSS Pro Audio"


WAYS: dict[str, tuple[Callable[[], str], ...]] = {
    "linux": (fifo, rtkit),
    "darwin": (time_constraint,),
    "win32": (pro_audio,),
}
"""By platform, the best first."""


def lock_memory() -> bool:
    """Keep all pages in memory, those to come too; True if they are. Linux alone has that. A limit
    that we could reach is left alone: past it, allocating fails in the middle of the music."""
    import ctypes

    with contextlib.suppress(Exception):
        return may_lock() and ctypes.CDLL(None).mlockall(MCL_CURRENT_AND_FUTURE) == 0
    return False


def may_lock() -> bool:
    """Is there room for what we have and for far more than we will ever need?"""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    with open("/proc/self/status") as lines:
        status = dict(line.split(":", 1) for line in lines)
    size = int(status["VmSize"].split()[0]) << 10
    unlimited = limit == resource.RLIM_INFINITY or bool(int(status["CapEff"], 16) & CAP_IPC_LOCK)
    return unlimited or limit >= size + SPARE_BYTES


def how_to_grant() -> str:
    """What the user can do to be granted real-time priority, in a line; with it goes locked memory."""
    if sys.platform != "linux":
        return "see docs/timing.md"
    return f"install rtkit, or {limits(f'rtprio {FIFO_PRIORITY}', MEMLOCK)}"


def how_to_lock() -> str:
    """The same for locked memory alone; empty where the system has no such thing."""
    return limits(MEMLOCK) if sys.platform == "linux" else ""


def limits(*rights: str) -> str:
    lines = " and ".join(f"'@{group()} - {right}'" for right in rights)
    return f"put {lines} into {LIMITS} and log in again"


def group() -> str:
    """The user's own group."""
    import grp

    try:
        return grp.getgrgid(os.getgid()).gr_name
    except KeyError:
        return str(os.getgid())
