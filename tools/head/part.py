"""A piece of the head: what the skin, the eyeballs, the teeth and the gums have in common when they are put together."""

from __future__ import annotations

import dataclasses
from typing import Callable

import numpy as np


@dataclasses.dataclass
class Part:
    points: np.ndarray  # [n,3] metres
    triangles: np.ndarray  # [m,3], anticlockwise seen from outside
    region: np.ndarray  # [m]
    mirror: np.ndarray  # [n], within the part
    uv: np.ndarray  # [k,2], v down
    triangle_uv: np.ndarray  # [m,3]
    spread: Callable[[np.ndarray], np.ndarray]  # displacements of the base vertices -> of the part's vertices
    joint: str | None = None  # the joint that moves the whole part; None: weights come from the rig


def grid_triangles(rows: int, columns: int, closed: bool) -> np.ndarray:
    """Triangles of a rows x columns grid of vertices; `closed` joins the last column to the first."""
    result = []
    for r in range(rows - 1):
        for c in range(columns if closed else columns - 1):
            d = (c + 1) % columns
            a, b, e, f = r * columns + c, r * columns + d, (r + 1) * columns + d, (r + 1) * columns + c
            # the diagonal flips at the middle column, so that the left half mirrors the right one
            result += [(a, b, e), (a, e, f)] if 2 * c < columns - (0 if closed else 1) else [(a, b, f), (b, e, f)]
    return np.array(result)
