"""Machine code by numba. Import this only when something is to be computed.

A compiled function calls only those of its own file: numba's cache does not see that another file
has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Machine code, kept for the next process where a folder can be written to."""
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder for the cache: neither the package's nor the user's
        return cast(F, numba.njit(nogil=True)(function))
