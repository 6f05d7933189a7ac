"""docs/osc.md, made from the table: `python -m livegan.core.reference > docs/osc.md`."""

from __future__ import annotations

from .controls import PREFIX, Control, Value
from .state import initial
from .table import ANNOUNCEMENTS, CONTROLS

FRESH = initial(seed=1, size=2)

HEAD = f"""# OSC reference

Made from the table of controls (`livegan/core/table.py`) by `make docs`.

livegan listens for OSC over UDP, by default on 127.0.0.1:9000. All addresses begin with `{PREFIX}`.
Values are taken as they come: floats for whole numbers and switches, `T`/`F` or numbers for switches;
what lies outside a range is taken to its end. A button's release (a lone 0 or `F`) is ignored. Bundles
and their time tags are honoured; address patterns are not. What can't be taken is answered with
`{PREFIX}/error`.

Moves are heard within one quantum (`{PREFIX}/quantum`); tempo and transport act at once.

## What livegan hears

| address | values | default | what it does |
|---|---|---|---|
"""

TAIL = """
## What subscribers are told

Every control above that has a value, whenever it changes, under its own address; and:

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
    """As the table says it, else as a fresh instrument has it."""
    values = control.read(FRESH) if control.read and not control.default else None
    if values is None:
        return control.default
    return " ".join(text_of(value) for value in values)


def text_of(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def reference_page() -> str:
    """The whole page, Markdown."""
    rows = [
        f"| `{PREFIX}{c.address}` | {values_of(c)} | {default_of(c)} | {c.help} |" for c in CONTROLS
    ]
    told = [f"| `{PREFIX}{told.address}` | {told.arguments} | {told.help} |" for told in ANNOUNCEMENTS]
    return HEAD + "\n".join(rows) + "\n" + TAIL + "\n".join(told) + "\n"


if __name__ == "__main__":
    print(reference_page(), end="")
