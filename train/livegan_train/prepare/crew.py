"""Worker processes, one file at a time each, that a damaged file can end without ending the run."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from .reading import Refused, Result, read_source
from .song import Settings
from .sources import Source

AHEAD = 32
"""Files in work or done out of order, for each worker: what bounds the memory of the run."""
MOST_SECONDS = 120.0
CONTEXT = get_context("spawn")


@contextmanager
def ignoring_interrupts() -> Iterator[None]:
    """What is started meanwhile ignores ctrl-C from its first instruction: the parent decides what it
    means."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def serve(connection: Connection, settings: Settings) -> None:
    """A worker: answers each source with its result until the pipe closes."""
    with suppress(EOFError, OSError):
        while True:
            connection.send(read_source(connection.recv(), settings))


Serve = Callable[[Connection, Settings], None]


class Worker:
    """A process and what it is at."""

    def __init__(self, settings: Settings, serve: Serve, most_seconds: float) -> None:
        self.settings, self.serve, self.most_seconds = settings, serve, most_seconds
        self.task: tuple[int, float] | None = None
        self.process: BaseProcess
        self.pipe: Connection
        self.start()

    def start(self) -> None:
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=self.serve, args=(theirs, self.settings), daemon=True)
        with ignoring_interrupts():
            self.process.start()
        theirs.close()

    def give(self, number: int, source: Source) -> None:
        self.task = (number, time.monotonic())
        with suppress(OSError):  # it has died: `result` finds out
            self.pipe.send(source)

    def result(self) -> tuple[int, Result] | None:
        """The number of the source and its result, or None while it works. A worker that died or takes
        too long is replaced."""
        if self.task is None:
            return None
        number, since = self.task
        answer: Result
        try:
            if not self.pipe.poll():
                if time.monotonic() - since < self.most_seconds:
                    return None
                self.renew()
                answer = Refused(f"took longer than {self.most_seconds:.0f} s to read", False)
            else:
                answer = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            self.renew()
            answer = Refused(f"damaged (it ended its reader, exit status {code})", False)
        self.task = None
        return number, answer

    def renew(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def read_all(
    sources: Sequence[Source],
    settings: Settings,
    jobs: int,
    serve: Serve = serve,
    most_seconds: float = MOST_SECONDS,
) -> Generator[Result]:
    """The result of every source, in their order, whatever the number of jobs. A file that ends its
    worker, or keeps it longer than `most_seconds`, is refused."""
    waiting = deque(enumerate(sources))
    done: dict[int, Result] = {}
    crew: list[Worker] = []
    following = 0
    try:
        while following < len(sources):
            if waiting and len(crew) < min(jobs, len(sources)):
                crew.append(Worker(settings, serve, most_seconds))
            for worker in crew:
                if worker.task is None and waiting and waiting[0][0] < following + AHEAD * jobs:
                    worker.give(*waiting.popleft())
            busy = [worker.pipe for worker in crew if worker.task is not None]
            wait(busy, timeout=0 if len(crew) < min(jobs, len(waiting)) else 1.0)
            for worker in crew:
                answer = worker.result()
                if answer is not None:
                    done[answer[0]] = answer[1]
            while following in done:
                yield done.pop(following)
                following += 1
    finally:
        for worker in crew:
            worker.stop()
