"""Teeth and gums along a dental arch in the place of the base mesh's helper teeth, which are only two bands.

Sizes of crowns are the usual ones of an adult's permanent teeth (widths add up to the length of the helper's arch).
The left half is made and mirrored.
"""

from __future__ import annotations

import numpy as np

from part import Part, grid_triangles
from skin import REGION

# millimetres from the middle outwards: width, height, depth at the gum, share of that depth at the biting edge
UPPER = ((8.4, 10.0, 7.0, 0.28), (6.6, 9.0, 6.2, 0.30), (7.6, 10.0, 7.8, 0.38), (7.0, 8.4, 8.8, 0.80),
         (6.8, 8.0, 8.8, 0.85), (10.2, 7.4, 10.2, 0.9), (9.6, 7.0, 10.0, 0.9))  # fmt: skip
LOWER = ((5.4, 9.0, 5.8, 0.30), (6.0, 9.2, 6.0, 0.30), (6.9, 10.2, 7.4, 0.38), (7.0, 8.6, 7.6, 0.80),
         (7.1, 8.2, 8.2, 0.85), (10.8, 7.4, 9.8, 0.9), (10.4, 7.0, 9.6, 0.9))  # fmt: skip
LEVELS = np.array([0.0, 0.22, 0.46, 0.68, 0.86, 0.96])  # gum to biting edge
WIDTH_AT = np.array([0.74, 0.86, 0.96, 1.0, 0.98, 0.90])
AROUND = 12
GUM_STEPS = 57  # along the arch, odd: one at the middle


class Arch:
    """A curve x(s), z(s) of the outer faces of the teeth, s = arc length in metres from the middle to the left."""

    def __init__(self, half_width: float, front: float, back: float):
        t = np.linspace(0, 1, 400)
        # |x|^2.8: flat across the incisors, rounded at the canines, nearly straight along the molars
        x = half_width * np.sin(0.5 * np.pi * t) ** (2 / 2.8)
        z = back + (front - back) * np.cos(0.5 * np.pi * t) ** (2 / 2.0)
        self._s = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(z))))
        self._x, self._z = x, z

    def at(self, s: np.ndarray):
        """Points [n,3] with y = 0 and outward normals [n,3]; s < 0 is the right half."""
        reach, sign = np.abs(s), np.where(s < 0, -1.0, 1.0)
        x, z = np.interp(reach, self._s, self._x), np.interp(reach, self._s, self._z)
        ahead, behind = reach + 1e-3, np.maximum(reach - 1e-3, 0)
        tx = np.interp(ahead, self._s, self._x) - np.interp(behind, self._s, self._x)
        tz = np.interp(ahead, self._s, self._z) - np.interp(behind, self._s, self._z)
        length = np.hypot(tx, tz)
        tx, tz = tx / length, tz / length
        point = np.stack([sign * x, 0 * x, z], axis=-1)
        normal = np.stack([-sign * tz, 0 * x, tx], axis=-1)
        return point, normal


def tooth(arch: Arch, middle: float, size, edge: float, down: float):
    """One crown: rings from the gum to the biting edge and a closing vertex. `down` is -1 for upper teeth."""
    width, height, depth, sharp = (value * 1e-3 if k < 3 else value for k, value in enumerate(size))
    point, normal = (value[0] for value in arch.at(np.array([middle])))
    tangent = np.array([normal[2], 0, -normal[0]])
    angle = 2 * np.pi * np.arange(AROUND) / AROUND
    along = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.7
    across = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.7
    rings = []
    for level, share in zip(LEVELS, WIDTH_AT):
        thick = depth * np.interp(level, [0, 0.4, 1.0], [1.0, 0.9, sharp])
        # crowns lean in a little towards the edge; the outer face bulges slightly at a third of the height
        front = 0.0004 * np.sin(np.pi * min(level / 0.7, 1.0)) - 0.0008 * level**2
        place = point + normal * (front - thick / 2)
        y = edge - down * height * (1 - level)
        ring = place + 0.5 * width * 0.97 * share * along[:, None] * tangent + 0.5 * thick * across[:, None] * normal
        ring[:, 1] = y
        rings.append(ring)
    tip = rings[-1].mean(axis=0)
    tip[1] = edge
    return np.vstack(rings + [tip[None]])


def tooth_triangles() -> np.ndarray:
    """Anticlockwise seen from outside for an upper left tooth."""
    result = []
    for r in range(len(LEVELS) - 1):
        for k in range(AROUND):
            a, b = r * AROUND + k, r * AROUND + (k + 1) % AROUND
            result += [(a, b, b + AROUND), (a, b + AROUND, a + AROUND)]
    last, tip = (len(LEVELS) - 1) * AROUND, len(LEVELS) * AROUND
    result += [(last + k, last + (k + 1) % AROUND, tip) for k in range(AROUND)]
    return np.array(result)


def follow_nearby(points: np.ndarray, helper: np.ndarray, helper_points: np.ndarray, reach: float = 0.008):
    """Displacements of the helper's vertices spread to the points, the nearer the more."""
    square = ((points[:, None] - helper_points[None]) ** 2).sum(axis=2)
    share = np.exp(-(square - square.min(axis=1, keepdims=True)) / reach**2)
    share /= share.sum(axis=1, keepdims=True)
    return lambda delta: np.einsum("ph,...hc->...pc", share, delta[..., helper, :])


