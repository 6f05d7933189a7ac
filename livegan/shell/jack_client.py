"""What RtMidi can't do with JACK: notice that the server is gone, see who is connected, and connect.

A client that makes no sound: it is never activated, so JACK's cycle does not wait for it. One whose
server has died must not be touched again, not even closed: libjack may have freed it.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_ulong, c_void_p

NO_START_SERVER = 1
IS_INPUT, IS_OUTPUT = 1, 2
MIDI = b"midi"
LIBRARIES = {"darwin": "libjack.0.dylib", "win32": "libjack64.dll"}
Say = CFUNCTYPE(None, c_char_p)
ShutDown = CFUNCTYPE(None, c_void_p)
WATCHER = "livegan-watch"
QUIET = Say(lambda text: None)
"""What libjack prints by, for as long as it is there."""


class NoJack(RuntimeError):
    """No libjack, or no server that answers."""


def load() -> ctypes.CDLL:
    """libjack, with the types of what is used of it. Raises `NoJack`."""
    try:
        jack = ctypes.CDLL(LIBRARIES.get(sys.platform, "libjack.so.0"))
    except OSError:
        raise NoJack("no libjack") from None
    jack.jack_client_open.restype = c_void_p
    jack.jack_client_open.argtypes = [c_char_p, c_int, POINTER(c_int)]
    jack.jack_on_shutdown.argtypes = [c_void_p, ShutDown, c_void_p]
    jack.jack_get_ports.restype = POINTER(c_char_p)
    jack.jack_get_ports.argtypes = [c_void_p, c_char_p, c_char_p, c_ulong]
    jack.jack_port_by_name.restype = c_void_p
    jack.jack_port_by_name.argtypes = [c_void_p, c_char_p]
    jack.jack_port_get_all_connections.restype = POINTER(c_char_p)
    jack.jack_port_get_all_connections.argtypes = [c_void_p, c_void_p]
    jack.jack_connect.argtypes = [c_void_p, c_char_p, c_char_p]
    jack.jack_client_close.argtypes = [c_void_p]
    jack.jack_free.argtypes = [c_void_p]
    return jack


class JackClient:
    """A client of the running server. Raises `NoJack`."""

    def __init__(self, name: str) -> None:
        self._jack = load()
        self._jack.jack_set_error_function(QUIET)
        self._jack.jack_set_info_function(QUIET)
        self._client = self._jack.jack_client_open(name.encode(), NO_START_SERVER, None)
        if not self._client:
            raise NoJack("no JACK server answers")
        self.alive = True
        self._on_shutdown = ShutDown(self._die)
        self._jack.jack_on_shutdown(self._client, self._on_shutdown, None)

    def _die(self, _: object) -> None:
        self.alive = False

    def inputs(self) -> list[str]:
        """Names of the MIDI ports that can be played to."""
        return self._ports(IS_INPUT)

    def outputs(self) -> list[str]:
        return self._ports(IS_OUTPUT)

    def _ports(self, flags: int) -> list[str]:
        if not self.alive:
            return []
        return self._taken(self._jack.jack_get_ports(self._client, None, MIDI, flags))

    def connections(self, port: str) -> list[str]:
        """Who is connected to a port; nobody if it is not there."""
        found = self._jack.jack_port_by_name(self._client, port.encode()) if self.alive else None
        if not found:
            return []
        return self._taken(self._jack.jack_port_get_all_connections(self._client, found))

    def connect(self, source: str, target: str) -> bool:
        """Whether they are connected now."""
        if not self.alive:
            return False
        return bool(self._jack.jack_connect(self._client, source.encode(), target.encode()) == 0)

    def close(self) -> None:
        if self.alive:
            self._jack.jack_client_close(self._client)
        self.alive = False

    def _taken(self, names: ctypes._Pointer[c_char_p]) -> list[str]:
        """A list that ends with a null; JACK wants it back."""
        texts: list[str] = []
        if not names:
            return texts
        while (name := names[len(texts)]) is not None:
            texts.append(bytes(name).decode(errors="replace"))
        self._jack.jack_free(names)
        return texts


_watchers: list[JackClient] = []
"""The living one is the last; dead ones are kept, for libjack may still look at them."""


def watcher() -> JackClient:
    """The one client by which this process looks at ports, opened when it is first asked for and then
    kept. Raises `NoJack`.

    None is opened for a look and closed again. Where a client goes while another comes, that one can
    miss it (JACK 2's clients drop such news until they have mapped their memory), and then never wakes
    whoever gets the place of the one that went.
    """
    if not _watchers or not _watchers[-1].alive:
        _watchers.append(JackClient(WATCHER))
    return _watchers[-1]
