"""How good forecasts of the final size are: raw SEISMIC, as shipped, and as published."""
import math
import random
import statistics
import subprocess
import sys

from common import OUT, ROOT

sys.path.insert(0, str(ROOT / "tests/oracle"))
from kernel_cascades import KernelCascades  # noqa: E402

ROWS = ROOT / "build/release/tests/forecast_rows"
AGES = {10: "10 min", 60: "1 h", 240: "4 h", 360: "6 h"}
SEED, COUNT = 7, 2500
PAIRS_OF = 1500  # of so many cascades, tau is computed from all pairs


def generated():
    """Two streams: one is like what the shipped factors were chosen on, one is not."""
    for name, half in (("slow", 24.0), ("fast", 1.0)):
        path = OUT / f"kernel-{name}-{SEED}-{COUNT}.ndjson"
        made = KernelCascades(random.Random(SEED), COUNT, half=half)
        path.write_text("\n".join(made.lines) + "\n", encoding="ascii")
        yield path


def rows_of(path):
    """minutes, R, final, raw, shipped, published, low, high, is learnt; in the order of closing."""
    done = subprocess.run([ROWS, path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, check=True)
    return [tuple(map(float, line.split("\t"))) for line in done.stderr.splitlines()]


def median_error(sizes, finals):
    return statistics.median(abs(size / final - 1) for size, final in zip(sizes, finals))


def tau(sizes, finals):
    """Kendall's tau-a."""
    pairs = list(zip(sizes, finals))[:PAIRS_OF]
    agreeing = 0
    for i, (size, final) in enumerate(pairs):
        for other, ended in pairs[:i]:
            product = (ended > final) - (ended < final)
            agreeing += product * ((other > size) - (other < size))
    return agreeing / (len(pairs) * (len(pairs) - 1) / 2)


def top_50(sizes, finals):
    def best(numbers):
        return set(sorted(range(len(numbers)), key=lambda i: -numbers[i])[:50])
    return len(best(sizes) & best(finals)) / 50


def print_age(name, rows):
    finals = [row[2] for row in rows]
    inside = sum(row[6] <= row[2] <= row[7] for row in rows) / len(rows)
    print(f"{name:8}{len(rows):6}", end="")
    for column in (3, 4, 5):
        sizes = [row[column] for row in rows]
        print(f"{median_error(sizes, finals):8.3f}{tau(sizes, finals):7.3f}"
              f"{top_50(sizes, finals):6.2f}", end="")
    print(f"{inside:9.2f}")


def measure_forecast(path):
    for each in [path] if path else generated():
        rows = [row for row in rows_of(each) if row[2] > 0]
        print(f"input: {each.name}; of each: median error, Kendall's tau, share of the 50 greatest "
              "found")
        print(f"{'age':8}{'count':>6}{'raw SEISMIC':>21}{'shipped':>21}{'published':>21}"
              f"{'in band':>9}")
        for is_learnt in (0, 1):
            print("after enough have closed to learn from:" if is_learnt else "before:")
            for minutes, name in AGES.items():
                some = [row for row in rows if row[0] == minutes and row[8] == is_learnt]
                if len(some) >= 2 and not math.isnan(some[0][6]):
                    print_age(name, some)
