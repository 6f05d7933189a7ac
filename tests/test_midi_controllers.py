"""Controllers at real ports: JACK clients that send and listen, and a daemon between."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from livegan.shell.controller_desks import ControllerDesks, ControllerSeen
from livegan.shell.keys import KeyPlayed
from livegan.shell.map_files import load_learned, load_map
from livegan.shell.midi_out import NoSuchPort

from .conftest import LIVEGAN, Client, Daemon, Synth, wait_for
from .midi_surface import Hardware

pytestmark = pytest.mark.jack

CC, NOTE = 0xB0, 0x90
MAP = """
bindings = [
    { cc = 20, to = "/density" },
    { cc = 21, to = "/velocity", pickup = true, light = true },
    { cc = 22, to = "/drift", mode = "relative", step = 0.1 },
    { cc14 = 3, to = "/xy", argument = "x" },
    { cc14 = 4, to = "/xy", argument = "y" },
    { note = 60, channel = 1, to = "/freeze", light = { off = 1, on = 3 } },
    { program = [0, 15], to = "/scene/{n}/recall" },
]
sends = [{ cc = 70, channel = 5, from = "/velocity" }]
"""

Serve = Callable[..., Daemon]
Connect = Callable[[Daemon], Client]


@pytest.fixture
def knobs(jack: str) -> Iterator[Hardware]:
    hardware = Hardware()
    yield hardware
    hardware.unplug()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An instrument's folder with the map above in it."""
    (tmp_path / "box" / "maps").mkdir(parents=True)
    (tmp_path / "box" / "maps" / "mine.toml").write_text(MAP)
    return tmp_path / "box"


@pytest.fixture
def stage(
    knobs: Hardware, folder: Path, serve: Serve, client: Connect
) -> tuple[Daemon, Client, Hardware]:
    """A daemon under that map, and a subscriber."""
    daemon = serve("--midi-in", "knobs", "--map", "mine", "--folder", str(folder))
    one = client(daemon)
    one.send("/livegan/subscribe")
    assert one.expect("/livegan/midi/map") == ("mine",)
    return daemon, one, knobs


Stage = tuple[Daemon, Client, Hardware]


def told(one: Client, address: str, *values: object) -> None:
    """Wait until this is told with these values."""
    found: tuple[Any, ...] = ()
    values = tuple(int(value) if isinstance(value, bool) else value for value in values)
    for _ in range(50):
        found = one.expect(address)
        if found == pytest.approx(values):
            return
    pytest.fail(f"{address} is {found}, not {values}")


def set_to(one: Client, address: str, *values: object) -> None:
    """Set a control by OSC, and wait until it is."""
    one.send(address, *values)
    one.send("/livegan/sync")
    told(one, address, *values)


def test_knobs_keys_and_programs_move_controls(stage: Stage) -> None:
    _, one, knobs = stage
    knobs.send((CC | 3, 20, 127))
    told(one, "/livegan/density", 1.0)
    knobs.send((CC, 22, 1), (CC, 22, 1))
    told(one, "/livegan/drift", 0.35)
    knobs.send((CC, 3, 100), (CC, 35, 7), (CC, 36, 9), (CC, 4, 20))
    told(one, "/livegan/xy", (100 << 7 | 7) / 16383, (20 << 7 | 9) / 16383)
    knobs.send((NOTE, 60, 90), (NOTE, 60, 0))
    told(one, "/livegan/freeze", True)
    knobs.send((0xC5, 2))
    one.expect("/livegan/scene/3/recall")


def light(knobs: Hardware) -> int | None:
    """What the key's light was told last."""
    told = (message[2] for message in reversed(knobs.heard) if message[:2] == (NOTE, 60))
    return next(told, None)


def test_lights_show_what_others_did_until_they_are_switched_off(stage: Stage) -> None:
    _, one, knobs = stage
    wait_for(lambda: (NOTE, 60, 1) in knobs.heard and (CC, 21, 89) in knobs.heard, 5, "first lights")
    one.send("/livegan/freeze", 1)
    wait_for(lambda: light(knobs) == 3, 5, "light")
    knobs.send((NOTE, 60, 90))
    wait_for(lambda: light(knobs) == 1, 5, "dark light")
    knobs.send((CC, 21, 89), (CC, 21, 100))
    told(one, "/livegan/velocity", 100 / 127)
    set_to(one, "/livegan/midi/feedback", False)
    set_to(one, "/livegan/freeze", True)
    set_to(one, "/livegan/midi/feedback", True)
    wait_for(lambda: (NOTE, 60, 3) in knobs.heard[4:], 5, "lights again")
    moved_by_hand = [message for message in knobs.heard if message == (CC, 21, 100)]
    assert len(moved_by_hand) <= 1, "under the finger nothing was sent, but all as the lights came back"


