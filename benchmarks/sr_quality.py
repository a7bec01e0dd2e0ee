"""PSNR-Y and SSIM-Y of every super-resolution entry of the zoo, bicubic in the first row.

Run:  python benchmarks/sr_quality.py [entry ...]      (test sets: VIDSR_BENCH, or ../shared/bench)
"""

import sys

from vidsr import hub, models
from vidsr.train import measure


def main(names: list[str]) -> None:
    """Print one Markdown table an entry."""
    bench = measure.bench_folder()
    if bench is None:
        raise SystemExit(
            "no test sets found. Name their folder: VIDSR_BENCH=FOLDER python benchmarks/sr_quality.py"
        )
    for name in names or hub.IDS:
        network = hub.load(name)
        rows = measure.table(
            measure.network(network.graphdef, network.params), scale=network.scale, bench=bench
        )
        print(f"| x{network.scale}, PSNR-Y / SSIM-Y | {' | '.join(rows)} |\n|" + " --- |" * (len(rows) + 1))
        labels = {"bicubic": "bicubic", "ours": f"{name} ({models.count(network.params):,} weights)"}
        for method, label in labels.items():
            cells = (f"{row[method]['psnr_y']:.3f} / {row[method]['ssim_y']:.4f}" for row in rows.values())
            print(f"| {label} | {' | '.join(cells)} |")
        print()
    print(f"Protocol: {measure.PROTOCOL}.")


if __name__ == "__main__":
    main(sys.argv[1:])
