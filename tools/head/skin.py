"""The skin: which polygons of the base mesh are kept, how they are cut into triangles, and what region each is."""

from __future__ import annotations

import numpy as np

from makehuman import BadInput, BaseMesh

REGIONS = (
    "face", "lids", "lips", "ear_left", "ear_right", "scalp", "neck", "torso", "eye_left", "eye_right", "eye_socket",
    "mouth_bag", "teeth_upper", "teeth_lower", "gums_upper", "gums_lower", "tongue", "lashes",
)  # fmt: skip
REGION = {name: index for index, name in enumerate(REGIONS)}

# Metres about the head joint: the chin is at y = -0.057.
TORSO_CUT = -0.42
ARM_CUT = 0.10  # along the upper arm from the shoulder joint

# The body has closed pockets behind the lids and the lips, each a texture island of its own, so its border is the rim
# of the lids or the line where the lips meet. Lids and lips are so many rings of vertices about that border.
LID_RINGS = 9
# Helper meshes that are good enough as they are.
HELPERS = {
    "helper-tongue": "tongue",
    "helper-l-eyelashes-1": "lashes",
    "helper-l-eyelashes-2": "lashes",
    "helper-r-eyelashes-1": "lashes",
    "helper-r-eyelashes-2": "lashes",
}
LIP_RINGS = 5


def read_texture_islands(path) -> tuple[np.ndarray, np.ndarray]:
    """The body's polygons [n,4] and for each the number of its texture island."""
    polygons, corners, group = [], [], ""
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith("g "):
            group = line[2:].strip()
        elif line.startswith("f ") and group == "body":
            pairs = [corner.split("/") for corner in line.split()[1:]]
            polygons.append([int(pair[0]) - 1 for pair in pairs])
            corners.append([int(pair[1]) - 1 for pair in pairs])
    polygons, corners = np.array(polygons), np.array(corners)
    label = np.arange(corners.max() + 1)
    while True:  # the least texture index of an island spreads over it
        least = label[corners].min(axis=1)
        spread = label.copy()
        np.minimum.at(spread, corners.ravel(), np.repeat(least, corners.shape[1]))
        if np.array_equal(spread, label):
            return polygons, label[corners[:, 0]]
        label = spread


def border_loops(faces: np.ndarray) -> list[np.ndarray]:
    """The closed loops of directed edges that only one face has, each as an ordered list of vertices."""
    edges = {(int(a), int(b)) for face in faces for a, b in zip(face, np.roll(face, -1))}
    follows = {a: b for a, b in edges if (b, a) not in edges}
    loops, seen = [], set()
    for start in sorted(follows):
        if start in seen:
            continue
        loop, current = [], start
        while current not in seen:
            seen.add(current)
            loop.append(current)
            current = follows[current]
        loops.append(np.array(loop))
    return loops


def ring_distance(faces: np.ndarray, seeds: np.ndarray, count: int) -> np.ndarray:
    """Edge steps over `faces` from `seeds` to each vertex; a large number where there is no way."""
    distance = np.full(count, 10**6)
    distance[seeds] = 0
    edges = np.concatenate([faces[:, [k, (k + 1) % faces.shape[1]]] for k in range(faces.shape[1])])
    while True:
        step = distance.copy()
        np.minimum.at(step, edges[:, 0], distance[edges[:, 1]] + 1)
        np.minimum.at(step, edges[:, 1], distance[edges[:, 0]] + 1)
        if np.array_equal(step, distance):
            return distance
        distance = step


def depth_inside(points: np.ndarray, joints: dict) -> np.ndarray:
    """How far above the cut through the chest and before the cuts through the upper arms each point lies (metres)."""
    depth = points[:, 1] - TORSO_CUT
    for side in (1, -1):
        shoulder, elbow = (joints[name] * [side, 1, 1] for name in ("shoulder", "elbow"))
        along = (elbow - shoulder) / np.linalg.norm(elbow - shoulder)
        beyond = points[:, 0] * side > shoulder[0] * side - 0.02  # the plane through an arm would also cut the chest
        depth = np.where(beyond, np.minimum(depth, ARM_CUT - (points - shoulder) @ along), depth)
    return depth


