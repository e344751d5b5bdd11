#!/usr/bin/env python3
"""A WebSocket server that misbehaves by script: the WebSocket part of the fault lab.

  ws_lab.py SCENARIO.json     prints "port N" and serves until its input ends

A scenario is as http_lab.py has it, one list of steps for each connection. Steps, besides those
of http_lab.py ("status" refuses the upgrade):

  {"upgrade": true}       the right answer; "accept": "x" or null, "protocol": "x" or null,
                          "extensions": "x", "connection": "x", "more": "A: b\\r\\n" bend it
  {"text": "..."} {"binary_hex": "..."}      a message; "parts": 3 fragments it
  {"opcode": 9, "payload_hex": "..."}        a frame; "fin", "rsv", "mask": true, "length": N (what
                                             it says), "long": 2 or 8 (bytes it says it in)
  {"close": 1000, "reason": ""}              null: a close frame without code
  {"raw_hex": "..."}                         bytes as they are
  {"zeros": N}                               N MiB of "0", as bytes of a frame that is open
  {"events": {...}}                          those of Lab.stream from the cursor on, see events
  {"tail": {...}}                            the same at the time each is due, see tail
  {"mute": true}                             pings are answered no more
  {"stop_reading": true}                     nothing is read any more

Everything sent takes "each": N, "every": S: N bytes at a time. After the last step the connection
is closed. What the client sends is in Lab.frames: (connection, opcode, payload, was_masked).
"""
import asyncio
import base64
import bisect
import hashlib
import json
import pathlib
import random
import struct
import sys
import time
import urllib.parse

import http_lab

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode, payload=b"", fin=True, rsv=0, mask=False, length=None, long=None):
    """The bytes of a frame, right or wrong."""
    length = len(payload) if length is None else length
    head = bytes([(128 if fin else 0) | rsv << 4 | opcode])
    bit = 128 if mask else 0
    if long == 8 or (long is None and length > 65535):
        head += bytes([bit | 127]) + struct.pack(">Q", length)
    elif long == 2 or (long is None and length > 125):
        head += bytes([bit | 126]) + struct.pack(">H", length)
    else:
        head += bytes([bit | length])
    if mask:
        head += b"\1\2\3\4"
        payload = bytes(byte ^ (1 + at % 4) for at, byte in enumerate(payload))
    return head + payload


