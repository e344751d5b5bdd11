#!/usr/bin/python3
"""The pipeline against the brute-force oracle, entry by entry, after every flush.

    fold_matches_oracle.py [--fold PATH] [--streams N] [--shrinking N] [--seed S] [--no-corpus]

Seeded streams (colliding_posts.py, shrinking_cascades.py, carrying_people.py, crowded_campaigns.py,
growing_cascades.py and kernel_cascades.py of tests/oracle) go to the test program `fold`; its output is applied to dicts as
Redis would apply it and compared with what the oracle computes from the same lines, also when `fold`
plays a connection that loses parts of flushes. Folding a stream twice, with another seed for the
hash tables, must give the same bytes. A stream that fails is cut down to the lines that still
fail.
"""
# tests/run: beside others
import argparse
import functools
import lzma
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "oracle"))

from campaigns import Campaign  # noqa: E402
from carrying_people import CarryingPeople  # noqa: E402
from crowded_campaigns import CrowdedCampaigns  # noqa: E402
from shrinking_cascades import ShrinkingCascades  # noqa: E402
from colliding_posts import BASE, Settings, Stream  # noqa: E402
from growing_cascades import GrowingCascades  # noqa: E402
from kernel_cascades import KernelCascades  # noqa: E402
from newcomers import NewcomerRule, alert_faults  # noqa: E402
from oracle import LASTING, Oracle, span_of  # noqa: E402
from speed import NAMES as ESTIMATES  # noqa: E402

RUMOURS = ROOT.parent / "shared" / "corpus" / "cascades" / "rumours-60.ndjson.xz"
META = ("clock_ms", "posts", "interactions", "duplicates")
ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\", "0": "\0"}
FLOATS = dict.fromkeys(("velocity_5m", "velocity_1h", "peak_velocity", "observed_share",
                        "virality"), 1e-9)
# Sums of the ledger of carriers, and scores of its boards.
FLOATS |= dict.fromkeys(("acts", "people", "carried_acts", "rate", "next", "tries", "early",
                         "head_start", "estimated"), 2e-9)
LASTING_KEYS = tuple(f"top:{name}" for name in LASTING)
# Of a live daemon, whose boards without a window are as of up to a day ago: 1 - 2^-(1 / 100).
UP_TO_A_DAY_OLD = {"people": 0.007}
# The best act is not what it was once a child of it was taken back, nor are the times.
UNCHECKED = ("why", "best", "best_post", "first_ms", "last_ms")
# Four digits are written; merged events may move an estimate by 3 parts in 10 000.
MERGED, WRITTEN = 3e-4, 5e-4
FLOATS |= dict.fromkeys(ESTIMATES, MERGED + WRITTEN)
# Of cascades whose window reaches back further than usual, in streams that merge and undo: the
# window may cover merged events, of which only sums are known (pipeline/forecast/reshare_buckets.h).
STRETCHED_SEEDS = (108, 182, 276, 299, 345)
STRETCHED = {"infectiousness": 0.45, "forecast": 0.1, "forecast_low": 0.1, "forecast_high": 0.1}
# Behind merged events, what is late or undone has its expected depth only about.
LARGE, LARGE_EDEPTH = 2000, 1e-2
SHRINK_SECONDS = 60
# Of streams in which all events are remembered.
CAMPAIGNS = (Campaign("cup", ("words", "#tea"), (), ("some",), ("n:u1", "n:u3", "@kim", "n:@lou_7")),
             Campaign("leaf", ("#x1", "so", "begin"), ("en",), ("#tea", "words"), ("@ann", "@νίκος"), 4),
             Campaign("all", ("so", "begin", "some", "words", "#tea", "#x1", "#\u010daj", "#stra\u00dfe")))
NEWCOMERS = (NewcomerRule("followed", ("cup", "all"), 2500), NewcomerRule("carrying", ("all",), 0, 2),
             NewcomerRule("either", ("leaf", "cup"), 500_000, 5))


class Failure(Exception):
    """The stream does not do what it must; the text says where."""


class Redis:
    """As much of Redis as the output of `fold` speaks to: key -> dict or str."""

    def __init__(self):
        self.keys = {}

    def apply(self, verb, key=None, *args):
        if verb in ("SET", "ZSET"):
            field, value = args
            self.keys.setdefault(key, {})[field] = value
        elif verb in ("UNSET", "ZREM"):
            fields = self.keys.get(key, {})
            fields.pop(args[0], None)
            if not fields:
                self.keys.pop(key, None)
        elif verb == "STR":
            self.keys[key] = args[0]
        elif verb in ("DEL", "ZCLEAR"):
            self.keys.pop(key, None)
        elif verb == "WIPE":
            self.keys.clear()
        else:
            raise Failure(f"fold printed {verb} {key}")


