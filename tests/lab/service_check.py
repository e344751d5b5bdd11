"""The second part of tests/system/under_systemd.sh: runs as a unit of the system that was booted,
beside cascaded.service, installed from its package, and Debian's redis-server. Prints TAP.
"""
import http.client
import json
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from x_stream import Stream  # noqa: E402

CONFIG = pathlib.Path("/etc/cascaded/cascaded.conf")
TOKEN = "a-token-of-our-own"
PATIENCE = 60
STREAM, OTHER = Stream(), Stream()


def run(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True, timeout=180)


def redis(*words):
    return run("redis-cli", *words).stdout.strip()


def show(name, unit="cascaded"):
    return run("systemctl", "show", "-P", name, unit).stdout.strip()


def journal():
    return run("journalctl", "-q", "-o", "cat", "-u", "cascaded").stdout


def wait(what, claim):
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline, f"not {what}:\n{journal()[-2000:]}"
        time.sleep(0.02)


def mentions():
    return int(redis("zscore", "cascaded:top:mentions:1h", "x:2") or 0)


def write(*more):
    CONFIG.write_text(f"""
        redis {{ url = "redis://127.0.0.1:6379" }}
        state {{ every = 1s }}
        http {{ token_file = "push-token" }}
        source "x" {{ url = "{STREAM.url}"  token_file = "x-token" }}
        """ + "\n".join(more), encoding="utf-8")


def feed(count):
    """So many more are counted, by the process that is there now."""
    before = mentions()
    STREAM.feed(count)
    wait(f"{count} more counted", lambda: mentions() == before + count)


def reload():
    assert run("systemctl", "reload", "cascaded", check=False).returncode == 0, journal()[-2000:]


def connected():
    """How many connections there were."""
    return len(STREAM.connections)


class Steady:
    """Feeds a hundred posts a second to whoever is connected."""

    def __enter__(self):
        self.is_over = False
        self.thread = threading.Thread(target=self.feed)
        self.thread.start()

    def feed(self):
        while not self.is_over:
            try:
                STREAM.feed(1)
            except OSError:
                pass  # nobody is connected
            time.sleep(0.01)

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()


