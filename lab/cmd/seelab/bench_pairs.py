"""Compares seelab's speed with PyTorch's, in turns on this machine, and prints the page results/bench.md.

    go build -o seelab ./lab/cmd/seelab && python3 lab/cmd/seelab/bench_pairs.py ./seelab > results/bench.md
    python3 lab/cmd/seelab/bench_pairs.py ./seelab --only vit-s16

It wants torch and timm beside it. Each row is measured in rounds, one after the other with nothing between them; a ratio is
the median of the rounds' own ratios, with the least and the largest. PyTorch's figure is the better of its two layouts.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

# what, method, encoder, pixels, images of a batch, type of the maps. When it scores, the lab has 16 images a pass whatever the batch.
ROWS = [
    ("train", "seeable", "compact", 64, 64, "float32"),
    ("train", "seeable", "resnet18", 128, 16, "float32"),
    ("train", "seeable", "efficientnet-lite0", 128, 32, "float32"),
    ("train", "seeable", "efficientnet-b0", 128, 16, "float32"),
    ("score", "seeable", "compact", 64, 64, "float32"),
    ("score", "seeable", "resnet18", 128, 64, "float32"),
    ("score", "seeable", "efficientnet-lite0", 128, 64, "float32"),
    ("score", "seeable", "efficientnet-b0", 128, 64, "float32"),
    ("train", "uiavit-sbi", "vit-s16", 64, 64, "float32"),
    ("train", "uiavit-sbi", "vit-s16", 224, 8, "float32"),
    ("score", "uiavit-sbi", "vit-s16", 64, 64, "float32"),
    ("score", "uiavit-sbi", "vit-s16", 64, 16, "float32"),
    ("score", "uiavit-sbi", "vit-s16", 224, 16, "float32"),
    ("train", "seeable", "compact", 64, 64, "bfloat16"),
    ("train", "seeable", "resnet18", 128, 16, "bfloat16"),
    ("train", "seeable", "efficientnet-lite0", 128, 32, "bfloat16"),
    ("score", "seeable", "compact", 64, 64, "bfloat16"),
    ("score", "seeable", "resnet18", 128, 64, "bfloat16"),
    ("score", "seeable", "efficientnet-lite0", 128, 64, "bfloat16"),
]


def run(*command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout)


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seelab")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", default="", help="the rows that contain this text, such as vit-s16 or 'train uiavit'")
    args = parser.parse_args()
    twin = str(pathlib.Path(__file__).with_name("bench_torch.py"))
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    lines, backend, torch, malloc = [], "", "", ""
    rows = [row for row in ROWS if args.only in " ".join(map(str, row))]
    if not rows:
        parser.error(f"--only {args.only!r}: no row contains that; there are {'; '.join(' '.join(map(str, row)) for row in ROWS)}")
    for what, method, encoder, size, batch, precision in rows:
        # Without --method it is seeable's default experiment, of which the twin is one.
        row = [what, *(["--method", method] if method != "seeable" else []), "--encoder", encoder, "--size", str(size), "--batch", str(batch), "--precision", precision]
        run(args.seelab, "bench", *row, "--seconds", "0.1", "--json")  # what it compiles is kept for the rounds
        same = [*row, "--seconds", str(args.seconds)]
        ours, theirs, ratios, memory = [], [], [], []
        for _ in range(args.rounds):
            go = run(args.seelab, "bench", *same, "--json")
            layouts = [run(sys.executable, twin, *same, "--threads", str(os.cpu_count()), *layout) for layout in ([], ["--channels-last"])]
            best = max(layouts, key=lambda r: r["images_per_second"])
            backend, torch, malloc = go["backend"], best["torch"], go.get("malloc", "as the C library has it")
            ours.append(go["network_images_per_second"])
            theirs.append(best["images_per_second"])
            ratios.append(ours[-1] / theirs[-1])
            memory.append(go["peak_rss_mb"] / best["peak_rss_mb"])
            print(what, method, encoder, size, precision, ours[-1], theirs[-1], file=sys.stderr)
        lines.append(f"| {what} | {method} | `{encoder}` | {precision} | {size} | {batch} | {spread(ours, 0)} | {spread(theirs, 0)} | **{spread(ratios, 2)}** | {spread(memory, 2)} |")
    print(f"""# Speed beside PyTorch

`python3 lab/cmd/seelab/bench_pairs.py SEELAB` on {model}, {os.cpu_count()} cores: {backend} against PyTorch {torch}, the same
network, batch, dtype and threads, {args.rounds} rounds in turn of {args.seconds:g} seconds each. Images a second: median
[least, largest]. Both are the network alone, on the same batch again and again, as the twin does it. PyTorch has the better of
its two layouts. Above 1 the lab is faster; memory is the whole process at its peak, the lab's over PyTorch's, with programs that
an earlier process compiled. The lab's malloc: {malloc}. With maps of bfloat16, PyTorch is under autocast.

| what | method | encoder | maps | pixels | batch | lab | PyTorch | ratio | memory |
|---|---|---|---|---|---|---|---|---|---|""")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
