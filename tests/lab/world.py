"""An invented stretch of Bluesky for tests: posts, replies, quotes, reposts by way of others,
deletions of all of these, and accounts that are gone and come back, each in the words of Jetstream
and in those that the oracle reads.
"""
import json
import time


def utc(time_us):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_us // 10**6))
    return f"{stamp}.{time_us % 10**6:06}Z"


def jetstream_of(time_us, did, commit):
    kind = "account" if "active" in commit else "commit"
    return {"did": did, "time_us": time_us, "kind": kind, kind: commit}


class World:
    """Events in order, `step` µs apart: (time in µs, what Jetstream says of it, the native line
    of it)."""

    def __init__(self, dice, start, count, people, step):
        self.dice, self.people, self.made = dice, people, 0
        self.posts, self.living = [], []
        self.rows = [self.event(start + number * step) for number in range(count)]

    def event(self, time_us):
        roll = self.dice.random()
        if roll < 0.004 and self.living:
            return self.account(time_us)
        if roll < 0.12 and self.living:
            return self.deletion(time_us)
        if roll < 0.7 and self.posts:
            return self.repost(time_us)
        return self.post(time_us)

    def commit(self, time_us, kind, record):
        self.made += 1
        person = min(self.dice.randrange(self.people) for _ in range(2))
        did = f"did:plc:u{person:023}"
        did = did.replace("0", "a").replace("1", "b").replace("8", "h").replace("9", "i")
        uri = f"at://{did}/app.bsky.feed.{kind}/3k{self.made:011}"
        return did, uri, {"operation": "create", "collection": f"app.bsky.feed.{kind}",
                          "rkey": uri.rsplit("/", 1)[1], "record": record}

    @staticmethod
    def ref(uri):
        return {"id": "bsky:" + uri, "author": {"id": "bsky:" + uri.split("/")[2]}}

    @staticmethod
    def native(uri, did, time_us, **more):
        return json.dumps({"id": "bsky:" + uri, "time": utc(time_us),
                           "author": {"id": "bsky:" + did}, **more})

    def some_post(self):
        """Mostly a recent one, and of these mostly the same few."""
        recent = self.posts[-40:]
        return recent[min(self.dice.randrange(len(recent)) for _ in range(2))]

    def post(self, time_us):
        record = {"$type": "app.bsky.feed.post", "text": f"words {self.made}", "langs": ["en"],
                  "createdAt": "2026-01-01T00:00:00Z"}
        more = {"text": record["text"], "lang": "en", "mentions": [], "hashtags": []}
        roll = self.dice.random()
        if roll < 0.3:
            record["tags"] = more["hashtags"] = [f"tag{self.dice.randrange(9)}"]
        if self.posts and roll < 0.25:
            uri = self.some_post()
            record["embed"] = {"$type": "app.bsky.embed.record", "record": {"uri": uri, "cid": "c"}}
            more["quote_of"] = self.ref(uri)
        elif self.posts and roll < 0.5:
            uri = self.some_post()
            link = {"uri": uri, "cid": "c"}
            record["reply"] = {"root": link, "parent": link}
            more["reply_to"] = self.ref(uri)
        did, uri, commit = self.commit(time_us, "post", record)
        self.posts.append(uri)
        self.living.append((uri, did))
        return time_us, (did, commit), self.native(uri, did, time_us, **more)

    def repost(self, time_us):
        subject = self.some_post()
        record = {"$type": "app.bsky.feed.repost", "subject": {"uri": subject, "cid": "c"},
                  "createdAt": "2026-01-01T00:00:00Z"}
        more = {"retweet_of": self.ref(subject)}
        others = [uri for uri, _ in self.living[-20:] if "repost" in uri]
        if others and self.dice.random() < 0.4:
            via = self.dice.choice(others)
            record["via"] = {"uri": via, "cid": "c"}
            more["via"] = "bsky:" + via
        did, uri, commit = self.commit(time_us, "repost", record)
        self.living.append((uri, did))
        return time_us, (did, commit), self.native(uri, did, time_us, **more)

    def account(self, time_us):
        """One that is gone. The person goes on, as if it came back at once."""
        _, did = self.dice.choice(self.living)
        account = {"active": False, "status": self.dice.choice(("deleted", "takendown", "suspended"))}
        return time_us, (did, account), json.dumps(jetstream_of(time_us, did, account))

    def deletion(self, time_us):
        """Of something young, or of anything at all."""
        least = max(0, len(self.living) - 30) if self.dice.random() < 0.8 else 0
        uri, did = self.living.pop(self.dice.randrange(least, len(self.living)))
        _, _, _, collection, rkey = uri.split("/")
        commit = {"operation": "delete", "collection": collection, "rkey": rkey}
        return time_us, (did, commit), self.native(uri, did, time_us, deleted=True)
