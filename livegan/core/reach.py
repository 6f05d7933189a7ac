"""Whether OSC reaches the daemon, judged for `livegan doctor`."""

from __future__ import annotations

from typing import NamedTuple

from .diagnosis import Finding


class Osc(NamedTuple):
    """A UDP port: free, or why it can't be had; the model of the livegan daemon that answers there
    (empty: none does); this machine's addresses in its networks, and those of them at which the port
    is or will be open."""

    host: str
    port: int
    free: bool
    why: str = ""
    daemon: str = ""
    addresses: tuple[str, ...] = ()
    open_at: tuple[str, ...] = ()


def osc(found: Osc) -> Finding:
    where = f"{found.host}:{found.port}"
    figures = {"host": found.host, "port": found.port, "free": found.free, "daemon": found.daemon}
    if found.free:
        return Finding("osc", "ok", f"{where} is free", figures=figures)
    if found.daemon:
        says = f"a livegan daemon answers at {where}, with the model {found.daemon}"
        return Finding("osc", "ok", says, "start a second one with another --port", figures)
    advice = f"choose another --port; on Linux, ss -lunp 'sport = :{found.port}' tells who has it"
    return Finding("osc", "bad", f"no daemon can listen there: {found.why}", advice, figures)


def network(found: Osc) -> Finding:
    """A firewall can't be seen from inside."""
    figures = {"addresses": list(found.addresses), "open_at": list(found.open_at)}
    if found.open_at:
        places = " and ".join(f"{address}:{found.port}" for address in found.open_at)
        says = f"other machines can send to {places}; a firewall in between can't be seen from here"
        advice = f"if nothing arrives, let UDP port {found.port} through the firewall"
        return Finding("network", "ok", says, advice, figures)
    if not found.addresses:
        says = "only programs on this machine reach the port: it has no address in any network"
        return Finding("network", "ok", says, "for a tablet, join its network first", figures)
    says = "only programs on this machine reach the port"
    everywhere = "::" if ":" in found.addresses[0] else "0.0.0.0"
    advice = (
        f"for a tablet or another computer: livegan serve --host {everywhere}, and send to "
        f"{' or '.join(found.addresses)} (UDP port {found.port} must pass the firewall)"
    )
    return Finding("network", "ok", says, advice, figures)