def test_a_knob_that_was_left_behind_takes_over_as_it_comes_by(stage: Stage) -> None:
    _, one, knobs = stage
    knobs.send((CC, 21, 10), (CC, 20, 1))
    told(one, "/livegan/density", 1 / 127)
    knobs.send((CC, 21, 100))
    told(one, "/livegan/velocity", 100 / 127)
    set_to(one, "/livegan/velocity", 0.1)
    wait_for(lambda: (CC, 21, 13) in knobs.heard, 5, "the controller to know")
    knobs.send((CC, 21, 99), (CC, 20, 2))
    told(one, "/livegan/density", 2 / 127)
    one.send("/livegan/sync")
    assert one.expect("/livegan/velocity") == pytest.approx((0.1,))


def test_a_value_goes_out_as_cc_at_our_own_port(stage: Stage, listen: Callable[[], Synth]) -> None:
    _, one, _ = stage
    synth = listen()
    one.send("/livegan/velocity", 1.0)
    wait_for(lambda: (CC | 4, 70, 127) in [event[1:] for event in synth.heard], 5, "CC out")


def test_learned_controllers_move_and_come_back_at_the_next_start(
    stage: Stage, folder: Path, serve: Serve, client: Connect
) -> None:
    daemon, one, knobs = stage
    one.send("/livegan/midi/learn", "/register")
    told(one, "/livegan/midi/learn", "/livegan/register")
    knobs.send(*((CC | 1, 50, value) for value in (60, 62, 64)))
    assert one.expect("/livegan/midi/bound") == ("/livegan/register", "CC 50, channel 2")
    told(one, "/livegan/register", 64 / 127)
    one.send("/livegan/midi/learn", "/xy")
    told(one, "/livegan/midi/learn", "/livegan/xy")
    knobs.send((CC, 51, 10))
    assert one.expect("/livegan/midi/bound") == ("/livegan/xy", "x: CC 51, channel 1")
    knobs.send((CC, 51, 12), (CC, 52, 127))
    assert one.expect("/livegan/midi/bound") == ("/livegan/xy", "y: CC 52, channel 1")
    one.send("/livegan/midi/learn", "/morph=3,8")
    told(one, "/livegan/midi/learn", "/livegan/morph=3,8")
    knobs.send((NOTE, 10, 100))
    assert one.expect("/livegan/midi/bound") == ("/livegan/morph", "note 10, channel 1, trigger")
    one.send("/livegan/midi/forget", "/density")
    assert one.expect("/livegan/midi/bound") == ("/livegan/density", "")
    one.send("/livegan/midi/save", "all")
    wait_for((folder / "maps" / "all.toml").exists, 5, "saved map")
    assert daemon.stop() == 0
    learned = {binding.address for binding in load_learned(folder).bindings}
    assert learned == {"/register", "/xy", "/morph"}
    whole = {binding.address for binding in load_map(folder, "all").bindings}
    assert learned < whole
    assert "/density" not in whole

    again = client(serve("--midi-in", "knobs", "--folder", str(folder)))
    again.send("/livegan/subscribe")
    again.expect("/livegan/register")
    knobs.send((CC | 1, 50, 127))
    told(again, "/livegan/register", 1.0)


def test_learning_can_be_given_up_and_says_what_it_can_not_do(stage: Stage) -> None:
    _, one, knobs = stage
    one.send("/livegan/midi/learn", "/density")
    told(one, "/livegan/midi/learn", "/livegan/density")
    one.send("/livegan/midi/learn")
    told(one, "/livegan/midi/learn", "")
    knobs.send((CC, 20, 127))
    told(one, "/livegan/density", 1.0)
    for address, why in (("/nowhere", "there is no control"), ("/z", "many numbers")):
        one.send("/livegan/midi/learn", address)
        found = one.expect("/livegan/error")
        assert found[0] == "/livegan/midi/learn"
        assert why in found[1]
    one.send("/livegan/midi/forget", "/humanise")
    assert "no controller moves /livegan/humanise" in one.expect("/livegan/error")[1]
    one.send("/livegan/midi/map", "../secret")
    assert "a name is" in one.expect("/livegan/error")[1]
    one.send("/livegan/midi/map", "nothing")
    assert "there are: akai-apc-mini" in one.expect("/livegan/error")[1]


