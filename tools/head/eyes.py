"""Eyeballs: a globe with a bulging cornea whose rings run about the line of sight, so iris and pupil borders are rings.

The base mesh's own eyes are coarse helpers of 31 mm diameter. The globe here has a human size and is placed where it
fits the rims of the lids best; identity targets carry it as they carry the helper (a shift and a uniform scale).
"""

from __future__ import annotations

import numpy as np

from part import Part
from skin import REGION

RADIUS = 0.0125
IRIS_RADIUS = 0.0059
PUPIL_RADIUS = 0.0019
CORNEA_BULGE = 0.0008  # apex above the globe
SEGMENTS = 32
LIMBUS = float(np.arcsin(IRIS_RADIUS / RADIUS))
PUPIL = float(np.arcsin(PUPIL_RADIUS / RADIUS))
# Polar angles of the rings. The globe ends before its back pole, inside the head: a disc unwraps without a seam.
ANGLES = np.concatenate([
    PUPIL * np.array([0.5, 1.0]),
    PUPIL + (LIMBUS - PUPIL) * np.array([0.2, 0.4, 0.6, 0.8, 1.0]),
    np.radians([32, 37, 43, 49, 55, 61, 68, 75, 82, 90, 98, 107, 116, 125, 135, 145, 155]),
])  # fmt: skip
IRIS_RING = 6
GAP = 0.0003  # between the globe and the lids


def globe_radius(angle: np.ndarray) -> np.ndarray:
    """Distance of the surface from the centre at a polar angle from the line of sight."""
    inside = np.clip(angle / LIMBUS, 0, 1)
    return RADIUS + CORNEA_BULGE * np.cos(0.5 * np.pi * inside) ** 2


def place_globe(rim: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The centre, in depth only, at which a globe comes closest to the lid rim [n,3] (Gauss-Newton on the distances).

    Sideways and up it stays where the helper eye is: the rim has the corner with the caruncle on one side, which would
    pull the pupil towards the nose.
    """
    centre = near.copy()
    for _ in range(30):
        away = centre - rim
        distance = np.linalg.norm(away, axis=1)
        slope = away[:, 2] / distance
        centre[2] -= slope @ (distance - (RADIUS + GAP)) / (slope @ slope)
    return centre


def keep_out(points: np.ndarray, centre: np.ndarray, gap: float) -> np.ndarray:
    """The points, those within `gap` of the globe moved straight out of it."""
    away = points - centre
    distance = np.linalg.norm(away, axis=1)
    angle = np.arccos(np.clip(away[:, 2] / distance, -1, 1))
    least = globe_radius(angle) + gap
    return centre + away * (np.maximum(distance, least) / distance)[:, None]


def fit_lids(points: np.ndarray, rim: np.ndarray, rings: np.ndarray, centre: np.ndarray, reach: int = 9) -> np.ndarray:
    """Moves the lids along the globe's radii so that their rim rests on it, fading over `reach` rings of vertices."""
    result = points.copy()
    near = np.flatnonzero((rings < reach) & (np.linalg.norm(points - centre, axis=1) < 0.03))
    away = points[rim] - centre
    distance = np.linalg.norm(away, axis=1)
    angle = np.arccos(np.clip(away[:, 2] / distance, -1, 1))
    wanted = globe_radius(angle) + GAP - distance
    span = np.linalg.norm(points[near][:, None] - points[rim][None], axis=2)
    share = np.exp(-((span - span.min(axis=1, keepdims=True)) / 0.002) ** 2)
    share /= share.sum(axis=1, keepdims=True)
    fade = (1 - rings[near] / reach) ** 2
    direction = points[near] - centre
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    result[near] += direction * ((share @ wanted) * fade)[:, None]
    result[near] = keep_out(result[near], centre, GAP)
    return result


def make(centre: np.ndarray, helper: np.ndarray, helper_points: np.ndarray, rectangle, side: str) -> Part:
    """The eyeball of one side; `centre` and `rectangle` (u0, v0, u1, v1) are that side's own."""
    around = 2 * np.pi * (np.arange(SEGMENTS) + 0.5) / SEGMENTS  # no vertex on the axes: iris points fall mid-edge
    sign = 1 if side == "left" else -1
    radius = globe_radius(ANGLES)
    flat = np.stack([sign * np.cos(around), np.sin(around)], axis=1)
    rings = np.concatenate(
        [
            radius[:, None, None] * np.sin(ANGLES)[:, None, None] * flat[None],
            np.broadcast_to((radius * np.cos(ANGLES))[:, None, None], (len(ANGLES), SEGMENTS, 1)),
        ],
        axis=2,
    ).reshape(-1, 3)
    offset = np.vstack([rings, [0, 0, globe_radius(np.zeros(1))[0]]])
    pole = len(rings)
    triangles = [(pole, k, (k + 1) % SEGMENTS) for k in range(SEGMENTS)]
    for r in range(len(ANGLES) - 1):
        for k in range(SEGMENTS):
            a, b = r * SEGMENTS + k, r * SEGMENTS + (k + 1) % SEGMENTS
            triangles += [(a, a + SEGMENTS, b + SEGMENTS), (a, b + SEGMENTS, b)]
    triangles = np.array(triangles)[:, :: sign]
    # The chart: distance from its middle over the polar angle; the front takes most of it.
    polar = np.append(np.repeat(ANGLES, SEGMENTS), 0.0)
    spread = np.interp(polar, [0, LIMBUS, np.radians(75), ANGLES[-1]], [0, 0.45, 0.86, 1.0])
    direction = np.vstack([np.tile(flat, (len(ANGLES), 1)), [0, 0]])
    u0, v0, u1, v1 = rectangle
    half = 0.5 * min(u1 - u0, v1 - v0)
    uv = np.array([(u0 + u1) / 2, (v0 + v1) / 2]) + half * spread[:, None] * direction * [1, -1]

    relative = helper_points - helper_points.mean(axis=0)
    extent = (relative**2).sum()

    def follow(delta: np.ndarray) -> np.ndarray:
        moved = delta[..., helper, :]
        shift = moved.mean(axis=-2, keepdims=True)
        scale = ((moved - shift) * relative).sum(axis=(-2, -1), keepdims=True) / extent
        return shift + scale * (centre - helper_points.mean(axis=0) + offset)

    return Part(
        points=centre + offset, triangles=triangles, region=np.full(len(triangles), REGION[f"eye_{side}"]),
        mirror=np.arange(len(offset)), uv=uv, triangle_uv=triangles.copy(), spread=follow, joint=f"eye_{side}",
    )  # fmt: skip
