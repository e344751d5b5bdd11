"""cascaded with a configuration file of its own, for tests of what it does while it runs."""
import http.client
import pathlib
import re
import signal
import socket

import processes
from waiting import PATIENCE, wait

TOKEN = "a-token-of-our-own"


def http_section(folder, more=""):
    """An `http` section for a free port, with TOKEN in a file of the folder."""
    token = pathlib.Path(folder, "token")
    token.unlink(missing_ok=True)
    token.touch(mode=0o600)
    token.write_text(TOKEN + "\n", encoding="utf-8")
    return f'http {{ listen = "127.0.0.1:0" token_file = "{token}" {more} }}\n'


class LiveDaemon:
    """Runs in `folder`, where its files are `conf` and `log` (standard error). As a context it must
    end with 0 at SIGTERM; otherwise, it is killed when the test ends."""

    def __init__(self, program, folder, config, *arguments, **options):
        """`options` are those of Popen. The daemon has been started when this returns, but may not
        be reading yet: see await_start()."""
        self.folder = pathlib.Path(folder)
        self.config, self.log = self.folder / "conf", self.folder / "log"
        self.command = [program, "-c", self.config, *arguments]
        self.options = options
        self.write(config)
        self.start()

    def write(self, config):
        self.config.write_text(config, encoding="utf-8")

    def start(self):
        with open(self.log, "wb") as log:
            self.process = processes.start(self.command, stderr=log, **self.options)

    def text(self):
        """What it has logged since its start."""
        return self.log.read_text(encoding="utf-8")

    def said(self, text):
        return text in self.text()

    def await_start(self):
        """Until it serves HTTP, if it does, and reads its sources."""
        def has_started():
            assert self.process.poll() is None, self.text()
            return self.said("started")
        wait(lambda: f"the daemon has started: {self.text()}", has_started)

    @property
    def port(self):
        return int(re.search(r"port (\d+)", self.text())[1])

    def ask(self, method, path, body=None, **headers):
        """An answer of its HTTP server, with its text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, body,
                           {name.replace("_", "-"): value for name, value in headers.items()},
                           encode_chunked=headers.get("Transfer_Encoding") == "chunked")
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def push(self, body, token=TOKEN, **headers):
        return self.ask("POST", "/api/v1/posts", body, Authorization=f"Bearer {token}", **headers)

    def raw(self, data):
        """What it answers to these bytes until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            connection.sendall(data)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer

    def metric(self, name):
        """The value of a metric, whose labels belong to its name."""
        page = self.ask("GET", "/metrics").text
        return float(re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)[1])

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self, code=0):
        self.process.terminate()
        ended = self.process.wait(PATIENCE)
        assert ended == code, (ended, self.text())

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.end()
        else:
            self.kill()
