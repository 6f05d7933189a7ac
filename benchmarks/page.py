"""A page of the panel that shows all it is told: python -m benchmarks.page URL"""

from __future__ import annotations

import json
import sys
import time

from websockets.sync.client import connect

PING_SECONDS = 1.0


def main(url: str) -> None:
    with connect(url.replace("http", "ws", 1) + "/ws") as socket:
        asked = 0.0
        while True:
            if time.monotonic() - asked > PING_SECONDS:
                asked = time.monotonic()
                socket.send(json.dumps({"ping": asked * 1e3}))
            json.loads(socket.recv())


if __name__ == "__main__":
    main(*sys.argv[1:])
