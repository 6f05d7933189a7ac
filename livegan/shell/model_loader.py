"""Loading models while the music plays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from .generator import OnnxGenerator, load_model
from .osc import Address


@dataclass(frozen=True, slots=True)
class ModelCame:
    """A model was loaded on request, or could not be."""

    generator: OnnxGenerator | None
    why: str
    sender: Address


LOADING_SECONDS = 10.0


class ModelLoader:
    """One at a time, on a thread; of several requests the last counts."""

    def __init__(self, device: str, receive: Callable[[ModelCame], None]) -> None:
        self._device = device
        self._receive = receive
        self._busy = False
        self._wanted: tuple[str, Address] | None = None
        self._thread: threading.Thread | None = None

    def load(self, wanted: str, sender: Address) -> None:
        if self._busy:
            self._wanted = (wanted, sender)
            return
        self._busy = True
        self._thread = threading.Thread(
            target=self._work, args=(wanted, sender), name="model", daemon=True
        )
        self._thread.start()

    def _work(self, wanted: str, sender: Address) -> None:
        try:
            self._receive(ModelCame(load_model(wanted, self._device), "", sender))
        except Exception as error:  # whatever is wrong with a file, the music goes on
            self._receive(ModelCame(None, str(error), sender))

    def superseded(self) -> bool:
        """To be asked when a model came: was another one asked for meanwhile? Then it loads now."""
        self._busy = False
        if self._wanted is None:
            return False
        (wanted, sender), self._wanted = self._wanted, None
        self.load(wanted, sender)
        return True

    def close(self) -> None:
        """Wait for a model that is being loaded: a process that ends meanwhile is aborted."""
        if self._thread is not None:
            self._thread.join(LOADING_SECONDS)
