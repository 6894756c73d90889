"""Places the charts in the unit square: v runs down, a texel's row is v * height.

The layout and assets/head/atlas_1.json together are version 1 of the atlas. Avatars are persisted by atlas position,
so neither may change for a version that has been released.
"""

from __future__ import annotations

import json
import pathlib

import numpy as np

import charts
from makehuman import BadInput
from surface import Surface

PAD = 3.0 / 1024  # on each side of a rectangle, so charts are 6 texels of 1024 apart
# u0, v0, u1, v1
LAYOUT = {
    "face": (0.0, 0.0, 0.865, 0.671),
    "scalp": (0.0, 0.671, 0.297, 1.0),
    "body": (0.297, 0.671, 0.737, 0.919),
    "gums_upper": (0.737, 0.671, 0.865, 0.716),
    "gums_lower": (0.737, 0.716, 0.865, 0.761),
    "mouth_bag": (0.737, 0.761, 0.865, 0.919),
    "teeth_upper": (0.297, 0.919, 0.865, 0.9595),
    "teeth_lower": (0.297, 0.9595, 0.865, 1.0),
    "eye_right": (0.865, 0.0, 1.0, 0.135),
    "eye_left": (0.865, 0.135, 1.0, 0.270),
    "ear_right": (0.865, 0.270, 1.0, 0.440),
    "ear_left": (0.865, 0.440, 1.0, 0.610),
    "tongue": (0.865, 0.610, 1.0, 0.735),
    "socket_right": (0.865, 0.735, 0.9325, 0.818),
    "socket_left": (0.9325, 0.735, 1.0, 0.818),
    "lashes_right": (0.865, 0.818, 0.9325, 0.890),
    "lashes_left": (0.9325, 0.818, 1.0, 0.890),
    # 0.865 to 1, 0.89 to 1 is kept free
}


def inner(name: str) -> tuple[float, float, float, float]:
    u0, v0, u1, v1 = LAYOUT[name]
    return u0 + PAD, v0 + PAD, u1 - PAD, v1 - PAD


def fit(place: np.ndarray, rectangle) -> np.ndarray:
    """Chart positions (v up) scaled and centred into a rectangle of the square (v down)."""
    u0, v0, u1, v1 = rectangle
    low, high = place.min(axis=0), place.max(axis=0)
    scale = min((u1 - u0) / (high - low)[0], (v1 - v0) / (high - low)[1])
    return np.array([(u0 + u1) / 2, (v0 + v1) / 2]) + (place - (low + high) / 2) * [scale, -scale]


def map_surface(surface: Surface, path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """uv [k,2] and triangle_uv [m,3] of the surface's triangles."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise BadInput(f"{path} cannot be read as the atlas's table ({problem}).") from None
    triangle_uv = np.full(surface.triangles.shape, -1)
    uv = np.zeros((0, 2))
    left_side = surface.points[surface.triangles][:, :, 0].mean(axis=1) > 0
    for name, (regions, straddles) in charts.CHARTS.items():
        _, vertices, axis = charts.half_chart(name, surface.triangles, surface.region, surface.points)
        chart = table.get(name, {})
        if chart.get("source") != surface.source[vertices].tolist():
            raise BadInput(f"{path} does not fit this base mesh: its chart '{name}' has other vertices.")
        place = np.array(chart["place"])
        place[axis, 0] = 0.0
        image = place * [-1, 1]
        members = np.isin(surface.region, [charts.REGION[r] for r in regions])
        number = np.full(len(surface.points), -1)
        number[vertices] = np.arange(len(vertices))
        if straddles:
            both = fit(np.vstack([place, image]), inner(name))
            halves = both[: len(place)], both[len(place) :]
        else:
            halves = fit(place, inner(f"{name}_left")), fit(image, inner(f"{name}_right"))
        start = len(uv)
        right_number = np.where(axis, start + np.arange(len(vertices)), 0)
        right_number[~axis] = start + len(vertices) + np.arange((~axis).sum())
        uv = np.vstack([uv, halves[0], halves[1][~axis]])
        left, right = members & left_side, members & ~left_side
        triangle_uv[left] = start + number[surface.triangles[left]]
        triangle_uv[right] = right_number[number[surface.mirror[surface.triangles[right]]]]
    return uv, triangle_uv