def expected_keys(content):
    """The oracle's content in the shape of Redis.keys."""
    keys = {f"user:{key}": fields for key, fields in content["users"].items()}
    keys |= {f"cascade:{key}": fields for key, fields in content["cascades"].items()}
    keys |= {f"handle:{key}": user for key, user in content["handles"].items()}
    keys |= {f"carrier:{key}": fields for key, fields in content["carriers"].items()}
    keys |= {f"campaign:{name}": fields for name, fields in content["campaigns"].items()}
    keys |= {f"campaign:{name}": {member: str(score) for member, score in entries}
             for name, entries in content["campaign_boards"].items()}
    keys |= {f"course:{name}": fields for name, fields in content["courses"].items() if fields}
    keys |= {f"top:{name}": {member: str(score) for member, score in entries}
             for name, entries in content["boards"].items()}
    return keys


def unescape(text):
    parts = text.split("\\")
    out, at = [parts[0]], 1
    while at < len(parts):
        if parts[at]:
            out.append(ESCAPES[parts[at][0]] + parts[at][1:])
        else:
            at += 1
            out.append("\\" + parts[at])
        at += 1
    return "".join(out)


def unlike_views(keys, views):
    """One line for each key of a campaign whose content is not what readers see. Of a campaign without a
    key they see zeros."""
    seen = {key: fields for key, fields in views.items()
            if key.count(":") > 1 or set(fields.values()) != {"0"}}
    written = {key: fields for key, fields in keys.items() if key.startswith("campaign:")}
    for key in sorted(seen.keys() | written.keys()):
        if seen.get(key) != written.get(key):
            yield f"{key}: readers see {seen.get(key)}, written is {written.get(key)}"


def campaigns_of(settings):
    return () if settings.is_forgetful or settings.is_merging else CAMPAIGNS


def newcomers_of(settings):
    return () if settings.is_crowded or not campaigns_of(settings) else NEWCOMERS


def fold(path, lines, settings, *more):
    """Runs `fold` over the lines; its standard output."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".ndjson") as stream:
        stream.writelines(line + "\n" for line in lines)
        stream.flush()
        command = [path, "-w", ",".join(settings.windows), "-n", str(settings.top),
                   "-d", str(settings.dedupe), "--wall", str(settings.wall_ms),
                   "redis.users_from", str(settings.users_from),
                   "redis.cascades_from", str(settings.cascades_from),
                   *[word for each in campaigns_of(settings) for word in ("-c", each.argument())],
                   *[word for each in newcomers_of(settings) for word in ("-a", each.argument())],
                   *map(str, more), stream.name]
        done = subprocess.run(command, capture_output=True, timeout=300, check=False)
    if done.returncode != 0:
        raise Failure(f"exit {done.returncode}\n{done.stderr.decode(errors='replace')[-4000:]}")
    return done.stdout


def is_same(field, got, wanted, size, about):
    if field not in FLOATS or got is None or wanted is None:
        return got == wanted
    tolerance = LARGE_EDEPTH if field == "edepth" and size > LARGE else FLOATS[field]
    tolerance = about.get(field, tolerance)
    scale = max(1.0 if field not in ESTIMATES else 0.0, abs(float(wanted)))
    return abs(float(got) - float(wanted)) <= tolerance * scale


def differences(got, wanted, about=lambda key: {}):
    """One line for each entry that differs; about(key): tolerances of that key's fields."""
    for key in sorted(got.keys() | wanted.keys()):
        left, right = got.get(key), wanted.get(key)
        if not isinstance(left, dict) and not isinstance(right, dict):
            if left != right:
                yield f"{key}: fold {left!r}, oracle {right!r}"
            continue
        left, right = left or {}, right or {}
        for field in sorted(left.keys() | right.keys()):
            is_carrier = key.startswith("carrier:") or ":outreach:" in key
            value = left.get(field)
            if ":outreach:" in key and field == "why":
                value = value and value.partition(";")[0]  # the rest is estimated
            elif is_carrier and field in UNCHECKED:
                continue
            name = "people" if key in LASTING_KEYS or key.endswith(":outreach") else field
            if not is_same(name, value, right.get(field), int(left.get("size", 0)), about(key)):
                yield f"{key} {field}: fold {left.get(field)!r}, oracle {right.get(field)!r}"


def tolerances(oracle, settings, key):
    if not settings.is_merging:
        return {}
    found = dict.fromkeys(("edepth",), math.inf)  # a merged reshare that is undone stays in it
    cascade = oracle.cascades.get(key.removeprefix("cascade:")) if key.startswith("cascade:") \
        else None
    pulse = cascade.pulse if cascade else None
    if pulse and pulse.is_stretched:
        found |= STRETCHED
    return found