class Pusher:
    """Pushes 2,000 posts a second over HTTP, and sends again what was not acknowledged. At its end, all
    that was acknowledged is counted, once."""

    AUTHOR = "app:pusher"
    BATCH = 200
    pushed = 0  # by all of them

    def __enter__(self):
        self.is_over = False
        self.faults = []
        self.thread = threading.Thread(target=self.push)
        self.thread.start()
        return self

    def push(self):
        while not self.is_over:
            now = int(time.time() * 1000)
            body = "\n".join(json.dumps({"id": f"app:p{Pusher.pushed + i}", "time": now,
                                         "author": {"id": self.AUTHOR}, "text": "steady"})
                             for i in range(self.BATCH))
            deadline = time.monotonic() + PATIENCE
            while not self.is_accepted(body.encode()):
                if time.monotonic() > deadline:
                    return
                time.sleep(0.1)
            Pusher.pushed += self.BATCH
            time.sleep(self.BATCH / 2000)

    def is_accepted(self, body):
        request = urllib.request.Request("http://127.0.0.1:7787/api/v1/posts", body,
                                         {"Authorization": f"Bearer {TOKEN}"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                answer = json.load(answer)
        except (OSError, http.client.HTTPException):
            return False  # it is not there, or asks for patience
        if answer != {"accepted": self.BATCH, "rejected": 0}:
            self.faults.append(answer)
        return True

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()
        assert not self.faults, self.faults[:3]

        def counted():
            return int(redis("zscore", "cascaded:top:posts:1h", self.AUTHOR) or 0)

        wait(f"{Pusher.pushed} pushed posts counted", lambda: counted() >= Pusher.pushed)
        # A batch that was counted, but not acknowledged, is the only one above.
        assert counted() <= Pusher.pushed + self.BATCH, (counted(), Pusher.pushed)


def the_package_installs_a_service_that_is_neither_enabled_nor_started():
    assert run("systemctl", "is-enabled", "cascaded", check=False).stdout.strip() == "disabled"
    assert show("ActiveState") == "inactive"


def the_test_of_the_service_in_the_package_passes():
    done = run("/package-tests/service", check=False)
    assert done.returncode == 0, done.stdout + done.stderr + journal()[-2000:]
    assert show("ActiveState") == "inactive"


def a_service_without_a_source_shows_what_to_write_into_which_file():
    assert run("systemctl", "start", "cascaded", check=False).returncode != 0
    status = run("systemctl", "status", "--no-pager", "--full", "cascaded", check=False).stdout
    line = r"/etc/cascaded/cascaded\.conf: no source is configured; write for example: source \"x\" \{ url = "
    assert re.search(line, status), status
    assert show("ExecMainStatus") == "78" and show("NRestarts") == "0"
    run("systemctl", "reset-failed", "cascaded")


def the_service_is_ready_only_when_redis_answers_and_the_sources_are_started():
    write()
    run("systemctl", "stop", "redis-server")
    run("systemctl", "start", "--no-block", "cascaded")
    wait("activating", lambda: show("ActiveState") == "activating")
    time.sleep(1)
    assert show("ActiveState") == "activating" and connected() == 0, journal()
    run("systemctl", "start", "redis-server")
    run("systemctl", "start", "cascaded")  # returns with READY=1
    assert show("ActiveState") == "active"
    wait("connected", lambda: connected() == 1)


def the_tokens_are_credentials_of_a_user_of_its_own():
    assert STREAM.tokens[0] == f"Bearer {TOKEN}", STREAM.tokens
    post = {"id": "app:1", "time": int(time.time() * 1000), "author": {"id": "app:u1"}}
    request = urllib.request.Request("http://127.0.0.1:7787/api/v1/posts",
                                     json.dumps(post).encode(),
                                     {"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status == 202 and json.load(answer)["accepted"] == 1, answer
    pid = show("MainPID")
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    user = int(re.search(r"Uid:\s+(\d+)", status)[1])
    assert 61184 <= user <= 65519, user
    assert re.search(r"CapBnd:\s+0+\n", status) and re.search(r"NoNewPrivs:\s+1", status), status


def what_is_received_is_counted_and_shown_in_the_status():
    feed(50)
    status = r"1/1 streams, [0-9 ]+ posts/s, lag [0-9]+\.[0-9] s"
    wait("told", lambda: re.fullmatch(status, show("StatusText")))


def a_good_configuration_is_read_again_and_sockets_stay():
    pid, before = show("MainPID"), mentions()
    write(f'source "other" {{ url = "{OTHER.url}" }}')
    reload()
    wait("connected", lambda: OTHER.connections)
    assert show("MainPID") == pid and show("ActiveState") == "active"
    wait("told", lambda: show("StatusText").startswith("2/2 streams") or OTHER.send(b"\r\n"))
    feed(5)
    assert mentions() == before + 5 and connected() == 1


def a_bad_configuration_fails_the_reload_and_the_one_before_runs_on():
    pid = show("MainPID")
    write("nonsense = 1")
    done = run("systemctl", "reload", "cascaded", check=False)
    assert done.returncode != 0
    wait("named", lambda: re.search(r"cascaded\.conf:\d+: .*nonsense", journal()))
    # Without systemctl's check before, the daemon itself finds it.
    run("systemctl", "kill", "--signal=HUP", "--kill-who=main", "cascaded")
    wait("kept", lambda: "the previous one stays in use" in journal())
    wait("active", lambda: show("ActiveState") == "active")
    feed(5)
    assert show("MainPID") == pid and connected() == 1
    write()
    reload()


def a_service_survives_200_reloads_of_which_20_are_bad_and_counts_every_post():
    pid, connections, before = show("MainPID"), connected(), mentions()
    with Pusher():
        for number in range(199):
            STREAM.feed(1)
            is_bad = number % 10 == 5
            write("nonsense = 1" if is_bad else f'alert "viral" {{ min_size = {100 + number} }}')
            code = run("systemctl", "reload", "cascaded", check=False).returncode
            assert (code != 0) == is_bad, (number, code, journal()[-2000:])
        wait("active", lambda: show("ActiveState") == "active")
        assert show("MainPID") == pid, journal()[-2000:]
        assert connected() == connections, (connected(), connections)
        wait("each post of the stream counted", lambda: mentions() == before + 199)
        write()
        run("systemctl", "stop", "--no-block", "cascaded")
        run("systemctl", "kill", "--signal=HUP", "--kill-who=main", "cascaded", check=False)
        run("systemctl", "reload", "cascaded", check=False)
        wait("at rest", lambda: show("ActiveState") in ("active", "inactive"))
        run("systemctl", "start", "cascaded")
        assert show("ActiveState") == "active", journal()[-2000:]
    wait("connected", lambda: connected() > connections)


def a_killed_service_is_back_and_counting_within_2_s():
    snapshot = pathlib.Path("/var/lib/private/cascaded/snapshot")
    saved = time.time()
    wait("saved", lambda: snapshot.exists() and snapshot.stat().st_mtime > saved + 1)
    pid, before, connections = show("MainPID"), mentions(), connected()
    with Steady():
        wait("counted", lambda: mentions() > before)
        run("systemctl", "kill", "--signal=KILL", "--kill-who=main", "cascaded")
        killed, before = time.monotonic(), mentions()
        wait("connected", lambda: connected() > connections)
        wait("counting", lambda: mentions() > before)
        took = time.monotonic() - killed
    assert show("MainPID") not in (pid, "0") and show("NRestarts") == "1"
    assert "resuming from the snapshot" in journal()
    print(f"# back and counting after {took:.2f} s")
    assert took <= 2, took


def a_service_that_hangs_is_restarted_by_the_watchdog():
    pid, connections = show("MainPID"), connected()
    run("systemctl", "kill", "--signal=STOP", "--kill-who=main", "cascaded")
    wait("restarted", lambda: show("MainPID") not in (pid, "0"))
    assert "atchdog timeout" in journal(), journal()[-2000:]
    wait("connected", lambda: connected() > connections)
    feed(5)


def a_stop_writes_everything_within_5_s():
    before = mentions()
    STREAM.feed(500)
    wait("some counted", lambda: mentions() > before)
    time.sleep(0.3)  # the rest is read, and not all of it written
    begun = time.monotonic()
    run("systemctl", "stop", "cascaded")
    took = time.monotonic() - begun
    print(f"# stopped after {took:.2f} s")
    assert took < 5 and show("Result") == "success", (took, show("Result"))
    assert mentions() == before + 500, (before, mentions())


def an_upgrade_under_load_keeps_configuration_drop_ins_and_every_post():
    write("# our own")
    drop_in = pathlib.Path("/etc/systemd/system/cascaded.service.d/test.conf")
    text = drop_in.read_text(encoding="utf-8")
    connections = connected()
    run("systemctl", "start", "cascaded")
    wait("connected", lambda: connected() > connections)
    pid, connections = show("MainPID"), connected()
    with Pusher():
        done = run("dpkg", "-i", "/packages/newer.deb", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert run("dpkg-query", "-W", "-f", "${Version}", "cascaded").stdout.endswith("+newer")
        wait("started again", lambda: show("ActiveState") == "active"
             and show("MainPID") not in (pid, "0"))
    assert show("Result") == "success" and show("NRestarts") == "0"
    assert "# our own" in CONFIG.read_text(encoding="utf-8")
    assert drop_in.read_text(encoding="utf-8") == text
    wait("connected", lambda: connected() > connections)
    feed(5)


def a_removal_stops_the_service_and_keeps_its_files_and_a_purge_leaves_nothing():
    assert show("ActiveState") == "active"
    run("dpkg", "--remove", "cascaded", "cascadectl")
    assert show("ActiveState") == "inactive" and run("pgrep", "-x", "cascaded", check=False).stdout == ""
    assert CONFIG.exists() and pathlib.Path("/var/lib/private/cascaded/snapshot").exists()
    run("dpkg", "--purge", "cascaded", "cascadectl")
    assert show("LoadState") == "not-found", show("LoadState")
    left = run("find", "/etc", "/usr", "/var", "-xdev", "-path", "/var/cache/apt", "-prune",
               "-o", "-name", "*cascade*", "-print").stdout.split()
    assert left == [], left


def main():
    tests = [value for name, value in globals().items()
             if name.startswith(("the_", "what_", "a_", "an_")) and callable(value)]
    for number, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            print("# " + f"{type(error).__name__}: {error}".replace("\n", "\n# "))
            print(f"not ok {number} - {test.__name__}", flush=True)
    print(f"1..{len(tests)}", flush=True)


main()
