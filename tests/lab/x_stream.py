"""A well-behaved server of X's API v2, fed by hand: a part of the fault lab for daemons that live."""
import http.server
import json
import threading
import time


def page(count, first=1):
    """A page of posts that name bob (x:2), each with as many notes as X adds: 500 take 1.9 MB."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".000Z"
    notes = [{"domain": {"id": str(30 + number), "name": "Entities", "description": "d" * 100},
              "entity": {"id": "1237760318432587776", "name": "n" * 40, "description": "e" * 100}}
             for number in range(10)]
    data = [{"id": str(number), "author_id": str(100000 + number), "created_at": stamp,
             "text": "hi @bob", "context_annotations": notes,
             "entities": {"mentions": [{"start": 3, "end": 7, "username": "bob", "id": "2"}]}}
            for number in range(first, first + count)]
    users = [{"id": post["author_id"], "username": f"u{post['id']}", "name": "n" * 40}
             for post in data]
    return json.dumps({"data": data, "includes": {"users": users},
                       "meta": {"result_count": count}}).encode()


class Stream:
    """A network: whoever connects gets the lines that are fed from then on, in chunks.

    tokens: what each connection showed."""

    def __init__(self):
        self.connections, self.tokens = [], []
        self.drops = 0
        self.posts = 0
        stream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.flush()
                stream.tokens.append(self.headers["Authorization"])
                stream.connections.append(self)
                drops = stream.drops
                while drops == stream.drops:
                    time.sleep(0.02)
                self.close_connection = True

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/2/tweets/sample/stream"

    def send(self, data):
        out = self.connections[-1].wfile
        out.write(b"%x\r\n%s\r\n" % (len(data), data))
        out.flush()

    def feed(self, count, ago=0):
        """Posts that name bob (x:2), in the form of X's API v2, so many seconds old."""
        for _ in range(count):
            self.posts += 1
            self.send(self.tweet(1000 + self.posts, ago) + b"\r\n")

    @staticmethod
    def tweet(number, ago=0):
        """A post that names bob (x:2)."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - ago)) + ".000Z"
        return json.dumps({
            "data": {"id": str(number), "author_id": "1", "created_at": stamp, "text": "hi @bob",
                     "entities": {"mentions": [{"start": 3, "end": 7, "username": "bob",
                                                "id": "2"}]}},
            "includes": {"users": [{"id": "1", "username": "ann", "name": "Ann"}]},
        }).encode()

    def drop(self):
        self.drops += 1
