"""The PyTorch twin of `seelab bench train` and `seelab bench score`: the same net, batch, dtype and threads.

    python3 bench_torch.py train --encoder compact --size 64 --batch 64 --seconds 20 --threads 2
    python3 bench_torch.py train --encoder resnet18 --size 128 --batch 16 --seconds 20 --threads 2 --channels-last --precision bfloat16

It needs torch, and timm for all encoders but compact. It prints one JSON object with images_per_second, to be compared in
turn with the Go figure on the same machine: `seelab bench train --encoder compact --size 64 --batch 64 --seconds 20 --json`
(network_images_per_second is the network alone, as here). On a busy machine, cpu_ms_per_image says more: it is what all
threads together computed. It compares with the figure of that name of
`go test ./lab/encoder -run - -bench Networks`.
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


TIMM = {
    "resnet18": "resnet18", "resnet50": "resnet50", "xception": "legacy_xception", "efficientnet-lite0": "tf_efficientnet_lite0",
    **{f"efficientnet-b{i}": f"tf_efficientnet_b{i}" for i in range(5)},
}


class Timm(nn.Module):
    """A backbone of timm's with the lab's features and head."""

    def __init__(self, encoder, dim, hidden=512):
        super().__init__()
        import timm

        self.backbone = timm.create_model(TIMM[encoder], num_classes=0, global_pool="")
        if encoder == "efficientnet-lite0":  # the lab's features are those before the last convolution
            self.backbone.conv_head = nn.Identity()
            self.backbone.bn2 = nn.Identity()
        self.hidden = nn.LazyLinear(hidden)
        self.out = nn.Linear(hidden, dim)

    def forward(self, x):
        x = self.backbone((x.float() - 127.5) / 127.5)
        window = x.shape[2] // 4
        if window > 1:
            x = F.avg_pool2d(x, window)
        return F.normalize(self.out(F.relu(self.hidden(x.flatten(1)))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "score"])
    parser.add_argument("--encoder", choices=["compact", *TIMM], default="compact")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--channels-last", action="store_true", help="the layout that PyTorch's convolutions like best")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32", help="bfloat16 is by autocast")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)

    classes, dim = 32, 128
    net = Compact(dim) if args.encoder == "compact" else Timm(args.encoder, dim)
    prototypes = F.normalize(torch.randn(classes, dim))
    images = torch.randint(0, 256, (args.batch, 3, args.size, args.size), dtype=torch.uint8)
    net(images)  # makes the lazy layer
    if args.channels_last:
        net, images = net.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, classes, (args.batch,))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.01)

    mixed = torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bfloat16")

    def train():
        optimizer.zero_grad(set_to_none=True)
        with mixed:
            z = net(images)
        F.cross_entropy(z.float() @ prototypes.T / 0.07, labels).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1)
        optimizer.step()

    def score():
        with torch.inference_mode(), mixed:
            net(images) @ prototypes.T

    step = train if args.what == "train" else score
    net.train(args.what == "train")
    for _ in range(3):
        step()
    steps, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < args.seconds:
        step()
        steps += 1
    elapsed, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({
        "bench": args.what, "encoder": args.encoder, "precision": args.precision, "channels_last": args.channels_last, "size": args.size, "batch": args.batch, "threads": args.threads, "torch": torch.__version__,
        "images_per_second": round(steps * args.batch / elapsed, 1),
        "cpu_ms_per_image": round(1e3 * cpu / steps / args.batch, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
    }))


if __name__ == "__main__":
    main()
