"""A client that never rests: python -m benchmarks.moves HOST PORT RATE ADDRESS=VALUE...

It sends the moves in turn, so many messages a second in all; what it could not send in time it sends
later."""

from __future__ import annotations

import socket
import sys
import time
from itertools import count

from livegan.core.addressing import full_address, parse_setting
from livegan.shell.osc import build

NAP_SECONDS = 0.001


def main(host: str, port: str, rate: str, *settings: str) -> None:
    packets = []
    for setting in settings:
        move = parse_setting(setting)
        packets.append(build(full_address(move.control.address), move.given))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        began = time.monotonic()
        for number in count():
            while number >= (time.monotonic() - began) * float(rate):
                time.sleep(NAP_SECONDS)
            client.sendto(packets[number % len(packets)], (host, int(port)))


if __name__ == "__main__":
    main(*sys.argv[1:])
