"""The surfaces that a row of the table is tried on: where a hand moves it, and where it is shown."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from queue import Queue
from typing import Any, Protocol

from click.testing import CliRunner
from pythonosc.osc_message_builder import OscMessageBuilder
from websockets.exceptions import ConnectionClosed

from livegan.core.controls import PREFIX, Control
from livegan.shell.osc import OscIn, OscPort

from .conftest import Daemon, wait_for
from .panel_client import page_of

send_command = importlib.import_module("livegan.cli.send")
Values = tuple[Any, ...]
AFTER = "/after"
"""No control's address: what is sent to it is refused, after all that was sent before."""


class Surface(Protocol):
    """Addresses are without the prefix."""

    def can_send(self, address: str, values: Sequence[Any]) -> bool:
        """Whether one can say this there at all: a MIDI fader has no values beyond its ends."""
        ...

    def shows(self, address: str, values: Sequence[Any]) -> bool:
        """Whether it shows a control that has these values, or is only a hand."""
        ...

    def near(self, control: Control) -> tuple[float, ...]:
        """How exactly each of its values is set or shown there."""
        ...

    def move(self, address: str, *values: Any) -> None:
        """Move a control."""
        ...

    def shown(self, address: str) -> Values | None:
        """What it shows of a control now: what it was told, or what was moved there since."""
        ...

    def refusal(self, address: str, *values: Any) -> str:
        """Move a control as it can't be moved: the one line that is said about it."""
        ...

    def said(self, address: str, *values: Any) -> list[str]:
        """Move a control, and wait until that is done: what was refused of it, as far as it is said
        there."""
        ...

    def close(self) -> None: ...


class Exact:
    """Everything can be said there."""

    def can_send(self, address: str, values: Sequence[Any]) -> bool:
        return True

    def near(self, control: Control) -> tuple[float, ...]:
        return (0.0,) * len(control.arguments)


class Screen(Exact):
    """Shows all, and is told what was refused."""

    def __init__(self) -> None:
        self.values: dict[str, Values] = {}
        self._errors: Queue[str] = Queue()

    def send(self, address: str, values: Values) -> None:
        raise NotImplementedError

    def _told(self, address: str, values: Values) -> None:
        if address == "/error":
            self._errors.put(": ".join(values))
        else:
            self.values[address] = values

    def move(self, address: str, *values: Any) -> None:
        self.values[address] = values
        self.send(address, values)

    def shows(self, address: str, values: Sequence[Any]) -> bool:
        return True

    def shown(self, address: str) -> Values | None:
        return self.values.get(address)

    def refusal(self, address: str, *values: Any) -> str:
        """A capture that failed meanwhile is another matter."""
        self.send(address, values)
        return self._errors_until(address)[-1]

    def said(self, address: str, *values: Any) -> list[str]:
        self.move(address, *values)
        self.send(AFTER, ())
        return self._errors_until(AFTER)[:-1]

    def _errors_until(self, address: str) -> list[str]:
        errors = [self._errors.get(timeout=5)]
        while not errors[-1].startswith(PREFIX + address):
            errors.append(self._errors.get(timeout=5))
        return errors


class OscSurface(Screen):
    """A subscriber over UDP."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self._port = OscPort("127.0.0.1", 0)
        self._port.open()
        self._daemon = ("127.0.0.1", daemon.port)
        self._port.start(self._hear)
        self.send("/subscribe", ())
        wait_for(lambda: "/model" in self.values, 5, "values")

    def _hear(self, item: object) -> None:
        if isinstance(item, OscIn):
            self._told(item.address.removeprefix(PREFIX), item.values)

    def send(self, address: str, values: Values) -> None:
        message = OscMessageBuilder(PREFIX + address)
        for value in values:
            message.add_arg(value)
        assert self._port._socket is not None
        self._port._socket.sendto(message.build().dgram, self._daemon)

    def close(self) -> None:
        self._port.close()


class PageSurface(Screen):
    """The WebSocket that the panel's page has."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self._open = ExitStack()
        self._page = self._open.enter_context(page_of(daemon))
        for frame in self._page.frames:
            self._take(frame)
        self._ear = threading.Thread(target=self._hear)
        self._ear.start()

    def _take(self, frame: dict[str, Any]) -> None:
        for address, values in frame.get("values", ()):
            self._told(address, tuple(values))

    def _hear(self) -> None:
        while True:
            try:
                self._take(self._page.hear())
            except TimeoutError:
                continue
            except ConnectionClosed:
                return

    def send(self, address: str, values: Values) -> None:
        self._page.move(address, *values)

    def close(self) -> None:
        self._open.close()
        self._ear.join(5)


class CliSurface(Exact):
    """`livegan send`, in this process."""

    def __init__(self, daemon: Daemon) -> None:
        self._port = str(daemon.port)

    def _send(self, address: str, values: Sequence[Any], seconds: float) -> str:
        before, send_command.ANSWER_SECONDS = send_command.ANSWER_SECONDS, seconds
        try:
            texts = ["on" if v is True else "off" if v is False else str(v) for v in values]
            done = CliRunner().invoke(send_command.send, ["--port", self._port, address, *texts])
        finally:
            send_command.ANSWER_SECONDS = before
        return str(done.output) if done.exit_code else ""

    def move(self, address: str, *values: Any) -> None:
        refused = self._send(address, values, seconds=0)
        assert not refused, refused

    def shows(self, address: str, values: Sequence[Any]) -> bool:
        return False

    def shown(self, address: str) -> Values | None:
        return None

    def refusal(self, address: str, *values: Any) -> str:
        return self._send(address, values, seconds=1).splitlines()[-1]

    def said(self, address: str, *values: Any) -> list[str]:
        self.move(address, *values)
        return self._send(AFTER, (), seconds=1).splitlines()[-1:]

    def close(self) -> None:
        pass
