"""A report as one HTML page that needs nothing else: tables, piano rolls, sound."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from .excerpts import Excerpt
from .table import Cell, Document, Picture, Table

STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --bad: #b3261e; --real: #1b6e3c; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --real: #7fd8a1; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem; }
h1, h2 { line-height: 1.2; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th, td { text-align: right; vertical-align: top; }
th[scope=row], .words td { text-align: left; }
th[scope=row] { font-weight: 400; white-space: nowrap; }
tr.floor th, tr.training th, tr.held th { color: var(--real); }
tr.model { background: var(--soft); }
tr.model th { font-weight: 600; }
tr.published { font-style: italic; opacity: .85; }
td small { display: block; opacity: .8; }
td.fails { color: var(--bad); font-weight: 600; }
td.fails::after { content: " \\2717"; }
img { width: 100%; min-width: 44rem; height: auto; display: block; border-radius: .3rem; }
img.plain { width: auto; min-width: 0; }
.keys span { margin-right: 1rem; }
.keys i { display: inline-block; width: .8rem; height: .8rem; outline: 1px solid var(--line); }
audio { width: 100%; max-width: 40rem; margin: .5rem 0; }
details { margin: .3rem 0 1rem; font-size: .9rem; }
"""


def page(document: Document, excerpts: Sequence[Excerpt]) -> str:
    """The whole document with music in it."""
    title = escape(f"Evaluation on {document.data}")
    parts = [
        f"<h1>{title}</h1>",
        *(f"<p>{escape(sentence)}</p>" for sentence in document.sentences),
        "<h2>Seen and heard</h2>",
        *map(heard, excerpts),
        *map(seen, document.pictures),
        "<h2>Figures and verdicts</h2>",
        *map(as_html, document.tables),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def as_html(table: Table) -> str:
    """A table with its headings explained below."""
    wordy = ' class="words"' if table.wordy else ""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in table.headings)
    lines = "\n".join(
        f'<tr class="{line.kind}"><th scope="row">{escape(line.name)}</th>'
        + "".join(map(cell_html, line.cells))
        + "</tr>"
        for line in table.lines
    )
    explained = "".join(f"<li>{escape(said)}</li>" for said in table.explained)
    legend = f"<details><summary>What the columns say</summary><ul>{explained}</ul></details>"
    return (
        f'<div class="wide" tabindex="0"><table{wordy}><caption>{escape(table.title)}</caption>\n'
        f'<thead><tr><th scope="col">of</th>{head}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table></div>" + (legend if explained else "")
    )


def cell_html(cell: Cell) -> str:
    small = f" <small>({escape(cell.worst)})</small>" if cell.worst else ""
    fails = ' class="fails"' if cell.fails else ""
    return f"<td{fails}>{escape(cell.text)}{small}</td>"


def heard(excerpt: Excerpt) -> str:
    """A picture and its sound."""
    picture = b64encode(excerpt.picture()).decode()
    sound = b64encode(excerpt.sound()).decode()
    keys = " ".join(
        f'<span><i style="background:{colour}"></i> {escape(track)}</span>'
        for track, colour in excerpt.colours().items()
    )
    return (
        f"<section><h3>{escape(excerpt.title)}</h3><p>{escape(excerpt.says)}</p>\n"
        f'<p class="keys">{keys}</p>\n'
        f'<div class="wide" tabindex="0"><img alt="{escape(excerpt.described())}" '
        f'src="data:image/png;base64,{picture}"></div>\n'
        f'<audio controls preload="none" aria-label="Sound of: {escape(excerpt.title)}" '
        f'src="data:audio/ogg;base64,{sound}"></audio></section>'
    )


def seen(picture: Picture) -> str:
    content = b64encode(picture.png).decode()
    return (
        f"<section><h3>{escape(picture.title)}</h3><p>{escape(picture.says)}</p>\n"
        f'<div class="wide" tabindex="0"><img class="plain" alt="{escape(picture.described)}" '
        f'src="data:image/png;base64,{content}"></div></section>'
    )
