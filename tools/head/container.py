"""Writes safetensors files: 8 bytes header length, JSON header, little-endian data. Equal input gives equal bytes."""

from __future__ import annotations

import json
import os
import pathlib
import struct

import numpy as np

TYPES = {"float32": ("F32", "<f4"), "int32": ("I32", "<i4"), "uint8": ("U8", "|u1")}


def write(path: pathlib.Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Written beside `path` and renamed, so a reader never sees half a file."""
    header: dict = {"__metadata__": metadata}
    chunks, offset = [], 0
    for name in sorted(tensors):
        tensor = np.ascontiguousarray(tensors[name])
        kind, layout = TYPES[str(tensor.dtype)]
        chunk = tensor.astype(layout).tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(chunk)]}
        offset += len(chunk)
        chunks.append(chunk)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so every tensor is aligned
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        file.writelines(chunks)
    os.replace(partial, path)


def read(path: pathlib.Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    layouts = {kind: layout for kind, layout in TYPES.values()}
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(raw[begin:end], layouts[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata
