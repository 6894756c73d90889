"""The neutral head in MakeHuman's mesh: a young adult midway between the sexes and the ancestries, of average build."""

from __future__ import annotations

import pathlib

import numpy as np

import makehuman
from makehuman import BaseMesh

SEXES = ("male", "female")
ANCESTRIES = ("african", "asian", "caucasian")
METRES = 0.1  # a MakeHuman unit


class Neutral:
    """points [n,3]: all base vertices in metres about the head joint; shape(...) gives other people's displacements."""

    def __init__(self, data: pathlib.Path):
        self.data = data
        self.mesh = BaseMesh(data)
        self.count = len(self.mesh.vertices)
        self.mirror = makehuman.read_mirror(data, self.count)
        self._macro: dict[str, np.ndarray] = {}
        raw = self.mesh.vertices * METRES + self.macro_shape()
        # The two halves of the average differ by rounding only; make them agree exactly.
        raw = 0.5 * (raw + raw[self.mirror] * [-1, 1, 1])
        self.origin = self.cube(raw, "joint-head")
        self.points = raw - self.origin

    def cube(self, points: np.ndarray, name: str) -> np.ndarray:
        return points[self.mesh.group_vertices(name)].mean(axis=0)

    def target(self, name: str) -> np.ndarray:
        """Displacements in metres of a target below mpfb2/targets, e.g. `nose/nose-hump-incr`."""
        return METRES * makehuman.read_target(self.data / f"mpfb2/targets/{name}.target.gz", self.count)

    def faceunit(self, name: str) -> np.ndarray:
        """Displacements in metres of a face unit, averaged with its mirror image.

        The units were sculpted by hand and differ by up to 2 mm (mouthFunnel) between the sides, which would show as a
        crooked mouth on everybody.
        """
        swapped = name.replace("Left", "\0").replace("Right", "Left").replace("\0", "Right")
        own, other = (
            METRES * makehuman.read_target(self.data / f"faceunits01/targets/faceunits/{unit}.target", self.count)
            for unit in (name, swapped)
        )
        return 0.5 * (own + other[self.mirror] * [-1, 1, 1])

    def macro_shape(self, sexes=SEXES, ancestries=ANCESTRIES, age="young", muscle="average", weight="average"):
        """The mean displacement from the raw base mesh over the given sexes and ancestries."""
        total = np.zeros((self.count, 3))
        for sex in sexes:
            names = [(f"universal-{sex}-{age}-{muscle}muscle-{weight}weight", 1.0)]
            names += [(f"{ancestry}-{sex}-{age}", 1.0 / len(ancestries)) for ancestry in ancestries]
            for name, share in names:
                if name not in self._macro:
                    self._macro[name] = self.target(f"macrodetails/{name}")
                total += self._macro[name] * share / len(sexes)
        return total
