"""Every section of the scoreboard, in the order in which it is shown."""

from __future__ import annotations

from .apart import NETWORK, OVERLAP, TREES
from .band import DRUMS, LIFE, TOGETHER
from .capture import CAPTURE
from .centre import CENTRE
from .clashes import CLASHES
from .closeness import CLOSENESS
from .drift import DRIFT
from .following import FOLLOWING
from .form import FORM
from .interpolation import INTERPOLATION, INTERPOLATION_AFTER
from .knobs import KNOB, KNOB_AFTER
from .originality import ORIGINALITY
from .phrases import PHRASES
from .section import Played, Section
from .shaped import SHAPING
from .variety import VARIETY

DRAWN: tuple[Section, ...] = (
    CLOSENESS, TREES, NETWORK, OVERLAP, CLASHES, VARIETY, ORIGINALITY, FOLLOWING, DRIFT, FORM, PHRASES,
    DRUMS, TOGETHER, LIFE,
)  # fmt: skip
"""Of one seed's bars and stream, whoever made them."""
BY_HAND: tuple[Played, ...] = (
    SHAPING, CAPTURE, INTERPOLATION, INTERPOLATION_AFTER, KNOB, KNOB_AFTER, CENTRE,
)  # fmt: skip
"""Of a model that is played."""
