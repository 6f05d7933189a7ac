"""A log that stays small, for daemons that run for weeks."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_BYTES = 1_000_000
"""About six hours of a line a bar; twice that is kept."""


class _Handler(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Whoever writes decides what a full disk means."""
        raise


class LogFile:
    """A text file that takes whole lines, as a view prints them. Before it would grow beyond
    `max_bytes` it is renamed to `path.1`, replacing the one before. `dated` puts the local time before
    each line. Raises `OSError` where it can't be written."""

    def __init__(self, path: Path, dated: bool, max_bytes: int = MAX_BYTES) -> None:
        self._handler = _Handler(path, maxBytes=max_bytes, backupCount=1, encoding="utf-8")
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(message)s" if dated else None))
        self._rest = ""

    def write(self, text: str, /) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._handler.emit(logging.LogRecord("", logging.INFO, "", 0, line, None, None))

    def flush(self) -> None:
        """Every line is in the file once it is whole."""

    def close(self) -> None:
        self._handler.close()
