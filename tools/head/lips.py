"""Closes the template's lips: the base mesh leaves a slit of up to a millimetre through which teeth would show."""

from __future__ import annotations

import numpy as np

from surface import Surface

REACH = 7  # rings of vertices around the line of the lips over which the correction fades
OVERLAP = 0.0004
COLUMNS = 21
CORNER = 0.004


def close(surface: Surface, lower_jaw: np.ndarray) -> None:
    points = surface.points
    rings = surface.rings(surface.skin.lip_rings)
    near = (rings < REACH) & (np.abs(points[:, 0]) < 0.03)
    rim = near & (rings < 4)
    half = np.abs(points[rim & (rings == 0), 0]).max()
    x = np.abs(points[:, 0])
    columns = np.linspace(0, half, COLUMNS)
    width = 1.2 * columns[1]
    gap = np.full(COLUMNS, np.nan)
    for k, column in enumerate(columns):
        here = rim & (np.abs(x - column) < width)
        upper, lower = here & ~lower_jaw, here & lower_jaw
        # towards the corner upper and lower lip run into each other: the value before it holds there
        if column < half - CORNER and upper.any() and lower.any():
            gap[k] = points[upper, 1].min() - points[lower, 1].max() + OVERLAP
    known = ~np.isnan(gap)
    gap = np.clip(np.interp(columns, columns[known], gap[known]), 0, 0.003)
    for _ in range(2):
        padded = np.pad(gap, 1, mode="edge")
        gap = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    fade = np.clip(1 - np.maximum(rings[near] - 2, 0) / (REACH - 2), 0, 1)
    lift = np.interp(x[near], columns, gap) * np.clip((half + 0.004 - x[near]) / 0.004, 0, 1) * fade
    points[near, 1] += np.where(lower_jaw[near], 0.5, -0.5) * lift
