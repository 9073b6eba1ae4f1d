"""The PyTorch twin of `seelab bench train` and `seelab bench score`: the same net, batch, dtype and threads.

    python3 bench_torch.py train --encoder compact --size 64 --batch 64 --seconds 20 --threads 2
    python3 bench_torch.py train --encoder resnet18 --size 128 --batch 16 --seconds 20 --threads 2 --channels-last --precision bfloat16
    python3 bench_torch.py train --method uiavit-sbi --encoder vit-s16 --size 64 --batch 64 --seconds 20 --threads 2

It needs torch, and timm for all encoders but compact. The method uiavit-sbi takes a transformer, seeable another encoder. It
prints one JSON object with images_per_second, to be compared in turn with the Go figure on the same machine: `seelab bench train --encoder compact --size 64 --batch 64 --seconds 20 --json`
(network_images_per_second is the network alone, as here). On a busy machine, cpu_ms_per_image says more: it is what all
threads together computed. It compares with network_cpu_ms_per_image there.
"""
import argparse
import json
import math
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

TRANSFORMERS = {"vit-s16": "vit_small_patch16_224", "vit-b16": "vit_base_patch16_224"}


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


class SeeABLE:
    """An encoder, and prototypes that embeddings are to be near."""

    def __init__(self, encoder, images):
        classes, dim = 32, 128
        self.net = Compact(dim) if encoder == "compact" else Timm(encoder, dim)
        self.net(images)  # makes the lazy layer
        self.prototypes = F.normalize(torch.randn(classes, dim))
        self.labels = torch.randint(0, classes, (len(images),))

    def loss(self, images, mixed):
        with mixed:
            z = self.net(images)
        return F.cross_entropy(z.float() @ self.prototypes.T / 0.07, self.labels)

    def score(self, images):
        return self.net(images) @ self.prototypes.T


def attend(block, x):
    """What a block of timm's makes of tokens x, and the scaled products of queries and keys, [B, heads, T, T]."""
    attention = block.attn
    q, k, v = attention.qkv(block.norm1(x)).unflatten(2, (3, attention.num_heads, -1)).permute(2, 0, 3, 1, 4)
    logits = (q * attention.scale) @ k.transpose(2, 3)
    x = x + attention.proj((logits.softmax(-1) @ v).transpose(1, 2).flatten(2))
    return x + block.mlp(block.norm2(x)), logits


class Gaussian(nn.Module):
    """A normal distribution of patches, and the sums that the next one is fitted to."""

    def __init__(self, width, counts):
        super().__init__()
        for name, shape in {"mean": width, "root": (width, width), "count": (), "shift": width, "x": width, "xx": (width, width), "square": width, "fourth": ()}.items():
            self.register_buffer(name, torch.zeros(shape))
        self.register_buffer("counts", counts, persistent=False)  # which places do

    def distance(self, x):
        return ((x - self.mean) @ self.root).square().sum(-1).sqrt()

    @torch.no_grad()
    def collect(self, x):
        """x are the patches of all faces of this label in a batch, of which the first four count."""
        x = x[:4, self.counts].flatten(0, 1)
        if self.count == 0:
            self.shift.copy_(x.mean(0))
        y = x - self.shift
        squares = y.square().sum(1)
        self.count += len(y)
        self.x += y.sum(0)
        self.xx.addmm_(y.T, y)
        self.square += squares @ y
        self.fourth += squares.square().sum()


