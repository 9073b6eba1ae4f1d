"""Writes efficientnet_pytorch.json: the names that efficientnet_pytorch gives the tensors of EfficientNet-B1.

    pip install torch==2.15.* timm==1.0.31 efficientnet-pytorch==0.7.1
    python3 names.py

Both libraries list the tensors in the order in which they are used, so the n-th name there is the n-th of timm's; the
script checks the shapes, and that both nets compute the same.
"""
import json

import timm
import torch
from efficientnet_pytorch import EfficientNet

theirs = EfficientNet.from_name("efficientnet-b1").eval()
timms = timm.create_model("tf_efficientnet_b1").eval()
names = {}
a = {k: v for k, v in theirs.state_dict().items() if v.is_floating_point()}
b = {k: v for k, v in timms.state_dict().items() if v.is_floating_point()}
assert len(a) == len(b)
for (name, x), (timm_name, y) in zip(a.items(), b.items()):
    assert x.shape == y.shape, (name, timm_name)
    names[timm_name] = name
timms.load_state_dict({k: a[names[k]] for k in names}, strict=False)
with torch.no_grad():
    x = torch.randn(2, 3, 240, 240)
    assert torch.allclose(theirs(x), timms(x), rtol=1e-3, atol=1e-4)
with open("efficientnet_pytorch.json", "w") as file:
    json.dump(names, file, separators=(",", ":"))
    file.write("\n")
