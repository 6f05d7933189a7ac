"""What lets others in: a secret in an address, and the address as a QR code."""

from __future__ import annotations

import os

from .ports import is_loopback

VARIABLE = "LIVEGAN_PANEL_TOKEN"


def token_for(host: str) -> str | None:
    """The secret that is asked for, as it was given or by chance; none on this machine alone, unless
    it was given."""
    given = os.environ.get(VARIABLE)
    if given or is_loopback(host):
        return given or None
    import secrets  # with hashlib, where it is needed

    return secrets.token_urlsafe()


def with_token(url: str, token: str | None) -> str:
    if token is None:
        return url
    from urllib.parse import quote

    return f"{url}/?token={quote(token, safe='')}"


def qr_code(text: str) -> str:
    """Two rows a line, black on white."""
    import segno  # only where there is a terminal, and others are let in

    rows = [[bool(dark) for dark in row] for row in segno.make(text, micro=False).matrix_iter(border=2)]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    return "\n".join(
        "".join(" ▄▀█"[low + 2 * high] for high, low in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )
