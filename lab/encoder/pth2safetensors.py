"""Converts the float32 tensors of a PyTorch state dict to safetensors: python3 pth2safetensors.py IN.pth OUT.safetensors

Needs the standard library only. Reads both containers of torch.save, the zip of today and the row of pickles before it.
The pickle may name nothing but the classes below, so a hostile file runs no code. Names, shapes and element order stay
those of PyTorch; integer tensors (BatchNorm's counts of batches) are left out. Equal input gives equal bytes.
"""

import array
import collections
import json
import pickle
import struct
import sys
import zipfile

ELEMENT_BYTES = {"FloatStorage": 4, "LongStorage": 8}
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C

Storage = collections.namedtuple("Storage", "kind key numel")
Tensor = collections.namedtuple("Tensor", "storage offset shape strides")


def rebuild_tensor(storage, offset, shape, strides, *gradient_and_hooks):
    return Tensor(storage, offset, shape, strides)


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return rebuild_tensor
        if module == "torch" and name in ELEMENT_BYTES:
            return name
        raise ValueError(f"the pickle names {module}.{name}, which a state dict of float32 tensors does not need")

    def persistent_load(self, pid):
        tag, kind, key, _device, numel = pid[:5]
        if tag != "storage" or kind not in ELEMENT_BYTES or any(pid[5:]):
            raise ValueError(f"unknown reference {pid!r} in the pickle")
        return Storage(kind, key, numel)


def state_dict(saved):
    """Returns the dictionary of tensors, which checkpoints of a training hold under one of two names."""
    for key in ("state_dict", "model"):
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            return saved[key]
    if not isinstance(saved, dict):
        raise ValueError("the file holds no dictionary; this is no state dict")
    return saved


def read_zip(path):
    """Returns the state dict and a function from a storage to its bytes."""
    archive = zipfile.ZipFile(path)
    pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise ValueError(f"the zip holds {len(pickles)} files data.pkl, want 1")
    folder = pickles[0][: -len("data.pkl")]
    if folder + "byteorder" in archive.namelist() and archive.read(folder + "byteorder") != b"little":
        raise ValueError("the values are not little-endian")
    with archive.open(pickles[0]) as file:
        tensors = Unpickler(file).load()
    return tensors, lambda storage: archive.read(f"{folder}data/{storage.key}")


def read_legacy(path):
    """Does for the older container what read_zip does."""
    with open(path, "rb") as file:
        magic, _version, system = (Unpickler(file).load() for _ in range(3))
        if magic != LEGACY_MAGIC:
            raise ValueError("neither a zip nor a legacy file of torch.save")
        if not system["little_endian"]:
            raise ValueError("the values are not little-endian")
        tensors = Unpickler(file).load()
        kinds = {t.storage.key: t.storage.kind for t in state_dict(tensors).values() if isinstance(t, Tensor)}
        values = {}
        for key in Unpickler(file).load():
            (numel,) = struct.unpack("<q", file.read(8))
            values[key] = file.read(numel * ELEMENT_BYTES[kinds[key]])
    return tensors, lambda storage: values[storage.key]


def row_major(values, offset, axes):
    """Returns the elements in row-major order; axes are (extent, stride) pairs."""
    if not axes:
        return values[offset : offset + 1]
    extent, stride = axes[0]
    if len(axes) == 1 and stride > 0:
        return values[offset : offset + extent * stride : stride]
    out = array.array("f")
    for i in range(extent):
        out.extend(row_major(values, offset + i * stride, axes[1:]))
    return out


def elements(name, tensor, data):
    values = array.array("f")
    values.frombytes(data)
    if len(values) != tensor.storage.numel:
        raise ValueError(f"{name}: the storage has {len(values)} elements, want {tensor.storage.numel}")
    axes = [(n, s) for n, s in zip(tensor.shape, tensor.strides) if n != 1]
    out = row_major(values, tensor.offset, axes)
    wanted = 1
    for extent in tensor.shape:
        wanted *= extent
    if len(out) != wanted:
        raise ValueError(f"{name}: {len(out)} elements in its storage, want {wanted}")
    return out.tobytes()


def convert(source, target):
    saved, data = (read_zip if zipfile.is_zipfile(source) else read_legacy)(source)
    tensors = state_dict(saved)
    header, body = {}, bytearray()
    for name in sorted(tensors):
        tensor = tensors[name]
        if not isinstance(tensor, Tensor):
            raise ValueError(f"{name} is not a tensor; this is no state dict")
        if tensor.storage.kind != "FloatStorage":
            continue
        begin = len(body)
        body += elements(name, tensor, data(tensor.storage))
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, len(body)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "xb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


if __name__ == "__main__":
    try:
        convert(*sys.argv[1:])
    except (ValueError, KeyError, IndexError, TypeError, EOFError, OSError, pickle.UnpicklingError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
