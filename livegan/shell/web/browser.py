"""The panel in the performer's own browser."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser


def has_display() -> bool:
    """Is there a screen to open a window on? Without one, a browser in the terminal would open."""
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(shown) or sys.platform in ("darwin", "win32")


def open_panel(url: str) -> None:
    """Without waiting; where there is no screen, the line that tells the address has to do."""
    if has_display():
        threading.Thread(target=webbrowser.open, args=(url,), name="browser", daemon=True).start()
