"""TensorBoard events, written as they come: a full disk is then an error of ours, not of a thread."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


class Board:
    """One event file in a folder. Raises `OSError` where it can't be written."""

    def __init__(self, folder: Path, step: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.3f}.{os.getpid()}"
        self.file = (folder / name).open("wb")
        self.records = RecordWriter(self.file)
        self._write(Event(file_version="brain.Event:2"))
        # what a run that was killed had written beyond this step is void
        self._write(Event(step=step, session_log=SessionLog(status=SessionLog.START)))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        found = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self._write(Event(step=step, summary=Summary(value=found)))

    def picture(self, step: int, tag: str, picture: Image.Image) -> None:
        png = io.BytesIO()
        picture.save(png, "PNG")
        image = Summary.Image(
            height=picture.height,
            width=picture.width,
            colorspace=3,
            encoded_image_string=png.getvalue(),
        )
        self._write(Event(step=step, summary=Summary(value=[Summary.Value(tag=tag, image=image)])))

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self.records.write(event.SerializeToString())
        self.file.flush()

    def close(self) -> None:
        self.file.close()
