"""The identity targets: MakeHuman's named ones that reach the head, and age, sex, ancestry and build about the neutral."""

from __future__ import annotations

from makehuman import TARGET_FOLDERS
from neutral import ANCESTRIES, SEXES, Neutral

LEAST = 2e-5  # metres: targets that move no vertex of ours further are left out


def macros(neutral: Neutral) -> dict[str, dict]:
    result = {f"age-{age}": {"age": age} for age in ("baby", "child", "old")}
    result |= {f"sex-{sex}": {"sexes": (sex,)} for sex in SEXES}
    result |= {f"ancestry-{ancestry}": {"ancestries": (ancestry,)} for ancestry in ANCESTRIES}
    result |= {f"weight-{end}": {"weight": end} for end in ("min", "max")}
    result |= {f"muscle-{end}": {"muscle": end} for end in ("min", "max")}
    return result


def base_targets(neutral: Neutral):
    """Yields (name, displacement of the base vertices per unit, slider range)."""
    middle = neutral.macro_shape()
    for name, parts in macros(neutral).items():
        delta = neutral.macro_shape(**parts) - middle
        # A smaller body carries its head lower; that is the pose's business, so the head joint stays where it is.
        yield name, delta - neutral.cube(delta, "joint-head"), (0.0, 1.0)
    for folder in TARGET_FOLDERS:
        paths = sorted((neutral.data / "mpfb2/targets" / folder).glob("*.target.gz"))
        for path in paths:
            name = path.name.removesuffix(".target.gz")
            yield name, neutral.target(f"{folder}/{name}"), (0.0, 1.0)