def signed_volume_sense(points, triangles):
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.sign((np.cross(a - points.mean(axis=0), b - points.mean(axis=0)) * (c - points.mean(axis=0))).sum())


def make_teeth(arch: Arch, sizes, edge: float, down: float, helper, helper_points, rectangle, region: str, joint: str):
    """Seven teeth a side; the chart is a row of discs in `rectangle`, a disc a tooth with its biting edge inside."""
    u0, v0, u1, v1 = rectangle
    cell = (u1 - u0) / (2 * len(sizes))
    half = 0.5 * min(cell, v1 - v0) - 2.5 / 1024
    pattern = tooth_triangles()
    points, triangles, uv = [], [], []
    reach, count = 0.0, 0
    for k, size in enumerate(sizes):
        crown = tooth(arch, reach + size[0] * 0.5e-3, size, edge + (0.0006 if k == 1 and down < 0 else 0.0), down)
        reach += size[0] * 1e-3
        sense = pattern if signed_volume_sense(crown, pattern) > 0 else pattern[:, ::-1]
        away = np.append(np.repeat(1 - 0.92 * LEVELS, AROUND), 0.0)
        angle = np.append(np.tile(2 * np.pi * np.arange(AROUND) / AROUND, len(LEVELS)), 0.0)
        disc = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (half * away)[:, None]
        corner = disc[sense]
        first, second = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        if (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum() > 0:  # v runs down: clockwise in (u, v)
            disc = disc * [1, -1]
        for side in (1, -1):
            points.append(crown * [side, 1, 1])
            triangles.append((sense if side > 0 else sense[:, ::-1]) + count)
            middle = [(u0 + u1) / 2 + side * cell * (k + 0.5), (v0 + v1) / 2]
            uv.append(disc * [side, 1] + middle)
            count += len(crown)
    points, triangles, uv = np.vstack(points), np.vstack(triangles), np.vstack(uv)
    size = len(LEVELS) * AROUND + 1
    mirror = np.arange(count).reshape(-1, 2, size)[:, ::-1].reshape(-1)
    return Part(
        points=points, triangles=triangles, region=np.full(len(triangles), REGION[region]), mirror=mirror, uv=uv,
        triangle_uv=triangles.copy(), spread=follow_nearby(points, helper, helper_points), joint=joint,
    )  # fmt: skip


def make_gums(arch: Arch, sizes, edge: float, down: float, helper, helper_points, rectangle, region: str, joint: str):
    """A band over the roots, from the outer fold over the scalloped margin down between the teeth to the inner fold."""
    total = sum(size[0] for size in sizes) * 1e-3
    s = np.linspace(-total - 0.002, total + 0.002, GUM_STEPS)
    border = np.append(0, np.cumsum([size[0] for size in sizes])) * 1e-3
    place = np.clip(np.abs(s), 0, total - 1e-6)
    number = np.searchsorted(border, place, side="right") - 1
    within = (place - border[number]) / np.diff(border)[number]
    height = np.array([size[1] for size in sizes])[number] * 1e-3
    depth = np.interp(np.abs(s), 0.5 * (border[1:] + border[:-1]), [size[2] * 1e-3 for size in sizes])
    height = np.interp(np.abs(s), 0.5 * (border[1:] + border[:-1]), [size[1] * 1e-3 for size in sizes])
    margin = height - 0.0012 - 0.0018 * np.abs(2 * within - 1) ** 2  # distance from the biting edge: less at papillae
    point, normal = arch.at(s)
    rows = []
    # offset outwards from the arch, height above the margin (away from the edge)
    for out, up in ((-0.0015, 0.0110), (0.0006, 0.0070), (0.0012, 0.0030), (0.0009, 0.0008), (-0.0002, 0.0)):
        rows.append((out + 0 * depth, margin + up))
    for out, up in ((0.0002, 0.0), (-0.0009, 0.0008), (-0.0016, 0.0040), (-0.0024, 0.0085)):
        rows.append((-depth + out, margin + up))
    grid = []
    for out, up in rows:
        row = point + normal * np.broadcast_to(out, s.shape)[:, None]
        row[:, 1] = edge - down * up
        grid.append(row)
    points = np.vstack(grid)
    triangles = grid_triangles(len(rows), GUM_STEPS, closed=False)
    # seen from outside in front: the first rows face forward
    corner = points[triangles[: 2 * (GUM_STEPS - 1)]]
    facing = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])[:, 2].sum()
    if facing < 0:
        triangles = triangles[:, ::-1].copy()
    along = np.tile(np.linspace(0, 1, GUM_STEPS), len(rows))
    lengths = np.array([np.linalg.norm(b - a, axis=1).mean() for a, b in zip(grid[:-1], grid[1:])])
    across = np.repeat(np.append(0, np.cumsum(lengths)) / lengths.sum(), GUM_STEPS)
    if down > 0:
        across = 1 - across
    u0, v0, u1, v1 = rectangle
    uv = np.stack([u0 + (u1 - u0) * along, v0 + (v1 - v0) * across], axis=1)
    mirror = np.arange(len(points)).reshape(len(rows), GUM_STEPS)[:, ::-1].reshape(-1)
    return Part(
        points=points, triangles=triangles, region=np.full(len(triangles), REGION[region]), mirror=mirror, uv=uv,
        triangle_uv=triangles.copy(), spread=follow_nearby(points, helper, helper_points), joint=joint,
    )  # fmt: skip