def compare(output, lines, settings, is_lossy=False):
    """Raises Failure at the first flush whose content is not the oracle's."""
    redis, views, alerts, fed = Redis(), {}, [], 0
    oracle = Oracle(settings.windows, settings.top, settings.dedupe, settings.wall_ms,
                    settings.users_from, settings.cascades_from,
                    () if settings.is_crowded else campaigns_of(settings), newcomers_of(settings))
    oracle.ledger.half_life = span_of(getattr(settings, "half_life", "100d"))
    for row in output.decode("utf-8").split("\n")[:-1]:
        verb, *args = [unescape(part) for part in row.split("\t")]
        if verb == "VIEW":
            key, field, value = args
            views.setdefault(key, {})[field] = value
            continue
        if verb == "ALERT":
            alerts.append((args[0], int(args[1]), args[2:]))
            continue
        if verb != "FLUSH":
            redis.apply(verb, *args)
            continue
        count, *meta = map(int, args)
        for line in lines[fed:count]:
            oracle.feed(line)
        fed = count
        content = oracle.content()
        got, wanted = redis.keys, expected_keys(content)
        if settings.is_crowded:
            # `fold` recounts the people; who is on their boards has a key, and of carriers many left.
            got, wanted = ({key: value for key, value in keys.items()
                            if key.startswith(("top:", "cascade:")) and key not in LASTING_KEYS}
                           for keys in (got, wanted))
        found = list(differences(got, wanted,
                                 functools.partial(tolerances, oracle, settings)))
        found += [f"meta {name}: fold {got}, oracle {content['meta'][name]}"
                  for name, got in zip(META, meta) if got != content["meta"][name]]
        found += unlike_views(redis.keys, views)
        found += alert_faults(alerts, oracle.newcomers, is_lossy)
        views = {}
        if found:
            more = f"\n… and {len(found) - 30} more" if len(found) > 30 else ""
            raise Failure(f"after line {count}:\n" + "\n".join(found[:30]) + more)
    if fed != len(lines):
        raise Failure(f"the last flush was after line {fed} of {len(lines)}")


def failure_of(path, lines, settings, *more):
    """What is wrong with a run of `fold`, None if nothing is."""
    try:
        compare(fold(path, lines, settings, *more), lines, settings, "-x" in more)
    except Failure as failure:
        return str(failure)
    return None


def way_of(failure):
    """What kind of entry is the first to differ."""
    found = failure and re.match(r"after line \d+:\n(\w+):\S+( \w+)?", failure)
    return found.groups() if found else failure and failure.split()[0]


def shrink(path, lines, settings, *more):
    """Drops lines, many and then single ones, while what is left fails in the same way."""
    way = way_of(failure_of(path, lines, settings, *more))
    end, size = time.monotonic() + SHRINK_SECONDS, len(lines) // 2
    while size > 0 and time.monotonic() < end:
        at, dropped = 0, False
        while at < len(lines) and time.monotonic() < end:
            fewer = lines[:at] + lines[at + size:]
            if fewer and way_of(failure_of(path, fewer, settings, *more)) == way:
                lines, dropped = fewer, True
            else:
                at += size
        size = size if dropped and size == 1 else size // 2
    return lines


def report(path, lines, settings, seed, *more):
    print(f"FAILED with seed {seed}: {failure_of(path, lines, settings, *more)}\nThe least of it:",
          flush=True)
    if failure_of(path, lines, settings, *more, "-e", 1):
        more = (*more, "-e", 1)
    lines = shrink(path, lines, settings, *more)
    print(f"fold -w {','.join(settings.windows)} -n {settings.top}"
          f" -d {settings.dedupe} --wall {settings.wall_ms}"
          f" redis.users_from {settings.users_from} redis.cascades_from {settings.cascades_from}"
          f" {' '.join(map(str, more))},"
          f" {len(lines)} lines:")
    print("\n".join(lines))
    print(failure_of(path, lines, settings, *more))


def run_stream(path, seed):
    """One stream of colliding posts; True if both agree."""
    rng = random.Random(seed)
    settings = Settings(rng)
    lines = Stream(rng, settings).lines
    every = ("-e", settings.every)
    for more in (every, (*every, "-x", seed)):
        if failure_of(path, lines, settings, *more):
            report(path, lines, settings, seed, *more)
            return False
    if len({fold(path, lines, settings, *every, "-s", key) for key in (seed, seed + 1)}) != 1:
        print(f"FAILED with seed {seed}: folding the stream twice gives different bytes")
        return False
    return True


def usual_settings():
    settings = Settings(random.Random(0))
    settings.windows, settings.top = ["5m", "1h", "24h"], 1000
    settings.users_from = settings.cascades_from = 2
    settings.dedupe, settings.wall_ms = 1_000_000, BASE // 1000 + 30 * 86_400_000
    return settings