class ViT(nn.Module):
    """The lab's network of uiavit-sbi on a transformer of timm's, whose positions are made for the size of images."""

    def __init__(self, encoder, size):
        super().__init__()
        import timm

        self.backbone = timm.create_model(TRANSFORMERS[encoder], num_classes=0, dynamic_img_size=True)
        width, side = self.backbone.embed_dim, size // 16
        everywhere, middle = torch.ones(side, side, dtype=torch.bool), torch.zeros(side, side, dtype=torch.bool)
        start, places = side // 4, max(1, side * 4 // 7)
        middle[start : start + places, start : start + places] = True
        self.real, self.fake = Gaussian(width, everywhere.flatten()), Gaussian(width, middle.flatten())
        self.head = nn.Linear(2 * width, 2)
        self.cross, self.inside, self.outside = (nn.Parameter(torch.tensor(x)) for x in (0.2, 0.6, 0.6))

    def forward(self, images):
        """Logits of real and fake, attention of the class token, logits between patches, how much nearer to fakes, and features."""
        net, blocks = self.backbone, self.backbone.blocks
        x = net._pos_embed(net.patch_embed((images.float() - 127.5) / 127.5))
        half, first = len(blocks) // 2, max(2 * len(blocks) // 3, len(blocks) // 2 + 1) - 1
        for block in blocks[:half]:
            x = block(x)
        features = F.layer_norm(x[:, 1:].detach(), x.shape[2:], eps=1e-6)
        for block in blocks[half:first]:
            x = block(x)
        logits = []
        for block in blocks[first:]:
            x, of = attend(block, x)
            logits.append(of)
        logits = torch.cat(logits, 1).mean(1)
        places, x = logits[:, 0, 1:].sigmoid(), net.norm(x)
        nearer = self.real.distance(features) - self.fake.distance(features)
        w = 1 / (1 + math.exp(12 * (SHARE - 0.7)))
        pooled = torch.einsum("bp,bpc->bc", (w + (1 - w) * places) / places.shape[1], x[:, 1:])
        return self.head(torch.cat([x[:, 0], pooled], 1)), places, logits[:, 1:, 1:], nearer, features

    def consistency(self, logits, labels, nearer):
        attention, n = logits.sigmoid(), logits.shape[1]
        diagonal, fake = torch.eye(n), (nearer > 0).float()
        real = self.outside * (1 - diagonal) + diagonal
        both, neither = fake[:, :, None] * fake[:, None], (1 - fake)[:, :, None] * (1 - fake)[:, None]
        mixed = self.inside * both + self.outside * neither + self.cross * (1 - both - neither)

        def off(of, target):
            return (of * (attention - target).abs().sum((1, 2))).sum() / (of.sum().clamp(min=1) * (n * n - n))

        held = self.cross.abs() / 2 + 0.05 * (1 / self.inside.abs() + 1 / self.outside.abs())
        return 0.06 * (off(1 - labels, real) + off(labels, mixed)) + held


SHARE = 0.5  # of the training done: attention pools, and there are Gaussians


class UIAViT:
    """Half of a batch are fakes; all terms of the loss count, and the moments of the Gaussians are collected."""

    def __init__(self, encoder, images):
        self.net = ViT(encoder, images.shape[2])
        self.labels = torch.arange(len(images)) % 2

    def loss(self, images, mixed):
        with mixed:
            out, _, logits, nearer, features = self.net(images)
        self.net.real.collect(features[self.labels == 0])
        self.net.fake.collect(features[self.labels == 1])
        return F.cross_entropy(out.float(), self.labels) + self.net.consistency(logits.float(), self.labels.float(), nearer)

    def score(self, images):
        out, places, _, nearer, features = self.net(images)
        return out[:, 1] - out[:, 0], nearer.mean(1) / math.sqrt(features.shape[2]), places


METHODS = {"seeable": (SeeABLE, ["compact", *TIMM]), "uiavit-sbi": (UIAViT, list(TRANSFORMERS))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "score"])
    parser.add_argument("--method", choices=list(METHODS), default="seeable")
    parser.add_argument("--encoder", choices=["compact", *TIMM, *TRANSFORMERS], default="compact")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--channels-last", action="store_true", help="the layout that PyTorch's convolutions like best")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32", help="bfloat16 is by autocast")
    args = parser.parse_args()
    make, encoders = METHODS[args.method]
    if args.encoder not in encoders:
        parser.error(f"--encoder {args.encoder}: {args.method} has a twin with one of {', '.join(encoders)}")
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)

    images = torch.randint(0, 256, (args.batch, 3, args.size, args.size), dtype=torch.uint8)
    method = make(args.encoder, images)
    net = method.net
    if args.channels_last:
        net, images = net.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.01)

    mixed = torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bfloat16")

    def train():
        optimizer.zero_grad(set_to_none=True)
        method.loss(images, mixed).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1)
        optimizer.step()

    def score():
        with torch.inference_mode(), mixed:
            method.score(images)

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
        "bench": args.what, "method": args.method, "encoder": args.encoder, "precision": args.precision, "channels_last": args.channels_last, "size": args.size, "batch": args.batch, "threads": args.threads, "torch": torch.__version__,
        "images_per_second": round(steps * args.batch / elapsed, 1),
        "cpu_ms_per_image": round(1e3 * cpu / steps / args.batch, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
    }))


if __name__ == "__main__":
    main()