class Skin:
    """polygons [n,4] of base vertices, region [n] of each; lid_rim and lip_line are the loops that bound the pockets."""

    def __init__(self, path, points: np.ndarray, mesh: BaseMesh, ear_motion: np.ndarray, joints: dict):
        polygons, island = read_texture_islands(path)
        centre = points[polygons].mean(axis=1)
        head = island == self._island_at(polygons, island, points, lambda c: c[:, 1].argmax())
        inside = {}
        for name, place in (
            ("socket_left", [0.0289, 0.0388, 0.0738]),
            ("socket_right", [-0.0289, 0.0388, 0.0738]),
            ("mouth", [0.0, -0.03, 0.05]),
        ):
            # the small island whose vertices centre on the place
            best = min(
                (number for number in np.unique(island) if number != island[head][0]),
                key=lambda number: np.linalg.norm(points[np.unique(polygons[island == number])].mean(axis=0) - place),
            )
            inside[name] = island == best
        near = depth_inside(points, joints)
        keep = (near[polygons] > 0).any(axis=1)
        region = np.full(len(polygons), REGION["face"])
        count = len(points)
        outer = keep & head

        self.lid_rim = {
            side: border_loops(polygons[inside[f"socket_{side}"]])[0] for side in ("left", "right")
        }
        self.lip_line = border_loops(polygons[inside["mouth"]])[0]

        torso = keep & ~head & ~inside["socket_left"] & ~inside["socket_right"] & ~inside["mouth"]
        region[torso] = REGION["torso"]
        self._neck_and_scalp(region, centre, outer, torso)
        self._ears(region, polygons, outer, ear_motion, centre)
        lids = ring_distance(polygons[outer], np.concatenate(list(self.lid_rim.values())), count)
        region[outer & (lids[polygons].max(axis=1) <= LID_RINGS)] = REGION["lids"]
        lips = ring_distance(polygons[outer], self.lip_line, count)
        region[outer & (lips[polygons].max(axis=1) <= LIP_RINGS)] = REGION["lips"]
        region[inside["socket_left"] | inside["socket_right"]] = REGION["eye_socket"]
        region[inside["mouth"]] = REGION["mouth_bag"]

        self.lip_rings, self.lid_rings = lips, lids
        self.polygons, self.region = polygons[keep], region[keep]
        for group, name in HELPERS.items():
            more = np.array(mesh.faces[group])
            self.polygons = np.concatenate([self.polygons, more])
            self.region = np.concatenate([self.region, np.full(len(more), REGION[name])])
        if not 4500 < len(self.polygons) < 9000:
            raise BadInput(f"{path} is not MakeHuman's base mesh hm08: cropping it left {len(self.polygons)} polygons.")

    @staticmethod
    def _island_at(polygons, island, points, choose):
        return island[choose(points[polygons].mean(axis=1))]

    @staticmethod
    def _neck_and_scalp(region, centre, outer, torso):
        x, y, z = centre.T
        # The jaw line falls from below the ear lobe to under the chin; behind the ear the neck reaches up to the nape.
        under_jaw = y < np.interp(z, [-0.02, 0.012, 0.03, 0.06, 0.075, 0.09], [0.0, -0.028, -0.043, -0.060, -0.066, -0.072])
        region[outer & under_jaw] = REGION["neck"]
        collar = y > np.interp(z, [-0.06, 0.0, 0.06], [-0.085, -0.115, -0.145])
        region[torso & collar & (abs(x) < 0.085)] = REGION["neck"]
        # Hairline by anatomy: height over the angle about the vertical axis (0 in front, pi behind), through the
        # middle of the forehead, the receding corner, the temple, in front of and above the ear, and the nape.
        angle = np.arctan2(abs(x), z - 0.015)
        line = np.interp(
            angle,
            np.radians([0, 22, 38, 50, 60, 70, 80, 88, 100, 118, 135, 150, 180]),
            [0.098, 0.098, 0.098, 0.085, 0.068, 0.062, 0.052, 0.055, 0.040, -0.005, -0.025, -0.030, -0.032],
        )
        region[outer & (y > line)] = REGION["scalp"]
        # The strip behind the ear belongs to the neck, or the face's chart would reach round to the nape.
        region[outer & (z < 0.014) & (region == REGION["face"])] = REGION["neck"]

    @staticmethod
    def _ears(region, polygons, outer, ear_motion, centre):
        moved = ear_motion[polygons].min(axis=1) > 0.75 * ear_motion.max()
        for name, side in (("ear_left", 1), ("ear_right", -1)):
            region[outer & moved & (centre[:, 0] * side > 0)] = REGION[name]