def run_shrinking_stream(path, seed, length, is_merging=False):
    """Large cascades that are merged and undone, and late ones; True if it holds."""
    settings = usual_settings()
    settings.is_merging = is_merging
    lines = ShrinkingCascades(random.Random(seed), length).lines
    more = ("-e", 97, "-x", seed)
    if failure_of(path, lines, settings, *more):
        report(path, lines, settings, seed, *more)
        return False
    return True


def run_shrinking(path, seed, count):
    """The program that merges from few on, and once the daemon's own threshold."""
    # The last ones are known for windows that an undo moved back over merged reshares.
    seeds = [*range(seed, seed + count), *STRETCHED_SEEDS]
    if not all(run_shrinking_stream(f"{path}_merging", each, 600, True) for each in seeds):
        return False
    print(f"{len(seeds)} streams of shrinking cascades agree")
    return run_shrinking_stream(path, seed, 600)


def run_growing(path, seed):
    """What only shows once cascades are large and many; True if it holds."""
    lines = GrowingCascades(random.Random(seed)).lines
    failure = failure_of(path, lines, usual_settings(), "-e", 977, "-x", seed)
    print(f"growing cascades with seed {seed}: {failure or f'{len(lines)} lines agree'}")
    return failure is None


def run_learning(path, seed):
    """Enough cascades that close for forecasts to be learnt; True if it holds."""
    lines = KernelCascades(random.Random(seed), 420, every=1_200_000, root=9.0).lines
    failure = failure_of(path, lines, usual_settings(), "-e", 499, "-x", seed)
    print(f"closed cascades with seed {seed}: {failure or f'{len(lines)} lines agree'}")
    return failure is None


def run_carrying(path, seed, count):
    """The ledger of carriers, also with a half-life of a day; True if it holds."""
    for each in range(seed, seed + count):
        settings = usual_settings()
        settings.half_life = ("100d", "1d")[each % 2]
        lines = CarryingPeople(random.Random(each), BASE // 1000).lines
        more = ("-e", 53, "-x", each, "carriers.half_life", settings.half_life)
        if failure_of(path, lines, settings, *more):
            report(path, lines, settings, each, *more)
            return False
    print(f"{count} streams of people who carry each other agree")
    return True


def run_crowded(path, seed, count):
    """Campaigns in which more people take part than are kept; True if it holds."""
    for each in range(seed, seed + count):
        settings = usual_settings()
        settings.windows, settings.is_crowded = ["5m", "20m"], True
        settings.users_from = settings.cascades_from = 1
        lines = CrowdedCampaigns(random.Random(each), BASE // 1000, 1500).lines
        more = ("-e", 101, "-x", each, "-r", 1, "users.capacity", 1000, "campaigns.capacity", 1000)
        if failure_of(path, lines, settings, *more):
            report(path, lines, settings, each, *more)
            return False
    print(f"{count} streams of crowded campaigns agree")
    return True


def run_corpus(path):
    if not RUMOURS.exists():
        print("corpus: skipped, there is no ../shared/corpus")
        return True
    lines = lzma.open(RUMOURS, "rt", encoding="utf-8").read().splitlines()
    settings = usual_settings()
    settings.wall_ms = BASE // 1000
    failure = failure_of(path, lines, settings, "-e", 500)
    print(f"corpus: {failure or f'{len(lines)} lines agree'}")
    return failure is None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    build = os.environ.get("BUILD", ROOT / "build" / "dev")
    parser.add_argument("--fold", default=f"{build}/tests/fold", metavar="PATH")
    parser.add_argument("--streams", type=int, default=60)
    parser.add_argument("--shrinking", type=int, default=12)
    parser.add_argument("--carrying", type=int, default=4)
    parser.add_argument("--crowded", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-corpus", action="store_true")
    options = parser.parse_args()
    if not os.access(options.fold, os.X_OK):
        print(f"{options.fold} is not built")
        return 77
    print(f"{options.streams} streams, seeds {options.seed} and up")
    for seed in range(options.seed, options.seed + options.streams):
        if not run_stream(options.fold, seed):
            return 1
    print(f"{options.streams} streams agree")
    if not run_shrinking(options.fold, options.seed, options.shrinking):
        return 1
    if not run_carrying(options.fold, options.seed, options.carrying):
        return 1
    if not run_crowded(options.fold, options.seed, options.crowded):
        return 1
    if not run_growing(options.fold, options.seed) or not run_learning(options.fold, options.seed):
        return 1
    return 0 if options.no_corpus or run_corpus(options.fold) else 1


if __name__ == "__main__":
    sys.exit(main())
