"""What `import vidsr` costs above `import xarray`: CPU seconds of fresh processes, in turns, median of the differences.

Run: python benchmarks/imports.py [pairs]
"""

import resource
import statistics
import subprocess
import sys


def cpu(code: str) -> float:
    """CPU seconds of a fresh interpreter that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    cpu("import xarray, vidsr")  # the files are in the cache
    rows = [(cpu("import xarray"), cpu("import xarray, vidsr")) for _ in range(pairs)]
    plain, both = (statistics.median(column) for column in zip(*rows, strict=True))
    added = [b - a for a, b in rows]
    print(
        f"import xarray {plain:.3f} s, with vidsr {both:.3f} s; added: median {statistics.median(added):+.3f}, most {max(added):+.3f}"
    )


if __name__ == "__main__":
    main()
