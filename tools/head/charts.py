"""Which triangles of the skin form which chart of the atlas, and where each chart lies in the unit square.

Charts that straddle the middle of the head are stored as their left half (the subject's), whose mirror image is the
other half; a chart of one side only is stored once and serves both sides.
"""

from __future__ import annotations

import numpy as np

from skin import REGION

# name: (regions, straddles the middle, middle vertices that lie on the chart's axis)
CHARTS = {
    "face": ({"face", "lids", "lips"}, True),
    "scalp": ({"scalp"}, True),
    "body": ({"neck", "torso"}, True),
    "mouth_bag": ({"mouth_bag"}, True),
    "ear": ({"ear_left", "ear_right"}, False),
    "socket": ({"eye_socket"}, False),
    "tongue": ({"tongue"}, True),
    "lashes": ({"lashes"}, False),
}
MIDDLE = 1e-7  # metres: what lies nearer to x = 0 is on the middle plane


def half_chart(name: str, triangles: np.ndarray, region: np.ndarray, points: np.ndarray):
    """The triangles of a chart's left half, its vertices in ascending order, and which of them its axis holds."""
    regions, straddles = CHARTS[name]
    wanted = np.isin(region, [REGION[r] for r in regions]) & (points[triangles][:, :, 0].mean(axis=1) > 0)
    half = triangles[wanted]
    vertices = np.unique(half)
    axis = np.zeros(len(vertices), bool)
    if straddles:
        axis = np.abs(points[vertices, 0]) < MIDDLE
        if name == "body":  # cut open down the back
            axis &= points[vertices, 2] > np.interp(points[vertices, 1], [-0.2, -0.06], [0.0, -0.02])
        if name == "tongue":  # cut open along its under side
            corner = points[half]
            normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
            up = np.zeros(len(points))
            for k in range(3):
                np.add.at(up, half[:, k], normal[:, 1])
            axis &= up[vertices] > 0
    return half, vertices, axis
