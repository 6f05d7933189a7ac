"""docs/osc.md, made from the table: `python -m livegan.core.reference > docs/osc.md`."""

from __future__ import annotations

from collections.abc import Sequence

from .controls import PREFIX, Control, Value
from .patterns import LONGEST
from .state import initial
from .table import ANNOUNCEMENTS, PARTS

FRESH = initial(seed=1, size=2)

HEAD = f"""# OSC reference

Made from the table of controls (`livegan/core/table`) by `make docs`.

livegan listens for OSC over UDP, by default on 127.0.0.1:9000. All addresses begin with `{PREFIX}`.

**Values** are taken as they come: floats for whole numbers and switches, `T`/`F`, numbers or words
(`on`, `off`) for switches, texts that are numbers for numbers. What lies outside a range is taken
to its end. A button's release (a lone 0 or `F`) is ignored. Bundles and their time tags are
honoured, up to an hour ahead. Moves are heard within one quantum (`{PREFIX}/quantum`); tempo and
transport act at once.

**Patterns** move several controls at once, in one move: `{PREFIX}/track/*/mute 1`. `*` stands for
any text, `?` for one character, `[1-3]` for one of some (`[!1]` for any but those), `{{mute,solo}}`
for one of some words, all within one part of the address; `//` for any parts between. They match
what there is now: a model's own tracks, its latent's coordinates. Of several controls those move
that can take the values. Up to {LONGEST} characters.

**Feedback.** Who sends `{PREFIX}/subscribe` is told every value at once, and then every change: at
the port that it came from, or at the port that it gives. Who moves a control is not told the same
value back, so that no fader jumps under a finger, but is told what became of a value that was taken
to the end of its range or waited for its time tag. `livegan serve --feedback HOST:PORT` (again for
more) tells from the start whoever can't subscribe. `{PREFIX}/sync` without a value tells the sender
every value once, subscribed or not. Of one address there are 30 values a second at the most; the
last one always arrives. Switches are told as 1 and 0. What can't be taken is answered with
`{PREFIX}/error`.

**From outside** livegan is reached with `--host` only: `livegan serve --host 0.0.0.0`. Then it
takes OSC from private and link-local addresses, such as 192.168.1.5, and with `--allow 192.168.1.5`
or `--allow 192.168.1.0/24` (again for more) from those only. The machine that it runs on may always
speak. What comes from others is not looked at, and the log says once that they tried.

## What livegan hears
"""

COLUMNS = "| address | values | default | what it does |\n|---|---|---|---|\n"
TITLES = {
    "transport": "Transport, tempo and clocks",
    "latent": "In the latent space",
    "memory": "What was played and set before",
    "shape": "What the music is asked to be",
    "tracks": "Each track",
    "converse": "Hearing others play",
    "surfaces": "Models, controllers, subscribers",
}

TAIL = """
## What subscribers are told

Every control above that has a value, whenever it changes, under its own address; moves that have none,
as they were made; and:

| address | types | what it says |
|---|---|---|
"""


def values_of(control: Control) -> str:
    """The arguments with their ranges."""
    texts = []
    for argument in control.arguments:
        unit = f" {argument.unit}" if argument.unit else ""
        optional = ", may be left out" if argument.optional else ""
        many = "..." if argument.many else ""
        texts.append(f"{argument.name}{many} ({argument.range}{unit}{optional})")
    return "<br>".join(texts) or "none"


def default_of(control: Control) -> str:
    """As the table says it, else as a fresh instrument has it, wherever its address has a number."""
    told = {values for _, values in control.values(FRESH)}
    if control.default or len(told) != 1:
        return control.default
    return " ".join(text_of(value) for value in told.pop())


def text_of(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def table_of(part: str, controls: Sequence[Control]) -> str:
    """One part under its heading."""
    rows = [
        f"| `{PREFIX}{c.address}` | {values_of(c)} | {default_of(c)} | {c.help} |\n" for c in controls
    ]
    return f"\n### {TITLES.get(part, part.capitalize())}\n\n{COLUMNS}{''.join(rows)}"


def reference_page() -> str:
    """The whole page, Markdown."""
    told = [f"| `{PREFIX}{t.address}` | {t.arguments} | {t.help} |\n" for t in ANNOUNCEMENTS]
    parts = (table_of(part, controls) for part, controls in PARTS.items())
    return "".join([HEAD, *parts, TAIL, *told])


if __name__ == "__main__":
    print(reference_page(), end="")
