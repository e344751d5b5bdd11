#!/usr/bin/env python3
"""Who has a key in Redis, of a running daemon: thresholds, new ones by SIGHUP, a restart, and what
cascadectl says of a person without a key.

    keys.py         (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
REDIS = RedisServer()
CROWD = 5  # people who fill the boards, which have one member


def config(folder, thresholds):
    return (f'redis {{ url = "{REDIS.url}" top = 1 {thresholds} }}\nnames {{ lookup = false }}\n'
            f'state {{ dir = "{folder}/state" }}\n{http_section(folder)}')


def posts():
    """The boards are full of others; app:once is named once and app:twice twice; app:small is
    reshared once and app:pair twice."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def post(number, author, **more):
        return {"id": f"app:{number}", "time": now, "author": {"id": author}, **more}
    crowd = [post(f"c{i}", "app:loud", mentions=[{"id": "app:known", "handle": "known"}])
             for i in range(CROWD)]
    crowd += [post(f"r{i}", f"app:carrier{i}", retweet_of={"id": "app:great"}) for i in range(CROWD)]
    named = [post(1, "app:a", mentions=[{"id": "app:once", "handle": "once"}]),
             post(2, "app:a", mentions=[{"id": "app:twice", "handle": "twice"}]),
             post(3, "app:a", mentions=[{"id": "app:twice", "handle": "twice"}])]
    reshared = [post(4, "app:b", retweet_of={"id": "app:small"}),
                post(5, "app:b", retweet_of={"id": "app:pair"}),
                post(6, "app:c", retweet_of={"id": "app:pair"})]
    return "".join(json.dumps(line) + "\n" for line in crowd + named + reshared)


def keys():
    names = [key.decode().removeprefix("cascaded:") for key in REDIS.client.scan_iter("cascaded:*")]
    return {name for name in names if name.split(":")[0] in ("user", "handle", "cascade")}


ALWAYS = {"user:app:loud", "user:app:known", "handle:app:known", "cascade:app:great"}
TWICE = {"user:app:twice", "handle:app:twice", "cascade:app:pair"}
ONCE = {"user:app:once", "handle:app:once", "user:app:a", "cascade:app:small"}


def become(wanted):
    wait(lambda: f"keys: {sorted(keys() ^ wanted)} too many or too few", lambda: keys() == wanted)


@case
def a_person_named_once_and_a_post_reshared_once_have_no_key():
    folder = processes.folder()
    with LiveDaemon(CASCADED, folder, config(folder, "")) as daemon:
        daemon.await_start()
        assert daemon.push(posts()).status == 202
        become(ALWAYS | TWICE)
        for words, reason in ((["user", "app:once"], "no key: counted fewer than 2 times"),
                              (["user", "@app:once"], "no key: counted fewer than 2 times"),
                              (["cascade", "app:small"], "no key: counted fewer than 2 times")):
            done = subprocess.run([CASCADECTL, "-r", REDIS.url, *words], capture_output=True,
                                  text=True, check=False)
            assert done.returncode == 66 and reason in done.stderr, done


@case
def new_thresholds_apply_at_sighup():
    REDIS.client.flushall()
    folder = processes.folder()
    with LiveDaemon(CASCADED, folder, config(folder, "")) as daemon:
        daemon.await_start()
        daemon.push(posts())
        become(ALWAYS | TWICE)
        daemon.write(config(folder, "users_from = 1 cascades_from = 1"))
        daemon.hang_up()
        become(ALWAYS | TWICE | ONCE)
        assert REDIS.client.hget("cascaded:meta", "users_from") == b"1"
        daemon.write(config(folder, "users_from = 3 cascades_from = 3"))
        daemon.hang_up()
        become(ALWAYS)
        assert "restart to apply" not in daemon.text(), daemon.text()


@case
def a_restart_removes_the_keys_of_an_earlier_daemon_with_lower_thresholds():
    REDIS.client.flushall()
    folder = processes.folder()
    with LiveDaemon(CASCADED, folder, config(folder, "users_from = 1 cascades_from = 1")) as daemon:
        daemon.await_start()
        daemon.push(posts())
        become(ALWAYS | TWICE | ONCE)
    with LiveDaemon(CASCADED, folder, config(folder, "")) as daemon:
        daemon.await_start()
        become(ALWAYS | TWICE)
        assert REDIS.client.hget("cascaded:user:app:twice", "mentions:24h") == b"2"
        daemon.push(posts())  # all of it is known
        become(ALWAYS | TWICE)


run_cases()
