"""Which model plays: another one on request, while the music goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livegan.core.addressing import Move
from livegan.core.controls import PREFIX

from .generator import OnnxGenerator
from .model_loader import ModelCame, ModelLoader
from .osc import OscIn
from .part import Part

if TYPE_CHECKING:
    from .server import Server


class Models(Part):
    """Takes /model, and says which model plays and how it fails."""

    def __init__(self, server: Server, first: OnnxGenerator) -> None:
        self._server = server
        self._loader = ModelLoader(server.config.device, server.inbox.put)
        self._shown = first

    def act(self, move: Move, item: OscIn) -> bool:
        if move.control.name != "model":
            return False
        self._loader.load(str(move.values[0]), item.sender)
        return True

    def hear(self, item: Any) -> None:
        if isinstance(item, ModelCame) and not self._loader.superseded():
            self._take(item)

    def _take(self, came: ModelCame) -> None:
        server = self._server
        if came.generator is None:
            if not server.feedback.tells(came.sender):
                server.faults.answer(came.sender, f"{PREFIX}/model", came.why)
            server.faults.log_once("model", came.why)
            server.feedback.tell("/error", f"{PREFIX}/model", came.why)
            return
        server.send(server.conductor.use(came.generator))
        self.show()

    def show(self) -> None:
        """Say which model plays, once it does."""
        server, generator = self._server, self._server.conductor.generator
        if generator is self._shown or not isinstance(generator, OnnxGenerator):
            return
        self._shown = generator
        server.status.model, server.status.device = generator.info.name, generator.device
        server.feedback.tell_again("/model")
        server.view.say("model", f"model {generator.info.name} on {generator.device}")

    def watch(self) -> None:
        """Say why it can't make a bar."""
        failure = self._server.conductor.failure
        if failure:
            self._server.faults.log_once("model", failure)
            self._server.feedback.tell("/error", "model", failure)

    def close(self) -> None:
        self._loader.close()
