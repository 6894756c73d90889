"""The cropped, triangulated skin as a function of the base mesh: every vertex is a fixed blend of two base vertices."""

from __future__ import annotations

import numpy as np

from neutral import Neutral
from skin import Skin, clip, depth_inside, triangulate


class Surface:
    """triangles [m,3], region [m], points [n,3] (template), mirror [n]; spread() carries base displacements over."""

    def __init__(self, neutral: Neutral):
        points = neutral.points
        joints = {name: neutral.cube(points, f"joint-l-{name}") for name in ("shoulder", "elbow")}
        ears = neutral.target("ears/l-ear-trans-up") + neutral.target("ears/r-ear-trans-up")
        path = neutral.data / "mpfb2/3dobjs/base.obj"
        self.skin = Skin(path, points, neutral.mesh, np.linalg.norm(ears, axis=1), joints)
        depth = depth_inside(points, joints)
        triangles = triangulate(self.skin.polygons, points, neutral.mirror)
        self.triangles, self.region, self.source, self.share = clip(
            triangles, np.repeat(self.skin.region, 2), points, depth
        )
        self._order(neutral.mirror)
        self.points = self.spread(points)
        self._straighten(joints)
        # base vertex -> vertex of ours, -1 where cropped
        self.of_base = np.full(neutral.count, -1)
        whole = self.source[:, 0] == self.source[:, 1]
        self.of_base[self.source[whole, 0]] = np.flatnonzero(whole)

    def _order(self, base_mirror: np.ndarray) -> None:
        """Numbers the vertices by their sources, so the order does not depend on how the triangles are walked."""
        order = np.lexsort((self.source[:, 1], self.source[:, 0]))
        rank = np.argsort(order)
        self.triangles, self.source, self.share = rank[self.triangles], self.source[order], self.share[order]
        number = {tuple(pair): k for k, pair in enumerate(self.source.tolist())}
        image = np.sort(base_mirror[self.source], axis=1)
        self.mirror = np.array([number[tuple(pair)] for pair in image.tolist()])

    def _straighten(self, joints: dict) -> None:
        """Moves what counts as lying on a cut exactly onto it: chest vertices vertically, arms along the arm."""
        edge_count: dict[tuple[int, int], int] = {}
        for a, b, c in self.triangles.tolist():
            for pair in ((a, b), (b, c), (c, a)):
                key = (min(pair), max(pair))
                edge_count[key] = edge_count.get(key, 0) + 1
        border = np.unique([pair for pair, times in edge_count.items() if times == 1])
        depth = depth_inside(self.points, joints)
        for k in border[np.abs(depth[border]) < 0.02]:
            side = 1 if self.points[k, 0] > 0 else -1
            shoulder, elbow = (joints[name] * [side, 1, 1] for name in ("shoulder", "elbow"))
            along = (elbow - shoulder) / np.linalg.norm(elbow - shoulder)
            if abs(self.points[k, 0]) <= shoulder[0] * side - 0.02:
                self.points[k, 1] -= depth[k]
            else:
                self.points[k] += along * depth[k]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values on the base vertices [n,...] as values on ours."""
        share = self.share.reshape(-1, *[1] * (values.ndim - 1))
        return (1 - share) * values[self.source[:, 0]] + share * values[self.source[:, 1]]

    def rings(self, of_base: np.ndarray) -> np.ndarray:
        """Ring numbers given per base vertex, per vertex of ours; a large number on vertices that a cut made."""
        whole = self.source[:, 0] == self.source[:, 1]
        return np.where(whole, of_base[self.source[:, 0]], 10**6)