def test_a_controller_that_was_unplugged_is_found_again(stage: Stage) -> None:
    daemon, one, knobs = stage
    knobs.unplug()
    told(one, "/livegan/midi/port", "Knobs:out", False)
    other = Hardware()
    try:
        told(one, "/livegan/midi/port", "Knobs:out", True)
        wait_for(lambda: (NOTE, 60, 1) in other.heard, 5, "lights")
        other.send((CC, 20, 127))
        told(one, "/livegan/density", 1.0)
    finally:
        other.unplug()
    assert daemon.process.poll() is None


def test_a_killed_process_of_the_ports_is_followed_by_another(stage: Stage) -> None:
    daemon, one, knobs = stage
    ports = [
        child
        for child in psutil.Process(daemon.process.pid).children()
        if "livegan.shell.controller_process" in child.cmdline()
    ]
    os.kill(ports[0].pid, signal.SIGKILL)
    told(one, "/livegan/midi/port", "Knobs:out", False)
    told(one, "/livegan/midi/port", "Knobs:out", True)
    knobs.send((CC, 20, 127))
    told(one, "/livegan/density", 1.0)


def test_without_a_name_there_is_a_port_called_controls(
    knobs: Hardware, serve: Serve, client: Connect, folder: Path
) -> None:
    one = client(serve("--map", "generic", "--folder", str(folder)))
    one.send("/livegan/subscribe")
    one.expect("/livegan/midi/map")
    knobs.connect("controls")
    knobs.send((CC, 19, 127))
    told(one, "/livegan/density", 1.0)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--midi-in", "no such thing"], "no MIDI input has 'no such thing' in its name; there are: "),
        (["--map", "no such map"], "there is no map 'no such map'; there are: akai-apc-mini, "),
        (["--map", "broken"], "broken.toml: binding 1 (/nowhere): there is no control"),
        (["--midi-in", ""], "a name is wanted"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    arguments: list[str], why: str, jack: str, folder: Path
) -> None:
    (folder / "maps" / "broken.toml").write_text('bindings = [{ cc = 1, to = "/nowhere" }]')
    command = [*LIVEGAN, "serve", "--port", "0", "--folder", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert why in done.stderr


def test_keys_that_no_map_takes_are_passed_on_as_music(knobs: Hardware) -> None:
    passed: list[Any] = []
    desks = ControllerDesks(["knobs"], passed.append, passed.append)
    desks.open()
    desks.wait()
    try:
        knobs.send((NOTE | 2, 60, 90), (NOTE | 2, 60, 0), (CC, 64, 127), (CC, 5, 1))
        wait_for(lambda: len(passed) == 4, 5, "three messages")
    finally:
        desks.close()
    assert passed[0] == ControllerSeen("Knobs:out", True)
    assert all(isinstance(item, KeyPlayed) for item in passed[1:])
    assert [item[1:] for item in passed[1:]] == [(0x92, 60, 90), (0x82, 60, 0), (CC, 64, 127)]


def test_a_controller_that_is_not_there_is_an_error_at_first(jack: str) -> None:
    desks = ControllerDesks(["no such thing"], print, print)
    desks.open()
    with pytest.raises(NoSuchPort, match="no such thing"):
        desks.wait()


def test_livegan_lists_ports_and_maps(knobs: Hardware, folder: Path) -> None:
    ports = subprocess.run([*LIVEGAN, "ports"], capture_output=True, text=True, check=True).stdout
    assert "Knobs:out\tUNIX_JACK\tinput" in ports
    command = [*LIVEGAN, "maps", "--folder", str(folder)]
    maps = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "korg-nanokontrol2\tKorg nanoKONTROL2\t" in maps
    assert str(folder / "maps" / "mine.toml") in maps
