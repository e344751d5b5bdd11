"""An instance of Mastodon, as far as a stream and its timeline go: the Mastodon part of the fault
lab.

The timeline holds what was published, in the order of ids; who is connected to the stream gets it
at that moment, and nobody afterwards. Timelines give at most 40 statuses, newest first, with
`min_id` those that follow it. `faults` holds what the next requests for a timeline get instead:
steps as http_lab.py has them, or None for the right answer.
"""
import asyncio
import json
import urllib.parse

import http_lab

PAGE_MAX = 40


def event(name, data):
    return f"event: {name}\ndata: {data}\n\n".encode()


class Instance(http_lab.Lab):
    """requests: the head of every request; asked: the path and query of those for timelines;
    is_down: whoever wants a stream is hung up on."""

    def __init__(self, token=None, thump=15):
        self.statuses, self.streams, self.asked = {}, [], []
        self.faults, self.is_down, self.token, self.thump = [], False, token, thump
        super().__init__([])

    def call(self, work):
        """In the server's own thread, so that what it does happens at once for everybody."""
        async def run():
            return work()
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def tell(self, data):
        for queue in self.streams:
            queue.put_nowait(data)

    def publish(self, *statuses):
        """Those whose id is no number, as other software has them, are in no timeline."""
        def work():
            for status in statuses:
                if status["id"].isdigit():
                    self.statuses[int(status["id"])] = status
                self.tell(event("update", json.dumps(status)))
        self.call(work)

    def delete(self, an_id):
        def work():
            self.statuses.pop(int(an_id))
            self.tell(event("delete", an_id))
        self.call(work)

    def edit(self, status):
        self.call(lambda: self.tell(event("status.update", json.dumps(status))))

    def cut(self, is_down=False):
        """Ends all streams, and with is_down every new one, until open."""
        def work():
            self.is_down = is_down
            self.tell(None)
        self.call(work)

    def open(self):
        self.call(lambda: setattr(self, "is_down", False))

    async def stream(self, connection):
        if self.is_down:
            return
        queue = asyncio.Queue()
        self.streams.append(queue)
        leaving = asyncio.ensure_future(connection.reader.read())
        leaving.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            await connection.head({"status": 200, "chunked": True,
                                   "headers": {"Content-Type": "text/event-stream"}})
            await connection.body(b":)\n")
            while True:
                try:
                    data = await asyncio.wait_for(queue.get(), self.thump)
                except asyncio.TimeoutError:
                    data = b":thump\n"
                if data is None:
                    await connection.play([{"end": True}])
                    return
                await connection.body(data)
        finally:
            leaving.cancel()
            self.streams.remove(queue)

    async def timeline(self, connection, query):
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            await connection.play(fault)
            return
        limit = min(int(query.get("limit", 20)), PAGE_MAX)
        ids = sorted(self.statuses)
        if "min_id" in query:
            ids = [an_id for an_id in ids if an_id > int(query["min_id"])][:limit]
        body = json.dumps([self.statuses[an_id] for an_id in reversed(ids[-limit:])])
        await connection.play([{"status": 200}, {"send": body}])

    async def serve(self, reader, writer):
        connection = http_lab.Connection(reader, writer)
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(request)
            url = urllib.parse.urlsplit(request.split()[1])
            if self.token and f"Bearer {self.token}\r\n" not in request:
                await connection.play([{"status": 401}])
            elif url.path.startswith("/api/v1/streaming/"):
                await self.stream(connection)
            else:
                self.asked.append(request.split()[1])
                await self.timeline(connection, dict(urllib.parse.parse_qsl(url.query)))
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
