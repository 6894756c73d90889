"""Joints, skin weights and linear blend skinning."""

from __future__ import annotations

import numpy as np

import makehuman
from neutral import Neutral
from surface import Surface

JOINTS = ("root", "neck", "head", "jaw", "eye_left", "eye_right")
JOINT = {name: index for index, name in enumerate(JOINTS)}
PARENT = (-1, 0, 1, 2, 2, 2)
CUBES = {"root": "joint-spine-1", "neck": "joint-neck", "head": "joint-head", "jaw": "joint-mouth"}
# Axis-angle components in radians: x nods or opens, y turns left, z tilts.
LIMITS = {
    "root": [[-0.5, 0.5], [-0.8, 0.8], [-0.4, 0.4]],
    "neck": [[-0.5, 0.6], [-0.7, 0.7], [-0.4, 0.4]],
    "head": [[-0.5, 0.6], [-0.7, 0.7], [-0.4, 0.4]],
    "jaw": [[-0.05, 0.6], [-0.2, 0.2], [-0.1, 0.1]],
    "eye_left": [[-0.5, 0.5], [-0.65, 0.65], [-0.05, 0.05]],
    "eye_right": [[-0.5, 0.5], [-0.65, 0.65], [-0.05, 0.05]],
}
SMOOTHING = 4  # rounds of averaging: enough to hide the rig's hard borders, too few to move the upper lip


def rotation(vector: np.ndarray) -> np.ndarray:
    """Rodrigues' formula."""
    angle = np.linalg.norm(vector)
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def rotation_vector(matrix: np.ndarray) -> np.ndarray:
    axis = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    sine, cosine = np.linalg.norm(axis) / 2, (np.trace(matrix) - 1) / 2
    return axis / (2 * sine) * np.arctan2(sine, cosine) if sine > 1e-9 else np.zeros(3)


def kept_ancestor(bone: str, rig: dict) -> str:
    while bone:
        if bone in ("jaw", "head"):
            return bone
        if bone.startswith("neck0"):
            return "neck"
        if bone in ("eye.L", "eye.R"):
            return "head"  # skin never turns with the eyeballs
        bone = rig[bone].get("parent") or ""
    return "root"


def surface_weights(neutral: Neutral, surface: Surface, triangles: np.ndarray) -> np.ndarray:
    """The standard rig's weights folded into the kept joints, smoothed over the surface and made symmetric: [n,6]."""
    table, rig = makehuman.read_weights(neutral.data, neutral.count)
    folded = np.zeros((neutral.count, len(JOINTS)))
    for bone, column in table.items():
        folded[:, JOINT[kept_ancestor(bone, rig)]] += column
    weights = surface.spread(folded)
    edges = np.unique(np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1), axis=0)
    degree = np.zeros(len(weights))
    for k in range(2):
        np.add.at(degree, edges[:, k], 1)
    for _ in range(SMOOTHING):
        total = np.zeros_like(weights)
        np.add.at(total, edges[:, 0], weights[edges[:, 1]])
        np.add.at(total, edges[:, 1], weights[edges[:, 0]])
        weights = np.where(degree[:, None] > 0, 0.5 * weights + 0.5 * total / np.maximum(degree, 1)[:, None], weights)
    weights = 0.5 * (weights + weights[surface.mirror])
    weights[weights < 1e-3] = 0
    return weights / weights.sum(axis=1, keepdims=True)


def lower_jaw(neutral: Neutral, surface: Surface) -> np.ndarray:
    """Which vertices the rig lets the jaw carry more than anything else [n]."""
    table, rig = makehuman.read_weights(neutral.data, neutral.count)
    total = sum(column for bone, column in table.items() if kept_ancestor(bone, rig) == "jaw")
    return surface.spread(total) > 0.5


def joint_transforms(position: np.ndarray, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World rotation [J,3,3] and translation [J,3] of x -> R x + t for local axis-angle rotations about the joints."""
    turn, shift = np.zeros((len(PARENT), 3, 3)), np.zeros((len(PARENT), 3))
    for j, parent in enumerate(PARENT):
        local = rotation(pose[j])
        offset = position[j] - local @ position[j]
        if parent < 0:
            turn[j], shift[j] = local, offset
        else:
            turn[j], shift[j] = turn[parent] @ local, turn[parent] @ offset + shift[parent]
    return turn, shift


def blend(position: np.ndarray, weights: np.ndarray, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per vertex the blended matrix [n,3,3] and translation [n,3]."""
    turn, shift = joint_transforms(position, pose)
    return np.einsum("vj,jab->vab", weights, turn), weights @ shift


def skin(points: np.ndarray, position: np.ndarray, weights: np.ndarray, pose: np.ndarray) -> np.ndarray:
    matrix, shift = blend(position, weights, pose)
    return np.einsum("vab,vb->va", matrix, points) + shift
