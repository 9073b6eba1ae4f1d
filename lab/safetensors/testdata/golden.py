"""Writes golden.safetensors with the Python package, for TestGolden.

pip install numpy==2.* safetensors==0.8.*; then run in this folder: python3 golden.py
"""
import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "stem/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8 - 1,
        "empty": np.zeros((0, 5), dtype=np.float32),
        "scalar": np.array(-2.5e-40, dtype=np.float32),
        "größe \"'<&": np.array([np.finfo(np.float32).max, np.finfo(np.float32).tiny], dtype=np.float32),
    },
    "golden.safetensors",
    metadata={"format": "np"},
)
