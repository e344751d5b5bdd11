#!/usr/bin/env python3
"""The recipe for thousands of viewers: nginx with nchan before a daemon, as conf/nginx-viewers.conf has it.

    nginx_viewers.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/lab"))
import processes  # noqa: E402
import unpacked  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer, free_port  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
VIEWERS = 50

AROUND = """
load_module {module};
user root; daemon off; master_process off; pid {folder}/pid; error_log stderr crit;
events {{}}
http {{
    access_log off;
    types {{ text/html html; }}
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{recipe}
}}
"""


def start_nginx(daemon_port, port, publish_port):
    recipe = (ROOT / "conf/nginx-viewers.conf").read_text("utf-8")
    for old, new in (("listen 80;", f"listen 127.0.0.1:{port};"), ("127.0.0.1:7788", f"127.0.0.1:{publish_port}"),
                     ("127.0.0.1:7787", f"127.0.0.1:{daemon_port}"), ("/var/cache/nginx", str(FOLDER))):
        assert old in recipe, old
        recipe = recipe.replace(old, new)
    conf = FOLDER / "nginx.conf"
    module = unpacked.program("libnginx-mod-nchan", "usr/lib/nginx/modules/ngx_nchan_module.so")
    conf.write_text(AROUND.format(module=module, folder=FOLDER, recipe=recipe), "utf-8")
    # With nchan it makes /var/lib/nginx/body whatever the paths are: in a place of its own.
    return processes.start(["unshare", "--mount", "--map-root-user", "sh", "-c",
                            'mount -t tmpfs none /var/lib && mkdir /var/lib/nginx && exec "$@"', "sh",
                            unpacked.program("nginx", "usr/sbin/nginx"), "-p", FOLDER, "-c", conf, "-e", "stderr"],
                           stderr=subprocess.PIPE)


def ask(port, path, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, headers={"Accept": "text/event-stream" if "events" in path else "*/*"})
    answer = connection.getresponse()
    return connection, answer


def next_top(answer):
    event = {}
    while True:
        line = answer.readline().decode()
        assert line, "the feed ended"
        if line.strip():
            name, _, value = line.strip().partition(": ")
            event[name] = value
        elif event.get("event") == "top":
            return json.loads(event["data"])
        else:
            event = {}


def is_up(nginx, port):
    assert nginx.poll() is None, nginx.stderr.read()
    try:
        return ask(port, "/healthz")[1].status == 200
    except OSError:
        return False


@case
def many_viewers_are_one_client_of_the_daemon():
    server = RedisServer()
    port, publish_port = free_port(), free_port()
    with LiveDaemon(CASCADED, FOLDER, f'redis {{ url = "{server.url}" }}\n' + http_section(FOLDER)) as daemon:
        daemon.await_start()
        nginx = start_nginx(daemon.port, port, publish_port)
        wait("nginx", lambda: is_up(nginx, port))
        relay = processes.start([sys.executable, ROOT / "conf/relay-events",
                                 f"http://127.0.0.1:{daemon.port}/api/v1/events",
                                 f"http://127.0.0.1:{publish_port}/publish"])
        viewers = [ask(port, "/api/v1/events?boards=posts:1h") for _ in range(VIEWERS)]
        assert viewers[0][1].headers["Content-Type"].startswith("text/event-stream")
        wait("the relay", lambda: "cascaded_http_feeds 1\n" in daemon.ask("GET", "/metrics").text)
        post = {"id": "app:1", "time": int(time.time() * 1000), "author": {"id": "app:ann"}}
        assert daemon.push(json.dumps(post).encode()).status == 202
        for _, answer in viewers:
            top = next_top(answer)
            while top["board"] != "posts" or not top["entries"]:
                top = next_top(answer)
            assert top["entries"][0]["id"] == "app:ann", top
        assert "cascaded_http_feeds 1\n" in daemon.ask("GET", "/metrics").text
        assert json.loads(ask(port, "/api/v1/top/posts/1h")[1].read())["board"] == "posts"
        assert ask(port, "/")[1].status == 200
        for path, method in (("/metrics", "GET"), ("/api/v1/posts", "POST"), ("/", "POST")):
            assert ask(port, path, method)[1].status in (404, 405), path
        for process in (relay, nginx):
            process.terminate()
            process.wait()


if __name__ == "__main__":
    run_cases()
