"""A redis-server of a test's own."""
import contextlib
import functools
import os
import pathlib
import signal
import socket

import processes
from waiting import PATIENCE, wait


def tls_options(folder, name):
    """Options for TLS with a certificate of http_lab.make_certificate."""
    return ["--tls-cert-file", f"{folder}/{name}.pem", "--tls-key-file", f"{folder}/{name}.key",
            "--tls-ca-cert-file", f"{folder}/ca.pem"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class RedisServer:
    """Listens on a unix socket in a folder of its own, keeps nothing on disk, and answers when the
    constructor returns. `options` are those of redis-server and come last, so that they override;
    `wrapper` is what the command begins with.

    path    the socket
    url     the same for redis.url
    client  of python3-redis
    """

    def __init__(self, *options, folder=None, name="redis", wrapper=()):
        self.folder = pathlib.Path(folder) if folder else processes.folder()
        self.path = f"{self.folder}/{name}.sock"
        self.url = f"unix:{self.path}"
        self.command = [*wrapper, "redis-server", "--port", "0", "--unixsocket", self.path, "--dir",
                        self.folder, "--save", "", "--enable-debug-command", "yes", "--logfile",
                        f"{self.folder}/{name}.log", *options]
        self.process = None
        self.start()

    def start(self, *more):
        """Again, after kill(): what was on disk is loaded when it returns."""
        self.__dict__.pop("client", None)
        self.process = processes.start([*self.command, *more])
        wait("redis-server answers", self.answers)

    def answers(self):
        """Whether it answers, be it with an error, and has loaded its data."""
        assert self.process.poll() is None, f"redis-server ended, see {self.folder}"
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(PATIENCE)
            probe.connect(self.path)
            probe.sendall(b"PING\r\n")
            answer = probe.recv(100)
            return answer != b"" and not answer.startswith(b"-LOADING")
        return False

    @functools.cached_property
    def client(self):
        return self.connect()

    def connect(self, **options):
        """Another client."""
        import redis  # pylint: disable=import-outside-toplevel # benchmarks install it first
        return redis.Redis(unix_socket_path=self.path, socket_timeout=PATIENCE, **options)

    def kill(self):
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def stop_process(self):
        self.process.send_signal(signal.SIGSTOP)

    def continue_process(self):
        self.process.send_signal(signal.SIGCONT)


class Sentinel:
    """A Sentinel on a port, with these lines of configuration; `options` are of its command."""

    def __init__(self, folder, port, *lines, options=()):
        self.port, self.folder = port, folder
        config = pathlib.Path(folder, f"sentinel{port}.conf")
        config.write_text("\n".join([f"dir {folder}", *lines]) + "\n", encoding="utf-8")
        self.process = processes.start(["redis-server", config, "--sentinel", *options, "--logfile",
                                      f"{folder}/sentinel{port}.log"])

    def kill(self):
        self.process.kill()
        self.process.wait()
