#!/usr/bin/env python3
"""Against programs that are not ours: Prometheus' promtool reads /metrics; nginx stands before a
stream, as TLS, chunked and compressed, and before a WebSocket.

    real_peers.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / "lab")]
import http_lab  # noqa: E402
import processes  # noqa: E402
import source_drive  # noqa: E402
import unpacked  # noqa: E402
import ws_lab  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer, free_port  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402
from x_stream import Stream  # noqa: E402

BUILD = pathlib.Path(os.environ["BUILD"])
FOLDER = processes.folder()
OK, HOLD = {"status": 200, "chunked": True}, {"sleep": 100}
START = time.time_ns() // 1000 - 600 * 10**6

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr crit;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on; gzip_types application/json; gzip_min_length 1;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/good.pem; ssl_certificate_key {folder}/good.key;
        location / {{
            proxy_pass http://127.0.0.1:{behind}; proxy_buffering off; proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $hop;
        }}
    }}
    map $http_upgrade $hop {{ default upgrade; '' close; }}
}}
"""


class Nginx:
    def __init__(self, behind):
        program = unpacked.program("nginx", "usr/sbin/nginx")
        self.port = free_port()
        conf = FOLDER / "nginx.conf"
        conf.write_text(NGINX.format(folder=FOLDER, port=self.port, behind=behind))
        self.process = processes.start([program, "-p", FOLDER, "-c", conf, "-e", "stderr"],
                                        stderr=subprocess.PIPE)
        wait("nginx", self.answers)

    def answers(self):
        assert self.process.poll() is None, self.process.stderr.read()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def drive(url, *options, **until):
    lines = source_drive.drive(url, f"ca_file={FOLDER}/ca.pem", *options, **until)
    return [text.split(" ", 4)[4] for text in lines if text.startswith("message ")], lines


@case
def a_stream_behind_nginx_comes_whole_compressed_or_not():
    lines = [f'{{"id":"{number}","text":"{"word " * (number % 40)}"}}' for number in range(500)]
    text = "".join(line + "\r\n" for line in lines)
    for compressed in ("false", "true"):
        lab = http_lab.Lab([[OK, {"send": text, "each": 700}, {"end": True}], [OK, HOLD]])
        with Nginx(lab.port) as nginx:
            found, said = drive(f"https://127.0.0.1:{nginx.port}/2/tweets/search/stream",
                                f"compressed={compressed}",
                                until=lambda: lab.count == 2)  # pylint: disable=cell-var-from-loop
        assert found == [line[:80] for line in lines], (compressed, len(found), said[-9:])
        assert lab.count == 2 and "state backing-off the server ended the stream" in said, said


@case
def a_stream_is_back_after_nginx_was():
    lab = http_lab.Lab([[OK, {"send": '{"id":"1"}\r\n'}, HOLD]])
    with Nginx(lab.port) as nginx:
        url = f"https://127.0.0.1:{nginx.port}/2/tweets/search/stream"
        running = processes.start([source_drive.PROGRAM, f"url={url}", f"run={PATIENCE}s",
                                    f"ca_file={FOLDER}/ca.pem"], stdout=subprocess.PIPE,
                                   encoding="latin-1")
        assert any(line.startswith("message ") for line in running.stdout)
        nginx.process.terminate()
        nginx.process.wait()
        port, nginx.port = nginx.port, None
        conf = FOLDER / "nginx.conf"
        nginx.process = processes.start(
            [unpacked.program("nginx", "usr/sbin/nginx"), "-p", FOLDER, "-c", conf, "-e", "stderr"],
            stderr=subprocess.PIPE)
        nginx.port = port
        assert any(line.startswith("message ") for line in running.stdout)
        running.terminate()
        running.wait()
    assert lab.count >= 2, lab.count


@case
def a_websocket_behind_nginx_comes_whole():
    rows = [(number, START + number * 1000, f'{{"did":"did:plc:{number}","time_us":'
             f'{START + number * 1000},"kind":"commit"}}') for number in range(3000)]
    lab = ws_lab.Lab([[{"upgrade": True}, {"events": {}}, HOLD]], stream=ws_lab.Stream(rows))
    with Nginx(lab.port) as nginx:
        found, said = drive(f"wss://127.0.0.1:{nginx.port}/subscribe",
                            until='did:plc:2999"')
    numbers = [int(re.search(r"did:plc:(\d+)", text)[1]) for text in found]
    assert numbers == list(range(3000)), (len(numbers), said[-9:])


@case
def promtool_finds_nothing_in_the_metrics():
    promtool = unpacked.program("prometheus", "usr/bin/promtool")
    stream, server = Stream(), RedisServer()
    with LiveDaemon(BUILD / "cascaded", FOLDER, f"""
            redis {{ url = "{server.url}" }}
            {http_section(FOLDER)}
            names {{ url = "http://127.0.0.1:1" }}
            source "x" {{ url = "{stream.url}" }}
            source "y" {{ url = "{stream.url}" }}
            """) as daemon:
        wait("connected", lambda: len(stream.connections) == 2)
        stream.feed(3)
        page = daemon.ask("GET", "/metrics").text
        done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True,
                              check=False, timeout=PATIENCE, text=True)
        assert page.count("# HELP ") > 50 and 'source="x"' in page, page[:3000]
        assert done.returncode == 0 and done.stdout + done.stderr == "", done


if __name__ == "__main__":
    http_lab.make_certificate(FOLDER, "good")
    run_cases()