def triangulate(polygons: np.ndarray, points: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Two triangles a quad along the shorter diagonal, the mirror image of a quad cut along the mirrored diagonal."""
    first = np.linalg.norm(points[polygons[:, 0]] - points[polygons[:, 2]], axis=1)
    second = np.linalg.norm(points[polygons[:, 1]] - points[polygons[:, 3]], axis=1)
    number = {tuple(sorted(polygon)): k for k, polygon in enumerate(polygons.tolist())}
    triangles = np.empty((len(polygons), 2, 3), int)
    for k, (a, b, c, d) in enumerate(polygons.tolist()):
        image = number.get(tuple(sorted(mirror[[a, b, c, d]].tolist())), k)
        along_first = first[k] < second[k] + 1e-6
        if image < k:  # decided by the mirror image, which came first
            diagonal = {int(mirror[i]) for i in set(triangles[image, 0]) & set(triangles[image, 1])}
            along_first = diagonal == {a, c}
        triangles[k] = ((a, b, c), (a, c, d)) if along_first else ((a, b, d), (b, c, d))
    return triangles.reshape(-1, 3)


def clip(triangles: np.ndarray, region: np.ndarray, points: np.ndarray, depth: np.ndarray, snap: float = 0.004):
    """Cuts the triangles along depth = 0, which leaves a straight border.

    Returns the triangles over new numbers, their regions, and per new vertex its source [n,2] and share [n]: it lies at
    (1 - share) * source[0] + share * source[1]. Vertices within `snap` of the cut are kept and count as lying on it, so
    no slivers arise; the caller moves them there.
    """
    depth = np.where(np.abs(depth) < snap, 0.0, depth)
    number: dict[tuple[int, int], int] = {}
    source, share, result, regions = [], [], [], []

    def vertex(i: int, j: int) -> int:
        i, j = min(i, j), max(i, j)
        if (i, j) not in number:
            number[i, j] = len(source)
            source.append((i, j))
            share.append(0.0 if i == j else depth[i] / (depth[i] - depth[j]))
        return number[i, j]

    def place(k: int) -> np.ndarray:
        return (1 - share[k]) * points[source[k][0]] + share[k] * points[source[k][1]]

    for corners, name in zip(triangles.tolist(), region.tolist()):
        if max(depth[k] for k in corners) <= 0:
            continue
        outline = []
        for a, b in zip(corners, corners[1:] + corners[:1]):
            if depth[a] >= 0:
                outline.append(vertex(a, a))
            if depth[a] * depth[b] < 0:
                outline.append(vertex(a, b))
        if len(outline) == 4:
            a, b, c, d = outline
            first = np.linalg.norm(place(a) - place(c)) <= np.linalg.norm(place(b) - place(d))
            pieces = ((a, b, c), (a, c, d)) if first else ((a, b, d), (b, c, d))
        else:
            pieces = (tuple(outline),)
        result.extend(pieces)
        regions.extend([name] * len(pieces))
    return np.array(result), np.array(regions), np.array(source), np.array(share)


def vertex_regions(triangles: np.ndarray, region: np.ndarray, count: int) -> np.ndarray:
    """The region that most triangles of a vertex have; the smaller number where they are even."""
    votes = np.zeros((count, len(REGIONS)), int)
    for corner in range(3):
        np.add.at(votes, (triangles[:, corner], region), 1)
    return votes.argmax(axis=1)
