"""Writes the two tiny state dicts of TestConvert in both containers of torch.save.

pip install torch==2.15.*; then run in this folder: python3 pth.py
"""
import collections

import torch

shared = torch.arange(12, dtype=torch.float32)
state = collections.OrderedDict()
state["turned"] = shared.reshape(3, 4).t()  # strides (1, 4)
state["slice"] = shared[5:8]
state["repeated"] = torch.tensor([0.5]).expand(2, 3)
state["scalar"] = torch.tensor(-1.25)
state["empty"] = torch.zeros(0, 4)
state["norm.num_batches_tracked"] = torch.tensor(7)
torch.save(state, "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(state, "zip.pth")
torch.save({"model": state, "epoch": 3}, "wrapped.pth")
