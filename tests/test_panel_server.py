"""The panel's server: a real daemon, real HTTP and WebSocket clients."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path

import httpx
import psutil
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from livegan.core.state import initial
from livegan.core.table import CONTROLS
from livegan.shell.allow import may_speak
from livegan.shell.feedback import INTERVAL
from livegan.shell.generator import load_model
from livegan.shell.web.connections import MOST_CONNECTIONS
from livegan.shell.web.guard import Guard, own_names
from livegan.shell.web.invitation import qr_code
from livegan.shell.web.mailbox import Mailbox
from livegan.shell.web.outbox import Outbox
from livegan.shell.web.pages import pack_values
from livegan.shell.web.ports import WAITING

from .conftest import LIVEGAN, Client, Daemon, wait_for
from .panel_client import FREE_PORT, Page, page_of, url_of
from .test_cli import run

Serve = Callable[..., Daemon]
Connect = Callable[[Daemon], Client]
LOOPBACK = "127.0.0.1"
LATENT = load_model("piano", "cpu").info.latent


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")


@pytest.fixture
def daemon(serve: Serve, tmp_path: Path) -> Daemon:
    return serve(*FREE_PORT, "--bpm", "300", "--folder", str(tmp_path / "livegan"))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("standing")
    log = folder / "log"
    with log.open("w") as out:
        command = [*LIVEGAN, "serve", "--port", "0", *FREE_PORT, "--folder", str(folder)]
        environment = {**os.environ, "LIVEGAN_MIDI_API": "none"}
        process = subprocess.Popen(command, stdout=out, stderr=out, text=True, env=environment)
    daemon = Daemon(process, 0, log)
    yield daemon
    daemon.stop()


@pytest.fixture
def shared(standing: Daemon) -> Iterator[Page]:
    with page_of(standing) as one:
        yield one


@pytest.fixture
def page(daemon: Daemon) -> Iterator[Page]:
    with page_of(daemon) as one:
        yield one


def test_a_page_is_greeted_with_the_table_the_model_and_what_there_is_to_choose(page: Page) -> None:
    hello = page.frames[0]["hello"]
    assert [row["name"] for row in hello["table"]] == [control.name for control in CONTROLS]
    tempo = next(row for row in hello["table"] if row["name"] == "tempo")
    assert tempo["arguments"][0]["high"] == 300
    assert tempo["default"] == [120.0]
    model = hello["model"]
    assert (model["name"], model["device"], model["latent"]) == ("piano", "cpu", LATENT)
    assert model["tracks"] == [{"name": "PIANO", "drums": False, "program": 0, "channel": 0}]
    assert len(model["directions"]) == 8
    assert {"piano", "band", "trio"} <= set(hello["models"])
    assert hello["banks"] == []
    assert {"generic", "novation-launchpad"} <= set(hello["maps"])


def test_a_page_is_told_every_value_and_then_every_change(
    page: Page, daemon: Daemon, client: Connect
) -> None:
    told = dict(page.values)
    for control in CONTROLS:
        for address, values in control.values(initial(1, LATENT)):
            if control.name not in ("tempo", "seed", "latent", "coordinate"):
                assert told[address] == list(values), address
    client(daemon).send("/livegan/drift", 0.75)
    assert page.expect_value("/drift") == [0.75]


def test_what_a_page_moves_all_others_are_told_and_it_is_not(
    page: Page, daemon: Daemon, client: Connect
) -> None:
    osc = client(daemon)
    osc.send("/livegan/subscribe")
    osc.expect("/livegan/model")
    with page_of(daemon) as other:
        page.move("/density", 0.25)
        assert other.expect_value("/density") == [0.25]
        while osc.expect("/livegan/density") != (0.25,):
            pass
        page.move("/density")
        assert other.expect_value("/density") == [], "the model's own"
        page.frames.clear()
        page.move("/gate", 9)
        assert page.expect_value("/gate") == [4.0], (
            "what it became is told, where it is not what was said"
        )
        assert not any("/density" in str(frame) for frame in page.frames)
        other.move("/xy", 0.5, 0.5)
        assert page.expect_value("/xy") == [0.5, 0.5]


def test_bars_are_told_as_they_are_planned_and_as_they_were_played(page: Page) -> None:
    page.move("/play")
    plan = page.until(lambda f: f.get("plan", {}).get("bar") == 2 and f["plan"], 10, "plan of bar 2")
    assert plan["quantum"] == "step"
    planned = {(192 + start, pitch) for start, _, pitch, *_ in plan["notes"]}
    played: set[tuple[int, int]] = set()
    while not played or max(start for start, _ in played) < 288:
        notes = page.expect("played", 10)["notes"]
        assert all(len(note) == 7 and note[6] == 0 for note in notes), "of track 0"
        played |= {(start, pitch) for start, _, pitch, *_ in notes}
    assert planned
    assert planned <= played


def test_where_the_music_is_is_told_in_the_pong_clock(page: Page) -> None:
    page.move("/play")
    first, second = page.expect("grid"), page.expect("grid")
    assert second["step"] - first["step"] == 24
    assert second["ms"] - first["ms"] == pytest.approx(200.0, abs=0.1), "a beat at 300"
    page.say(ping=12.5)
    asked, now = page.expect("pong")
    assert asked == 12.5
    assert 0 <= now - second["ms"] < 2_000
    page.move("/stop")
    assert page.until(lambda f: "stopped" in f, 5, "stop")


def test_a_page_that_comes_later_sees_at_once_what_plays(page: Page, daemon: Daemon) -> None:
    page.move("/play")
    page.expect_value("/bar", 3)
    with page_of(daemon) as late:
        seen = {kind for frame in late.frames for kind in frame}
        assert {"hello", "values", "plan", "grid"} <= seen | {next(iter(late.hear()))}
        assert late.values["/bar"][0] >= 3
        assert late.values["/port"] == ["none", 0]
        assert late.read("/banks") == [], "which was told long ago"


def test_another_model_is_told(page: Page) -> None:
    page.move("/model", "trio")
    model = page.expect("model", 10)
    assert (model["name"], len(model["tracks"])) == ("trio", 3)
    assert page.values["/model"] == ["trio"]


def test_new_files_are_told(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "livegan" / "banks"
    folder.mkdir(parents=True)
    (folder / "tour.toml").write_text("")
    assert page.expect("banks") == ["tour"]
    (folder / "tour.toml").unlink()
    assert page.until(lambda frame: frame.get("banks") == [], 5, "empty list")


@pytest.mark.parametrize(
    "frame",
    [
        *(
            "",
            "[[[",
            "{}",
            "null",
            '{"move": 1}',
            '{"move": ["/density"]}',
            '{"move": ["density", [1]]}',
        ),
        *('{"move": ["/density", [[1]]]}', '{"move": ["/density", [NaN]]}', '{"ping": "now"}'),
        '{"move": ["/seed", [1' + "0" * 400 + "]]}",
        '{"move": ["/scene/1/name", ["\\ud800"]]}',
        '{"move": ["/scene/1/name", ["a\\u0000b"]]}',
        "[" * 60_000,
        b"\x00\x01",
    ],
)
def test_what_is_no_frame_is_answered_and_breaks_nothing(shared: Page, frame: str | bytes) -> None:
    shared.socket.send(frame)
    assert shared.expect_value("/error")[0] == ""
    shared.say(ping=1)
    shared.expect("pong")


def test_what_a_control_does_not_take_is_answered_to_the_page_alone(page: Page, daemon: Daemon) -> None:
    with page_of(daemon) as other:
        page.move("/tempo", "fast")
        address, why = page.expect_value("/error")
        assert address == "/livegan/tempo"
        assert "must be" in why
        page.move("/no/such/thing", 1)
        assert "no such address" in page.expect_value("/error")[1]
        page.move("/subscribe", 12345)
        page.move("/drift", 0.5)
        other.expect_value("/drift")
        assert not any("/error" in str(frame) for frame in other.frames)


def test_a_frame_that_is_too_large_ends_the_connection_and_nothing_else(
    page: Page, daemon: Daemon
) -> None:
    with page_of(daemon) as other:
        other.socket.send("x" * 70_000)
        assert other.hear_the_end() == 1009, "message too big"
    page.say(ping=1)
    page.expect("pong")


def test_a_page_that_reads_slowly_gets_the_newest_and_holds_nobody_up(
    page: Page, daemon: Daemon, client: Connect
) -> None:
    osc, count = client(daemon), 150
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.connect((LOOPBACK, int(url_of(daemon).rpartition(":")[2])))
    with page_of(daemon, sock=narrow, max_queue=1) as slow:
        for number in range(count):
            osc.send("/livegan/z", *[math.sin(place * (number + 1)) for place in range(LATENT)])
            osc.send("/livegan/drift", number / 256)
            page.expect_value("/drift", number / 256)
        slow.frames.clear()
        slow.expect_value("/drift", (count - 1) / 256)
        assert len([frame for frame in slow.frames if "/drift" in str(frame)]) < count / 2


@given(st.lists(st.tuples(st.sampled_from(["value", "error", "frame"]), st.integers(0, 9_999))))
def test_what_waits_is_the_newest_in_its_order(puts: list[tuple[str, int]]) -> None:
    outbox, values, kinds = Outbox(pack_values, ["hello"]), {}, {}
    for kind, number in puts:
        if kind == "frame":
            outbox.put(number % 5, str(number))
            kinds.pop(number % 5, None)
            kinds[number % 5] = str(number)
        else:
            address = "/error" if kind == "error" else f"/{number % 5}"
            outbox.put_value(address, (number % 5, number))
            values[kind, number % 5] = [address, [number % 5, number]]
    told = [json.dumps({"values": list(values.values())}, separators=(",", ":"))] if values else []
    assert outbox.take() == ["hello", *told, *kinds.values()]
    assert outbox.take() == []


def test_what_waits_is_bounded() -> None:
    outbox, mailbox = Outbox(pack_values), Mailbox()
    for number in range(50_000):
        outbox.put(number, "frame")
        outbox.put_value(f"/{number}", ())
        mailbox.put(number)
    values, *frames = outbox.take()
    assert len(json.loads(values)["values"]) == 4_096
    assert len(frames) == 64
    assert mailbox.waiting == 20_000


def test_a_page_that_is_gone_is_forgotten(page: Page, daemon: Daemon) -> None:
    process = psutil.Process(daemon.process.pid)
    before = process.num_fds()
    for _ in range(5):
        with page_of(daemon) as other:
            other.socket.socket.shutdown(socket.SHUT_RDWR)
    wait_for(lambda: process.num_fds() <= before, 10, "closed connection")
    page.say(ping=1)
    page.expect("pong")


def test_a_page_finds_the_daemon_again(serve: Serve) -> None:
    daemon = serve(*FREE_PORT)
    port = url_of(daemon).rpartition(":")[2]
    with page_of(daemon) as page:
        daemon.process.send_signal(signal.SIGTERM)
        assert page.hear_the_end() == 1012, "service restart"
    assert daemon.process.wait(10) == 0
    with page_of(serve("--panel", "--panel-port", port)) as again:
        again.move("/drift", 0.5)
        assert again.read("/drift") == [0.5]


def test_a_change_by_osc_is_at_the_page_in_50_ms(page: Page, daemon: Daemon, client: Connect) -> None:
    osc = client(daemon)
    page.move("/play")
    took: dict[str, list[float]] = {"alone": [], "right behind another": []}
    for number in range(200):
        kind = "right behind another" if number % 2 else "alone"
        value = (number + 1) / 256  # the same as 32 and as 64 bits
        sent = time.perf_counter()
        osc.send("/livegan/swing", value)
        page.expect_value("/swing", value)
        took[kind].append((time.perf_counter() - sent) * 1e3)
        if number % 2:
            time.sleep(2 * INTERVAL)  # then the next one is alone
    for kind, times in took.items():
        median, late = statistics.median(times), sorted(times)[98]
        print(
            f"change by OSC at the page, {kind}: median {median:.1f} ms, 99th percentile {late:.1f} ms"
        )
        assert median < 50


# who is let in


def test_the_page_its_files_and_the_piano_are_served_and_nothing_else(standing: Daemon) -> None:
    url = url_of(standing)
    index = httpx.get(url)
    assert index.status_code == 200
    assert "livegan" in index.text
    policy = index.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert index.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(f"{url}/static/index.html").text == index.text
    assert httpx.get(f"{url}/samples/A4v10.ogg").content[:4] == b"OggS"
    assert httpx.get(f"{url}/static/nothing.js").status_code == 404
    assert httpx.post(url, content=b"x").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py"),
        *(
            "/samples/%2e%2e/%2e%2e/__init__.py",
            "/static//etc/passwd",
            "/samples/..%5c..%5c__init__.py",
        ),
        *(
            "/%2e%2e/%2e%2e/etc/passwd",
            "/static/%00",
            "/server.py",
            "/.git/config",
            "/static/",
            "/samples/",
        ),
    ],
)
def test_no_path_leads_out_of_what_is_served(standing: Daemon, path: str) -> None:
    status, body = raw(
        standing, f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n"
    )
    assert status in (400, 404), body


def raw(daemon: Daemon, request: str) -> tuple[int, str]:
    """An answer to these very bytes: clients would make paths decent."""
    port = int(url_of(daemon).rpartition(":")[2])
    with socket.create_connection((LOOPBACK, port), timeout=5) as one:
        one.sendall(request.encode("latin-1"))
        answer = b""
        while part := one.recv(65_536):
            answer += part
    return int(answer.split()[1]), answer.decode("latin-1")


@pytest.mark.parametrize(
    "path", ["/", "/static/index.html", "/livegan", "/?HOST_INFO", "/samples/A4v10.ogg"]
)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "10.0.0.1"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://127.0.0.1"}, 403),
        ({"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4"}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "LOCALHOST:1234"}, 200),
    ],
)
def test_foreign_hosts_and_pages_are_refused(
    standing: Daemon, path: str, headers: dict[str, str], status: int
) -> None:
    answer = httpx.get(url_of(standing) + path, headers=headers)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
    if status != 200:
        assert "NAME" not in answer.text
        assert len(answer.text.splitlines()) == 1


@pytest.mark.parametrize("path", ["/ws", "/"])
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}],
)
def test_foreign_pages_get_no_websocket(standing: Daemon, path: str, headers: dict[str, str]) -> None:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {headers.get('Host', LOOPBACK)}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in headers.items() if name != "Host")
    )
    assert raw(standing, request + "\r\n")[0] in (403, 421)


def test_our_own_page_gets_one(standing: Daemon) -> None:
    url = url_of(standing)
    with connect(url.replace("http", "ws") + "/ws", origin=url) as one:  # type: ignore[arg-type]
        assert "hello" in json.loads(one.recv(timeout=5))


def test_elsewhere_than_on_this_machine_a_token_is_asked_for(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIVEGAN_PANEL_TOKEN", raising=False)
    daemon = serve(*FREE_PORT, "--panel-host", "0.0.0.0", "--play")
    with_token = url_of(daemon)
    base, _, token = with_token.partition("/?token=")
    url = f"http://{LOOPBACK}:{base.rpartition(':')[2]}"
    assert len(token) >= 32
    for path in ("/", "/static/index.html", "/livegan", "/?HOST_INFO", "/samples/A4v10.ogg"):
        mark = "&" if "?" in path else "?"
        assert httpx.get(url + path).status_code == 401
        assert httpx.get(f"{url}{path}{mark}token=wrong").status_code == 401
        assert httpx.get(f"{url}{path}{mark}token=").status_code == 401
        assert httpx.get(f"{url}{path}{mark}token=ä").status_code == 401
        assert httpx.get(url + path, headers={"Cookie": "livegan-1=x; ;;=,"}).status_code == 401
    for query in ("", "?token=wrong"):
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(url.replace("http", "ws") + "/ws" + query),
        ):
            pass
        assert refused.value.response.status_code == 401
    with httpx.Client() as browser:
        first = browser.get(f"{url}/?token={token}")
        assert first.status_code == 200
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert browser.get(f"{url}/static/index.html").status_code == 200, "by the cookie"
        kept = cookie.partition(";")[0]
    for query, headers in ((f"?token={token}", {}), ("", {"Cookie": kept})):
        with connect(url.replace("http", "ws") + "/ws" + query, additional_headers=headers) as one:
            assert "hello" in json.loads(one.recv(timeout=5))
    assert httpx.get(with_token).status_code == 200, "as it was printed"


def test_the_token_can_be_given(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGAN_PANEL_TOKEN", "a secret/of mine")
    daemon = serve(*FREE_PORT, "--panel-host", "0.0.0.0")
    assert url_of(daemon).endswith("/?token=a%20secret%2Fof%20mine")
    assert httpx.get(url_of(daemon)).status_code == 200
    with page_of(daemon) as page:
        page.move("/drift", 0.5)
        assert page.read("/drift") == [0.5]


def test_ten_thousand_connections_are_bounded_and_the_music_goes_on(
    page: Page, daemon: Daemon, client: Connect
) -> None:
    page.move("/play")
    process, port = psutil.Process(daemon.process.pid), int(url_of(daemon).rpartition(":")[2])
    memory, most = process.memory_info().rss, process.num_fds() + MOST_CONNECTIONS + 4 * WAITING
    with ExitStack() as held:
        for number in range(10_000):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex((LOOPBACK, port))
            held.push(one) if number < 300 else one.close()
            if number % 500 == 0:
                assert process.num_fds() <= most
        assert process.num_fds() <= most
        bar = page.expect_value("/bar", seconds=10)[0]
        assert page.expect_value("/bar")[0] == bar + 1
    assert wait_for(lambda: answers(url_of(daemon)), 10, "answer")
    assert process.memory_info().rss - memory < 16_000_000


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).status_code == 200
    except httpx.TransportError:
        return False


def test_there_are_places_for_so_many_pages(page: Page, daemon: Daemon) -> None:
    url = url_of(daemon).replace("http", "ws") + "/ws"

    def welcome() -> bool:
        with connect(url) as one:
            try:
                return "hello" in str(one.recv(timeout=5))
            except ConnectionClosed:
                return False

    with ExitStack() as others:
        for _ in range(14):
            others.enter_context(connect(url))
        with connect(url), connect(url) as one, pytest.raises(ConnectionClosed) as closed:
            one.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013, "try again later"
        wait_for(welcome, 5, "free place")


def test_osc_query_is_for_those_alone_whose_osc_is_taken() -> None:
    async def asked(client: str, port: int) -> int:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse("here")(scope, receive, send)

        allowed = (ip_network("192.168.7.0/24"),)
        guard = Guard(app, own_names("0.0.0.0"), "token", [9002], lambda host: may_speak(host, allowed))
        transport = httpx.ASGITransport(guard, client=(client, 1234))
        async with httpx.AsyncClient(transport=transport) as browser:
            return (await browser.get(f"http://localhost:{port}/")).status_code

    assert asyncio.run(asked("192.168.7.9", 9002)) == 200
    assert asyncio.run(asked("192.168.8.9", 9002)) == 403
    assert asyncio.run(asked("192.168.7.9", 9001)) == 401, "the panel's token is asked for all the same"


# ports


def test_a_port_that_is_taken_is_one_line(standing: Daemon) -> None:
    port = url_of(standing).rpartition(":")[2]
    for option in ("--panel-port", "--query-port"):
        done = run("serve", "--port", 0, "--panel", option, port)
        assert done.returncode == 2
        assert f"can't listen on 127.0.0.1:{port}" in done.stderr
        assert option in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_without_the_usual_port_it_plays_without_a_panel(serve: Serve) -> None:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((LOOPBACK, 9001))
            one.listen()
        except OSError:
            pass  # somebody else has it
        daemon = serve("--panel", "--bpm", "300", "--play")
        wait_for(lambda: "bar 2 " in daemon.log.read_text(), 10, "second bar")
    said = [line for line in daemon.log.read_text().splitlines() if "panel" in line]
    assert len(said) == 1
    assert "no panel: can't listen on 127.0.0.1:9001" in said[0]
    assert daemon.stop() == 0


def test_no_panel_is_no_panel(serve: Serve) -> None:
    daemon = serve("--no-panel")
    process = psutil.Process(daemon.process.pid)
    assert "panel" not in daemon.log.read_text()
    assert not [c for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN]


def test_the_qr_code_in_the_terminal_is_the_address() -> None:
    url = "http://192.168.1.5:9001/?token=abc"
    wanted = [
        [bool(dark) for dark in row] for row in segno.make(url, micro=False).matrix_iter(border=2)
    ]
    lines = [["▄▀█".find(half) for half in line] for line in qr_code(url).splitlines()]
    drawn = [[half in of for half in line] for line in lines for of in ((1, 2), (0, 2))]
    assert drawn[: len(wanted)] == wanted


@pytest.mark.parametrize("screen", [":9", ""])
def test_the_browser_opens_where_there_is_a_screen(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new; mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    daemon = serve(*FREE_PORT, "--open")
    if screen:
        wait_for(opened.exists, 10, "browser")
        assert opened.read_text().strip() == url_of(daemon)
    else:
        daemon.stop()
        assert not opened.exists()
