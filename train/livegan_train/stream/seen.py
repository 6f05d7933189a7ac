"""What one step of the GAN looks at: real bars, and those that were drawn beside them."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from .cells import Cells
from .data import Batch


class Seen(NamedTuple):
    """A batch as a step sees it: the bars, and those before them where they are heard (`follows`), as
    the decoder says them, with the codes of both; and what the knobs measure."""

    real: Batch
    now: Cells
    context: Cells
    code: Tensor
    code_before: Tensor
    doubt: Tensor
    follows: Tensor
    ranks: Tensor
    sounding: Tensor


class Drawn(NamedTuple):
    """Bars that were drawn; what was heard before them, `onwards` a bar that was made; from which of
    the batch's bars they have their knobs, what was asked, and where on the map they lie."""

    bars: Cells
    context: Cells
    onwards: Tensor
    other: Tensor
    knobs: Tensor
    key: Tensor
    code: Tensor
    known: Tensor
    doubt: Tensor