def message(opcode, payload, parts=1):
    size = max(1, -(-len(payload) // parts))
    pieces = [payload[at:at + size] for at in range(0, len(payload), size)] or [b""]
    return b"".join(
        frame(opcode if at == 0 else 0, piece, fin=at == len(pieces) - 1)
        for at, piece in enumerate(pieces))


def answer(key, protocol=None):
    """The right answer to a handshake."""
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
    named = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
    return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n{named}\r\n").encode()


class Stream:
    """What a Jetstream host has: events in order, with a cursor on either wire.

    events: (seq, time_us, text) in the order of seq; texts are whole messages.
    """

    def __init__(self, events):
        self.events = events

    @staticmethod
    def query(request):
        return urllib.parse.parse_qs(urllib.parse.urlsplit(request.split(" ")[1]).query)

    def since(self, request):
        """The events a client gets: all of them without a cursor, so that tests need not hurry."""
        cursor = int(self.query(request).get("cursor", ["-1"])[0])
        if "subscribeEvents" in request.split("?")[0] and cursor < 10**15:
            return [event for event in self.events if event[0] >= cursor]
        return [event for event in self.events if event[1] >= cursor]


class Connection(http_lab.Connection):
    def __init__(self, lab, number, request, reader, writer):
        super().__init__(reader, writer)
        self.lab, self.number, self.request = lab, number, request
        self.is_mute, self.reading = False, None

    def header(self, name):
        for line in self.request.split("\r\n")[1:]:
            if line.lower().startswith(name.lower() + ":"):
                return line.split(":", 1)[1].strip()
        return None

    async def upgrade(self, step):
        key = (self.header("Sec-WebSocket-Key") or "").encode()
        right = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        headers = {
            "Upgrade": "websocket",
            "Connection": step.get("connection", "Upgrade"),
            "Sec-WebSocket-Accept": step.get("accept", right),
            "Sec-WebSocket-Protocol": step.get("protocol", self.header("Sec-WebSocket-Protocol")),
            "Sec-WebSocket-Extensions": step.get("extensions"),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        await self.bytes(step, ("HTTP/1.1 101 Switching Protocols\r\n" + step.get("more", "") +
                                lines + "\r\n").encode())
        self.reading = asyncio.ensure_future(self.read())

    async def read(self):
        """Client frames: noted, pings answered."""
        try:
            while True:
                first, second = await self.reader.readexactly(2)
                length = second & 127
                if length == 126:
                    length, = struct.unpack(">H", await self.reader.readexactly(2))
                mask = await self.reader.readexactly(4) if second & 128 else b"\0\0\0\0"
                payload = await self.reader.readexactly(length)
                payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
                self.lab.frames.append((self.number, first & 15, payload, bool(second & 128)))
                if first & 15 == PING and not self.is_mute:
                    await self.put(frame(PONG, payload))
        except (OSError, asyncio.IncompleteReadError):
            pass

    async def bytes(self, step, data):
        size = step.get("each", len(data)) or 1
        for at in range(0, len(data), size):
            await self.put(data[at:at + size])
            await asyncio.sleep(step.get("every", 0))

    async def events(self, options):
        """count: at most so many; rate: a second; again: the last so many come twice; shuffle: of
        neighbours; back: so many from the start of the stream follow once more."""
        events = self.lab.stream.since(self.request)[:options.get("count")]
        if "back" in options:
            events = events + self.lab.stream.events[:options["back"]] + events[-1:]
        if options.get("shuffle"):
            events = [event for at in range(0, len(events), 2)
                      for event in reversed(events[at:at + 2])]
        pace, batch = options.get("rate"), b""
        for number, (_, _, text) in enumerate(events):
            data = message(TEXT, text.encode())
            batch += data * (2 if options.get("again") else 1)
            if len(batch) > 30000 or pace:
                await self.put(batch)
                batch = b""
            if pace and number % max(1, pace // 50) == 0:
                await asyncio.sleep(0.02)
        await self.put(batch)

    async def tail(self, options):
        """Of a hundred times that something is sent: "twice" times all of it comes twice, "back"
        times the last 200 events come once more, "drop" times the connection ends."""
        events, dice = self.lab.stream.events, random.Random(options["seed"] * 1000 + self.number)
        at = len(events) - len(self.lab.stream.since(self.request))
        while True:
            due = bisect.bisect_right(events, time.time_ns() // 1000, at, key=lambda row: row[1])
            due = min(due, at + 500)
            rows = events[at:due] * (2 if 100 * dice.random() < options.get("twice", 0) else 1)
            if 100 * dice.random() < options.get("back", 0):
                rows += events[max(0, due - 200):due]
            await self.put(b"".join(message(TEXT, row[2].encode()) for row in rows))
            if rows and 100 * dice.random() < options.get("drop", 0):
                return
            at = due
            await asyncio.sleep(0.005 if rows else 0.02)

    async def step(self, step):
        if "upgrade" in step:
            await self.upgrade(step)
        elif "text" in step:
            text = step["text"]() if callable(step["text"]) else step["text"]
            await self.bytes(step, message(TEXT, text.encode(), step.get("parts", 1)))
        elif "binary_hex" in step:
            await self.bytes(step, message(BINARY, bytes.fromhex(step["binary_hex"]),
                                           step.get("parts", 1)))
        elif "opcode" in step:
            bend = {name: step[name] for name in ("fin", "rsv", "mask", "length", "long")
                    if name in step}
            await self.bytes(step, frame(step["opcode"],
                                         bytes.fromhex(step.get("payload_hex", "")), **bend))
        elif "close" in step:
            code = b"" if step["close"] is None else struct.pack(">H", step["close"])
            await self.bytes(step, frame(CLOSE, code + step.get("reason", "").encode()))
        elif "raw_hex" in step:
            await self.bytes(step, bytes.fromhex(step["raw_hex"]))
        elif "zeros" in step:
            for _ in range(step["zeros"]):
                await self.put(b"0" * (1 << 20))
        elif "events" in step:
            await self.events(step["events"])
        elif "tail" in step:
            await self.tail(step["tail"])
        else:
            return False
        return True

    async def play(self, steps):
        for step in steps:
            if await self.step(step):
                continue
            if "repeat" in step:
                for _ in range(step["repeat"]):
                    await self.play(step["steps"])
                    await asyncio.sleep(step.get("every", 0))
            elif "mute" in step:
                self.is_mute = True
            elif "stop_reading" in step:
                self.reading.cancel()
                self.reader._transport.pause_reading()
            else:
                await super().play([step])


class Lab(http_lab.Lab):
    """The server, in a thread of its own. requests: the head of every request; frames: see above;
    stream: what {"events"} serves."""

    def __init__(self, scenario, context=None, stream=None):
        self.frames, self.stream = [], stream
        super().__init__(scenario, context)

    async def serve(self, reader, writer):
        number = self.count
        steps = self.scenario[min(number, len(self.scenario) - 1)]
        self.count += 1
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(request)
            connection = Connection(self, number, request, reader, writer)
            await connection.play(steps)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass


if __name__ == "__main__":
    lab = Lab(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    print("port", lab.port, flush=True)
    sys.stdin.read()
