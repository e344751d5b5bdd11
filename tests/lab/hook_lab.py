"""A receiver of webhooks that records what it gets and answers by script."""
import base64
import hashlib
import hmac
import json
import socket
import threading
import time


class Hook:
    """A server on 127.0.0.1. answers: one for each request in order, the last one for all
    further ones; each a status, (status, headers), or a function of the connection that answers
    (or does not) for itself."""

    def __init__(self, *answers, tls=None):
        self.answers = list(answers) or [204]
        self.requests = []     # {"headers": {...}, "body": bytes}
        self.connections = 0
        self.is_closing = False
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/hook"

    def close(self):
        self.is_closing = True
        self.listener.close()

    def serve(self):
        while not self.is_closing:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                self.answer(connection)
        except OSError:
            pass

    def answer(self, connection):
        stream = connection.makefile("rb")
        if not stream.readline().startswith(b"POST /hook HTTP/1.1"):
            return
        headers = {}
        while (line := stream.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers["content-length"]))
        number = len(self.requests)
        self.requests.append({"headers": headers, "body": body})
        answer = self.answers[min(number, len(self.answers) - 1)]
        if callable(answer):
            answer(connection)
            return
        status, more = answer if isinstance(answer, tuple) else (answer, {})
        head = f"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in more.items())
        connection.sendall((head + "\r\n").encode())

    def ids(self):
        return [json.loads(request["body"])["id"] for request in self.requests]


def hang(connection):
    """Answers nothing until the other side goes."""
    connection.recv(1)


def drip_head(connection):
    """A header line that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.01)


def drip_body(connection):
    """A good answer whose body never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1\r\nx\r\n")
        time.sleep(0.01)


class Flood:
    """A body of 1 GB; counts how much of it was taken."""

    def __init__(self, status):
        self.status, self.sent, self.is_over = status, 0, False

    def __call__(self, connection):
        size = 1 << 30
        connection.sendall(f"HTTP/1.1 {self.status} Said\r\nContent-Length: {size}\r\n\r\n"
                           .encode())
        piece = b"x" * (1 << 16)
        try:
            while self.sent < size:
                connection.sendall(piece)
                self.sent += len(piece)
        finally:
            self.is_over = True


def make_secret(path, *keys):
    """A secret file of these keys (bytes), one a line."""
    path.touch(mode=0o600)
    path.write_text("".join(f"whsec_{base64.b64encode(key).decode()}\n" for key in keys))


def signature(request, key):
    """What webhook-signature must say for this key."""
    headers = request["headers"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request["body"]
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
