"""Writes what timm's networks compute, for the tests of parity in timm_test.go.

    pip install torch==2.15.* timm==1.0.31 numpy safetensors==0.8.*
    python3 timm_goldens.py small            writes timm_NAME.json beside this script: samples, committed
    python3 timm_goldens.py full FOLDER      writes NAME.safetensors into FOLDER: every value, tested when
                                             SEEABLE_GOLDENS names the folder
A list of encoders behind that takes these only.

Weights and images are not stored: both sides compute them from the names of the tensors. All is computed in float64.
"""
import json
import math
import pathlib
import sys

import numpy as np
import timm
import torch
from safetensors.numpy import save_file

torch.set_num_threads(2)

# Our name: timm's name, the modules whose outputs are compared, the function of the input, the size for a small golden.
IMAGENET = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
INCEPTION = [127.5] * 3, [127.5] * 3
STAGES = [f"blocks.{i}" for i in range(7)]
ENCODERS = {
    "resnet18": ("resnet18", ["act1", "layer1", "layer2", "layer3", "layer4"], IMAGENET, 64),
    "resnet50": ("resnet50", ["act1", "layer1", "layer2", "layer3", "layer4"], IMAGENET, 64),
    "efficientnet-lite0": ("tf_efficientnet_lite0", ["bn1"] + STAGES, ([127.0] * 3, [128.0] * 3), 64),
    **{f"efficientnet-b{i}": (f"tf_efficientnet_b{i}", ["bn1"] + STAGES + ["bn2"], INCEPTION, 64) for i in range(5)},
    "vit-s16": ("vit_small_patch16_224", ["patch_embed"] + [f"blocks.{i}" for i in range(12)] + ["norm"], INCEPTION, 64),
    "vit-b16": ("vit_base_patch16_224", ["patch_embed"] + [f"blocks.{i}" for i in range(12)] + ["norm"], INCEPTION, 64),
    "xception": ("legacy_xception", ["act2"] + [f"block{i}" for i in range(1, 13)] + ["act4"], INCEPTION, 96),
}
BATCH = 4
M64 = (1 << 64) - 1


def uniform(name, count):
    """count numbers in [0, 1) with 24 bits each: splitmix64 from the FNV-1a hash of name."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & M64
    z = np.uint64(state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**24


def weight(name, shape):
    """The value of a tensor of timm's, rounded to float32: kernels keep the variance, the rest is near its usual start."""
    u = uniform(name, math.prod(shape))
    if len(shape) > 1:
        u = (2 * u - 1) * math.sqrt(6 / math.prod(shape[1:]))
    elif name.endswith((".weight", ".running_var")):
        u = u / 2 + 0.75
    else:
        u = (u - 0.5) / 2
    return u.astype(np.float32).reshape(shape)


def images(size):
    """uint8 [BATCH, S, S, 3]."""
    return np.floor(uniform("images", BATCH * size * size * 3) * 256).astype(np.uint8).reshape(BATCH, size, size, 3)


def network(name):
    # Positions are those of 224 pixels, resized to the images.
    options = {"dynamic_img_size": True} if name.startswith("vit") else {}
    model = timm.create_model(ENCODERS[name][0], **options).double()
    state = {k: torch.from_numpy(weight(k, v.shape)).double() for k, v in model.state_dict().items() if v.is_floating_point()}
    missing = model.load_state_dict(state, strict=False).missing_keys
    assert all(k.endswith("num_batches_tracked") for k in missing), missing
    return model


def as_map(name, out, size):
    """The map [B, H, W, C] of what a module makes: [B, C, H, W], or patches and tokens of a transformer."""
    if not name.startswith("vit"):
        return out.permute(0, 2, 3, 1)
    return out if out.ndim == 4 else out[:, 1:].reshape(len(out), size // 16, size // 16, -1)


def outputs(name, size, training):
    """Yields (label, array): maps [B, H, W, C], and in training the gradients and running averages after one step."""
    timm_name, stages, (mean, deviation), _ = ENCODERS[name]
    model = network(name).train(training)
    kept = {}
    for stage in stages:
        # Later layers may write into the map in place.
        model.get_submodule(stage).register_forward_hook(lambda _m, _i, out, stage=stage: kept.__setitem__(stage, out.clone()))
    x = (torch.from_numpy(images(size)).double() - torch.tensor(mean).double()) / torch.tensor(deviation).double()
    x = x.permute(0, 3, 1, 2).contiguous()
    mode = "train" if training else "infer"
    with torch.set_grad_enabled(training):
        model.forward_features(x)
        for stage in stages:
            yield f"{mode}/{stage}", as_map(name, kept[stage].detach(), size).contiguous().numpy()
        if training:
            last = as_map(name, kept[stages[-1]], size)
            adjoint = torch.from_numpy(2 * uniform("adjoint", last.numel()) - 1).reshape(last.shape)
            (last * adjoint).sum().backward()
            for k, p in model.named_parameters():
                if p.grad is not None:
                    yield f"gradient/{k}", p.grad.numpy()
            for k, v in model.state_dict().items():
                if k.endswith(("running_mean", "running_var")):
                    yield f"statistic/{k}", v.numpy()


def summary(array, samples):
    flat = array.ravel()
    step = max(1, len(flat) // samples)
    return [list(array.shape), float(np.linalg.norm(flat)), float(np.abs(flat).max()), [float(v) for v in flat[::step]]]


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return value


def small(names):
    for name in names:
        size = ENCODERS[name][3]
        golden = {"timm": ENCODERS[name][0], "version": timm.__version__, "size": size, "batch": BATCH, "arrays": {}}
        golden["names"] = {k: list(v.shape) for k, v in network(name).state_dict().items() if v.is_floating_point()}
        for training in (False, True):
            for label, array in outputs(name, size, training):
                samples = 1 if label.startswith("statistic") else 2 if label.startswith("gradient") else 32
                golden["arrays"][label] = rounded(summary(array, samples))
        with open(pathlib.Path(__file__).parent / f"timm_{name}.json", "w") as file:
            json.dump(golden, file, separators=(",", ":"))
            file.write("\n")
        print(name, "written", flush=True)


def full(folder, names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        for size in (ENCODERS[name][3], 111, 128):
            arrays = {label: array.astype(np.float32)
                      for training in (False, True) for label, array in outputs(name, size, training)}
            save_file(arrays, folder / f"{name}-{size}.safetensors", {"timm": timm.__version__, "batch": str(BATCH)})
        print(name, "written", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "full":
        full(sys.argv[2], sys.argv[3:] or ENCODERS)
    else:
        small(sys.argv[2:] or ENCODERS)
