"""The 52 face units as expression targets: rigid motion goes into the joints, lids are kept off the eyeballs."""

from __future__ import annotations

import numpy as np

import eyes
import joints
from joints import JOINT, JOINTS
from neutral import Neutral

NAMES = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
# Turning the eyes by one unit (radians); the targets' own eyes slide sideways and are not used.
LOOK = {"In": np.radians(30), "Out": np.radians(30), "Up": np.radians(22), "Down": np.radians(25)}
JAW_UNITS = ("jawOpen", "jawLeft", "jawRight", "jawForward")


def fit_turn(points: np.ndarray, moved: np.ndarray, pivot: np.ndarray) -> tuple[np.ndarray, float]:
    """The rotation about `pivot` that best moves points to moved (Kabsch), and the share of the motion left over."""
    u, _, vt = np.linalg.svd((points - pivot).T @ (moved - pivot))
    sign = np.sign(np.linalg.det(vt.T @ u.T))
    matrix = vt.T @ np.diag([1, 1, sign]) @ u.T
    left = moved - pivot - (points - pivot) @ matrix.T
    return joints.rotation_vector(matrix), float(np.linalg.norm(left) / np.linalg.norm(moved - points))


def control_turns(neutral: Neutral, lower_teeth: np.ndarray, position: np.ndarray) -> dict[str, np.ndarray]:
    """Axis-angle per joint [J,3] of the face units that turn joints."""
    turns = {}
    for name in JAW_UNITS:
        moved = neutral.points[lower_teeth] + neutral.faceunit(name)[lower_teeth]
        vector, left_over = fit_turn(neutral.points[lower_teeth], moved, position[JOINT["jaw"]])
        # what is mostly a slide stays in the target
        if left_over < 0.35:
            pose = np.zeros((len(JOINTS), 3))
            pose[JOINT["jaw"]] = vector * ([1, 0, 0] if name == "jawOpen" else [0, 1, 1])
            turns[name] = pose
    for side, sign in (("Left", 1), ("Right", -1)):
        eye = JOINT[f"eye_{side.lower()}"]
        for way, vector in (("Out", [0, sign, 0]), ("In", [0, -sign, 0]), ("Up", [-1, 0, 0]), ("Down", [1, 0, 0])):
            pose = np.zeros((len(JOINTS), 3))
            pose[eye] = np.array(vector) * LOOK[way]
            turns[f"eyeLook{way}{side}"] = pose
    return turns


def without_turn(delta: np.ndarray, points: np.ndarray, position, weights, pose: np.ndarray) -> np.ndarray:
    """What to add before skinning so that skinning by `pose` ends at points + delta."""
    matrix, shift = joints.blend(position, weights, pose)
    return np.linalg.solve(matrix, (points + delta - shift)[..., None])[..., 0] - points


def clear_globe(delta: np.ndarray, points: np.ndarray, centre: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Keeps the outer lids (vertices `outer`) in front of the globe all the way from 0 to 1.

    A lid moves along a straight line but the globe is round, so a lid that is right at both ends would cut through it
    on the way; the end is lifted by what is missing at the worst moment, at most 1.5 mm, and the rim, which is hidden
    behind the lid's outer edge, only at the end.
    """
    result = delta.copy()
    moving = np.flatnonzero((np.linalg.norm(points - centre, axis=1) < 0.025) & (np.linalg.norm(delta, axis=1) > 1e-5))
    if not len(moving):
        return result
    start = points[moving]
    for _ in range(4):
        end = start + result[moving]
        result[moving] = eyes.keep_out(end, centre, eyes.GAP) - start
        for t in (0.25, 0.5, 0.75):
            place = start + t * result[moving]
            lifted = eyes.keep_out(place, centre, 0.0001)
            need = (lifted - place) / t
            length = np.linalg.norm(need, axis=1, keepdims=True)
            need *= np.minimum(1, 0.0015 / np.maximum(length, 1e-9))
            result[moving] += need * outer[moving][:, None]
    return result
