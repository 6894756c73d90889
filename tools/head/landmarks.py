"""The embedding of MediaPipe's 478 landmarks in our mesh, read from assets/head/landmarks_478.json.

The table names base mesh vertices, so it survives a new crop, another triangulation or another atlas. Irises lie on
the packed eyeballs, whose rings run about the line of sight.
"""

from __future__ import annotations

import json
import pathlib

import numpy as np

import eyes
from makehuman import BadInput
from skin import REGION

COUNT = 478
# The first is the centre; then the border towards +X, up, towards -X and down, as in MediaPipe's face_model_with_iris.obj.
IRIS_FIRST = {"right": 468, "left": 473}
# FACEMESH_FACE_OVAL, from the top of the forehead towards the subject's left and around
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
        150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
CANDIDATES = 12


class Embedding:
    """triangle [478], barycentric [478,3], silhouette [36,12] (vertices, -1 where there are fewer)."""

    def __init__(self, path: pathlib.Path, head):
        try:
            table = json.loads(path.read_text(encoding="utf-8"))["landmarks"]
            corners = np.array([entry[:3] for entry in table], int)
            shares = np.array([entry[3:] for entry in table], float)
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise BadInput(f"{path} cannot be read as the table of landmarks ({problem}).") from None
        if corners.shape != (468, 3) or shares.shape != (468, 3):
            raise BadInput(f"{path} should hold 468 landmarks, each three vertices and three shares.")
        self.head = head
        surface = head.surface
        self.triangle = np.zeros(COUNT, int)
        self.barycentric = np.zeros((COUNT, 3))
        ours = surface.of_base[corners]
        number = {tuple(sorted(triangle)): k for k, triangle in enumerate(surface.triangles.tolist())}
        for k in range(468):
            found = number.get(tuple(sorted(ours[k].tolist())))
            if found is None:
                raise BadInput(f"{path} does not fit this base mesh: landmark {k} lies on no triangle of it.")
            share = dict(zip(ours[k].tolist(), shares[k]))
            self.triangle[k] = found
            self.barycentric[k] = [share[v] for v in surface.triangles[found].tolist()]
        for side, first in IRIS_FIRST.items():
            self._iris(side, first)
        self.barycentric /= self.barycentric.sum(axis=1, keepdims=True)
        self.silhouette = self._silhouette()

    def _iris(self, side: str, first: int) -> None:
        part, start = self.head.parts[f"eye_{side}"], self.head.start[f"eye_{side}"]
        base = int(np.flatnonzero((self.head.triangles == start + len(part.points) - 1).any(axis=1))[0])
        pole = start + len(part.points) - 1
        self.triangle[first] = base
        self.barycentric[first] = self.head.triangles[base] == pole
        offset = part.points - self.head.centres[side]
        ring = eyes.IRIS_RING * eyes.SEGMENTS + np.arange(eyes.SEGMENTS)
        for k, direction in enumerate(([1, 0], [0, 1], [-1, 0], [0, -1])):
            reach = offset[ring][:, :2] @ np.array(direction)
            pair = start + ring[np.sort(np.argsort(-reach, kind="stable")[:2])]
            holders = np.isin(self.head.triangles, pair).sum(axis=1) == 2
            triangle = int(np.flatnonzero(holders)[0])
            self.triangle[first + 1 + k] = triangle
            self.barycentric[first + 1 + k] = np.isin(self.head.triangles[triangle], pair) * 0.5

    def _silhouette(self) -> np.ndarray:
        """For each point of the face oval vertices from a little before it backwards, in the plane of point and outline.

        A plane through each point runs along Z and away from the middle of the face, as the outline moves when the head
        turns; vertices near it on skin (no ears) are listed from front to back.
        """
        surface = self.head.surface
        points = surface.points
        usable = np.unique(surface.triangles[np.isin(surface.region, [REGION[name] for name in ("face", "scalp", "neck")])])
        corner = self.head.vertices[self.head.triangles[self.triangle[list(OVAL)]]]
        place = (corner * self.barycentric[list(OVAL)][:, :, None]).sum(axis=1)
        middle = np.array([0.0, 0.01])  # of the face seen from the front
        result = np.full((len(OVAL), CANDIDATES), -1)
        for k, point in enumerate(place):
            reach = np.linalg.norm(point[:2] - middle)
            outward = (point[:2] - middle) / reach
            relative = points[usable][:, :2] - middle
            along, across = relative @ outward, relative @ np.array([-outward[1], outward[0]])
            ahead = points[usable][:, 2] - point[2]
            near = (np.abs(across) < 0.006) & (along > 0.8 * reach) & (along < 1.3 * reach) & (ahead < 0.02) & (ahead > -0.06)
            chosen = usable[near]
            chosen = chosen[np.lexsort((chosen, -points[chosen, 2]))]
            if len(chosen) > CANDIDATES:
                chosen = chosen[np.linspace(0, len(chosen) - 1, CANDIDATES).round().astype(int)]
            result[k, : len(chosen)] = chosen
        return result
