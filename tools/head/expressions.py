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


def under_turn(delta: np.ndarray, position, weights, pose: np.ndarray) -> np.ndarray:
    """What to add before skinning so that under the joints' `pose` it amounts to delta."""
    matrix, _ = joints.blend(position, weights, pose)
    return np.linalg.solve(matrix, delta[..., None])[..., 0]


def meet_at_one(delta: np.ndarray, points: np.ndarray, margin: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Rescales a blink along the width of the eye so that the lids just meet at 1.

    The raw targets are made for the raw mesh, whose eyes are opened wider than the neutral adult's: there the upper lid
    would run 3 mm over the lower one. `margin` are the vertices of one eye's lid margins, `corners` its two corners.
    """
    low, high = np.sort(points[corners, 0])
    line = lambda x: np.interp(x, *points[corners][np.argsort(points[corners, 0])][:, :2].T)
    x = points[margin, 0]
    margin = margin[(x > low + 0.002) & (x < high - 0.002)]
    upper = margin[points[margin, 1] > line(points[margin, 0])]
    lower = margin[points[margin, 1] < line(points[margin, 0])]
    columns = np.linspace(low + 0.0035, high - 0.0035, 13)
    width = 1.2 * (columns[1] - columns[0])
    times = np.linspace(0.3, 1.3, 101)
    closing = np.full(len(columns), np.nan)
    for t in times[::-1]:
        place_up, place_low = points[upper] + t * delta[upper], points[lower] + t * delta[lower]
        for k, column in enumerate(columns):
            edge_up = place_up[np.abs(place_up[:, 0] - column) < width, 1]
            edge_low = place_low[np.abs(place_low[:, 0] - column) < width, 1]
            if len(edge_up) and len(edge_low) and edge_up.min() <= edge_low.max() - 0.0004:
                closing[k] = t
    known = ~np.isnan(closing)
    if known.sum() < 3:
        return delta
    closing = np.interp(columns, columns[known], closing[known])
    for _ in range(3):
        padded = np.pad(closing, 1, mode="edge")
        closing = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return delta * np.interp(points[:, 0], columns, closing)[:, None]


def carry_lashes(moved: np.ndarray, raw: np.ndarray, points: np.ndarray, lashes: np.ndarray, lids: np.ndarray) -> np.ndarray:
    """Moves the lashes by what was changed on the lids' edges next to them."""
    result = moved.copy()
    change = moved[lids] - raw[lids]
    square = ((points[lashes][:, None] - points[lids][None]) ** 2).sum(axis=2)
    share = np.exp(-(square - square.min(axis=1, keepdims=True)) / 0.001**2)
    share /= share.sum(axis=1, keepdims=True)
    result[lashes] = raw[lashes] + share @ change
    return result


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
