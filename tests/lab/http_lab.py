#!/usr/bin/env python3
"""A server that misbehaves by script: the HTTP part of the fault lab.

  http_lab.py SCENARIO.json     prints "port N" and serves until its input ends

A scenario is a list with one list of steps for each connection, in order; the last one serves
all further connections. A step is one of

  {"status": 200, "headers": {...}, "chunked": true, "gzip": true}   the answer's head
  {"send": "text"} {"send_hex": "..."}  bytes of the body; "each": 1, "every": 0.1 drips them
  {"repeat": N, "every": S, "steps": [...]}
  {"bomb": N}                           N MiB of zeros, through whatever coding is on
  {"raw": "text"}                       bytes as they are, past all codings
  {"sleep": S} {"cut": true} {"end": true}   cut: reset; end: the body's proper end

Without "status" nothing is ever answered. After the last step the connection is closed.
"""
import asyncio
import json
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import zlib


class Connection:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.is_chunked, self.packer = False, None

    async def put(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def body(self, data):
        if self.packer:
            data = self.packer.compress(data) + self.packer.flush(zlib.Z_SYNC_FLUSH)
        if self.is_chunked and data:
            data = b"%x;odd=1\r\n%s\r\n" % (len(data), data)
        await self.put(data)

    async def head(self, step):
        headers = {"Content-Type": "application/json", **step.get("headers", {})}
        if step.get("chunked"):
            self.is_chunked = True
            headers["Transfer-Encoding"] = "chunked"
        if step.get("gzip"):
            self.packer = zlib.compressobj(9, zlib.DEFLATED, 31)
            headers["Content-Encoding"] = "gzip"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        await self.put(f"HTTP/1.1 {step['status']} Whatever\r\n{lines}\r\n".encode())

    async def send(self, step):
        data = bytes.fromhex(step["send_hex"]) if "send_hex" in step else step["send"].encode()
        size = step.get("each", len(data)) or 1
        for at in range(0, len(data), size):
            await self.body(data[at:at + size])
            if "every" in step:
                await asyncio.sleep(step["every"])

    def cut(self):
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def play(self, steps):
        for step in steps:
            if "status" in step:
                await self.head(step)
            elif "send" in step or "send_hex" in step:
                await self.send(step)
            elif "repeat" in step:
                for _ in range(step["repeat"]):
                    await self.play(step["steps"])
                    await asyncio.sleep(step.get("every", 0))
            elif "bomb" in step:
                for _ in range(step["bomb"]):
                    await self.body(bytes(1 << 20))
            elif "raw" in step:
                await self.put(step["raw"].encode())
            elif "sleep" in step:
                await asyncio.sleep(step["sleep"])
            elif "cut" in step:
                self.cut()
            elif "end" in step:
                await self.put(b"0\r\n\r\n" if self.is_chunked else b"")


class Lab:
    """The server, in a thread of its own. requests: the head of every request, as text."""

    def __init__(self, scenario, context=None):
        self.scenario, self.context = scenario, context
        self.requests, self.count, self.port = [], 0, None
        self.loop = asyncio.new_event_loop()
        is_up = threading.Event()
        threading.Thread(target=self.run, args=(is_up,), daemon=True).start()
        is_up.wait(10)

    def run(self, is_up):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.context))
        self.port = server.sockets[0].getsockname()[1]
        is_up.set()
        self.loop.set_exception_handler(lambda loop, context: None)  # clients that hang up
        self.loop.run_forever()

    async def serve(self, reader, writer):
        steps = self.scenario[min(self.count, len(self.scenario) - 1)]
        self.count += 1
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
            await Connection(reader, writer).play(steps)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


# Name of a certificate: how it is made. A common name stands in for names that are not there:
# curl believes it still.
# is_old: newer OpenSSLs may refuse to make it. Ten of them are bad.
CERTIFICATES = {
    "good": {"is_good": True},
    "self_signed": {"is_self_signed": True},
    "expired": {"days": -1},
    "wrong_host": {"names": "DNS:example.com"},
    "unknown_ca": {"ca": "other"},
    "weak_key": {"key": "rsa:512", "is_old": True},
    "sha1": {"digest": "sha1", "is_old": True},
    "no_names": {"names": None, "is_good": True},
    "wants_client": {"wants_client": True},
    "missing_intermediate": {"ca": "middle"},
    "wrong_purpose": {"more": "extendedKeyUsage=clientAuth"},
    "broken_signature": {"is_broken": True},
}


def make_ca(folder, name, signer=None):
    key, path = folder / f"{name}.key", folder / f"{name}.pem"
    if signer:
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", f"{path}.csr",
                "-subj", f"/CN={name}")
        sign(folder, path, signer, "basicConstraints=critical,CA:TRUE", 30, "sha256")
    else:
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", path,
                "-subj", f"/CN={name}", "-days", 30)


def sign(folder, path, signer, extension, days, digest):
    (folder / "extension").write_text(extension)
    openssl("x509", "-req", "-in", f"{path}.csr", "-CA", folder / f"{signer}.pem", "-CAkey",
            folder / f"{signer}.key", "-CAcreateserial", "-out", path, "-days", days,
            f"-{digest}", "-extfile", folder / "extension")


def write_certificate(folder, name):
    """Certificate and key, as the row of CERTIFICATES says."""
    row = CERTIFICATES[name]
    if not (folder / "ca.pem").exists():
        make_ca(folder, "ca")
        make_ca(folder, "other")
        make_ca(folder, "middle", "ca")
    key, path = folder / f"{name}.key", folder / f"{name}.pem"
    openssl("req", "-newkey", row.get("key", "rsa:2048"), "-nodes", "-keyout", key, "-out",
            f"{path}.csr", "-subj", "/CN=127.0.0.1")
    names = row.get("names", "DNS:localhost,IP:127.0.0.1")
    if row.get("is_self_signed"):
        openssl("req", "-x509", "-key", key, "-in", f"{path}.csr", "-out", path, "-days", 30,
                "-addext", "subjectAltName=IP:127.0.0.1")
    else:
        extension = f"subjectAltName={names}" if names else "keyUsage=digitalSignature"
        sign(folder, path, row.get("ca", "ca"), "\n".join((extension, row.get("more", ""))),
             row.get("days", 30), row.get("digest", "sha256"))
    if row.get("is_broken"):
        der = bytearray(ssl.PEM_cert_to_DER_cert(path.read_text()))
        der[-1] ^= 1  # of the signature, which comes last
        path.write_text(ssl.DER_cert_to_PEM_cert(bytes(der)))


MAKING = threading.Lock()


def make_certificate(folder, name):
    """Certificate and key of localhost in folder, made once; a context for a server that shows
    it, or None if this OpenSSL makes none as old as that. The one to trust is folder/ca.pem."""
    folder = pathlib.Path(folder)
    row = CERTIFICATES[name]
    key, path = folder / f"{name}.key", folder / f"{name}.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        with MAKING:  # whoever comes second finds the pair whole
            if not path.exists():
                write_certificate(folder, name)
        context.load_cert_chain(path, key)
    except (ssl.SSLError, subprocess.CalledProcessError):
        if not row.get("is_old"):
            raise
        return None
    if row.get("wants_client"):
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    return context


if __name__ == "__main__":
    lab = Lab(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    print("port", lab.port, flush=True)
    sys.stdin.read()
