"""What campaigns cost: the same posts without a campaign, with ten of which about a fifth of the posts
are part, and with one of 1,000 words that no post has, in turns."""
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from common import CASCADED, ask, private_redis, replay

# Of the sentences of conf/sample/words.py.
TEN = ("tiny garden", "village choir", "kleine museum", "lighthouse keeper learned to whistle",
       "upstairs neighbour won the quiz", "faro viejo necesita un tejado nuevo", "last train home is late again",
       "stará pekárna vyhrál soutěž", "library cat needs a new roof", "small cloud was worth the wait")
KINDS = {
    "none": "",
    "ten": "".join(f'campaign "c{number}" {{ words = {{"{word}"}} }}\n' for number, word in enumerate(TEN)),
    "words": 'campaign "many" { words = {%s} }\n' % ", ".join(
        f'"{word} {number:03d}"' for number in range(250) for word in ("garden", "tea", "zzgl", "мост")),
}


def instructions(socket, path, kind, program):
    """Of the whole replay, in millions."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, "-q", "-c", kind,
         "-o", f"redis.url=unix:{socket}", path], capture_output=True, text=True, check=True)
    # Of each process, a child included: the replay has the most.
    return max(map(int, re.findall(r"Collected : (\d+)", done.stderr))) / 1e6


def share_of(socket):
    """The part of the posts and retweets that belong to a campaign; few belong to two."""
    posts = int(ask(socket, "hget", "cascaded:meta", "posts"))
    inside = sum(int(ask(socket, "hget", f"cascaded:campaign:c{number}", f"{field}:24h") or 0)
                 for number in range(len(TEN)) for field in ("posts", "retweets"))
    return inside / posts


def measure_campaigns(path, rounds, before):
    results, share = {name: [] for name in KINDS}, 0
    with private_redis() as socket, tempfile.TemporaryDirectory() as folder:
        files = {name: pathlib.Path(folder, name) for name in KINDS}
        for name, text in KINDS.items():
            files[name].write_text(text, encoding="utf-8")
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            for name, file in files.items():
                ask(socket, "flushall")
                results[name].append(replay(socket, path, more=("-c", file)))
                share = share_of(socket) if name == "ten" else share
        rates = {name: rows[0]["posts"] / statistics.median(row["cpu_s"] for row in rows)
                 for name, rows in results.items()}
        print(f"input: {path.name}; medians of {rounds} rounds; {100 * share:.0f} % of the posts and "
              "retweets belong to one of the ten")
        for name, rate in rates.items():
            print(f"{name:8}{rate:12,.0f} posts per CPU s{rate / rates['none']:8.3f}")
        counted = {name: instructions(socket, path, file, CASCADED) for name, file in files.items()}
        if before:
            counted["before"] = instructions(socket, path, files["none"], before)
        for name, count in counted.items():
            print(f"{name:8}{count:12,.0f} million instructions{counted['none'] / count:8.3f}")
