"""What a stream costs Redis, and how fast the daemon is beside it."""
import statistics
import sys

from common import HERE, LIMIT, ask, private_redis, reference, replay

COLUMNS = (("bytes", "bytes sent to Redis per post", "{:,.0f}"),
           ("commands", "commands per post", "{:.2f}"),
           ("redis_us", "Redis CPU per post, us", "{:.1f}"),
           ("keys", "keys at the end", "{:,.0f}"),
           ("memory", "Redis memory at the end, MB", "{:.0f}"))


def figures(socket):
    """The figures of INFO that count up, and the memory in use."""
    lines = ask(socket, "info", "all").splitlines()
    info = dict(line.split(":", 1) for line in lines if ":" in line)
    return {"bytes": int(info["total_net_input_bytes"]),
            "commands": int(info["total_commands_processed"]),
            "cpu_s": float(info["used_cpu_user"]) + float(info["used_cpu_sys"]),
            "memory": int(info["used_memory"])}


def measure_once(socket, path, messages, more):
    ask(socket, "flushall")
    before = figures(socket)
    result = replay(socket, path, more=more)
    after = figures(socket)
    return result | {
        "bytes": (after["bytes"] - before["bytes"]) / messages,
        "commands": (after["commands"] - before["commands"]) / messages,
        "redis_us": (after["cpu_s"] - before["cpu_s"]) / messages * 1e6,
        "keys": int(ask(socket, "dbsize")), "memory": (after["memory"] - before["memory"]) / 1e6}


def measure_economy(path, rounds):
    """The daemon as it is and with a key for each person, beside the limit and the baseline, in turns."""
    with open(path, "rb") as lines:
        messages = sum(1 for line in lines if not line.isspace())
    ways = {"cascaded": (), "a key for all": ("-o", "redis.users_from=1", "-o", "redis.cascades_from=1")}
    rows = {"limit": [], "baseline": [], **{name: [] for name in ways}}
    with private_redis() as socket:
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            rows["limit"].append(reference(LIMIT, path))
            ask(socket, "flushall")
            rows["baseline"].append(reference("python3", HERE / "baseline.py", path, socket))
            for name, more in ways.items():
                rows[name].append(measure_once(socket, path, messages, more))
    print_economy(path, messages, rows, list(ways))


def print_economy(path, messages, rows, ways):
    def median(name, field):
        return statistics.median(row[field] for row in rows[name])

    print(f"input: {path.name}, {messages} messages; medians of {len(rows['limit'])} rounds")
    print(f"{'':32}" + "".join(f"{name:>16}" for name in ways))
    for field, what, form in COLUMNS:
        print(f"{what:32}" + "".join(f"{form.format(median(name, field)):>16}" for name in ways))
    print(f"{'':16}{'posts per CPU s':>17}{'posts per wall s':>18}")
    print(f"{'limit':16}{messages / median('limit', 'cpu_s'):17,.0f}")
    for name in (*ways, "baseline"):
        print(f"{name:16}{messages / median(name, 'cpu_s'):17,.0f}"
              f"{messages / median(name, 'wall_s'):18,.0f}")
    for name in ways:
        print(f"{name}: {median('limit', 'cpu_s') / median(name, 'cpu_s'):.2f} of the limit; "
              f"{median('baseline', 'cpu_s') / median(name, 'cpu_s'):.1f} times the baseline in CPU, "
              f"{median('baseline', 'wall_s') / median(name, 'wall_s'):.1f} times in wall clock")
