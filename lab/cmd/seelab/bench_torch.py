"""The PyTorch twin of `seelab bench train` and `seelab bench score`: the net `compact`, the same batch, dtype and threads.

    python3 bench_torch.py train --size 64 --batch 64 --seconds 20 --threads 2

It needs torch and prints one JSON object with images_per_second, to be compared in turn with the Go figure on the same
machine: `seelab bench train --encoder compact --size 64 --batch 64 --seconds 20 --json` (network_images_per_second is
the network alone, as here).
"""
import argparse
import json
import resource
import time

import torch
from torch import nn
from torch.nn import functional as F


class Stage(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Conv2d(inputs, channels, 1, stride, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.bn3(self.shortcut(x)))


class Compact(nn.Module):
    def __init__(self, dim, hidden=512):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        self.stages = nn.Sequential(Stage(16, 24, 1), Stage(24, 48, 2), Stage(48, 96, 2))
        self.hidden = nn.Linear(16 * 96, hidden)
        self.out = nn.Linear(hidden, dim)

    def forward(self, x):
        x = (x.float() - 127.5) / 127.5
        x = self.stages(F.relu(self.bn(self.stem(x))))
        x = F.adaptive_avg_pool2d(x, 4).flatten(1)
        return F.normalize(self.out(F.relu(self.hidden(x))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "score"])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)

    classes, dim = 32, 128
    net = Compact(dim)
    prototypes = F.normalize(torch.randn(classes, dim))
    images = torch.randint(0, 256, (args.batch, 3, args.size, args.size), dtype=torch.uint8)
    labels = torch.randint(0, classes, (args.batch,))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.01)

    def train():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(net(images) @ prototypes.T / 0.07, labels).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1)
        optimizer.step()

    def score():
        with torch.inference_mode():
            net(images) @ prototypes.T

    step = train if args.what == "train" else score
    net.train(args.what == "train")
    for _ in range(3):
        step()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < args.seconds:
        step()
        steps += 1
    elapsed = time.perf_counter() - start
    print(json.dumps({
        "bench": args.what, "size": args.size, "batch": args.batch, "threads": args.threads, "torch": torch.__version__,
        "images_per_second": round(steps * args.batch / elapsed, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }))


if __name__ == "__main__":
    main()
