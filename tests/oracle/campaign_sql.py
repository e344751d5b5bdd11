"""A seeded stream of posts of two subjects with deletions, and what SQL finds in it for a campaign:
every figure of every window and of the window before it, growth, and who joined when.
"""
import random
import sqlite3

BASE = 1_772_452_800_000
WINDOWS = {"5m": 300_000, "1h": 3_600_000, "24h": 86_400_000}
OPEN = 21_600_000
# In SQL a window is the 60 steps up to that of the last event; the one before it, with a shift of
# 60, the steps before these.
FIELDS = """
WITH e AS (SELECT * FROM events WHERE undone = 0
           AND time / (:span / 60) > :now / (:span / 60) - 60 - :shift
           AND time / (:span / 60) <= :now / (:span / 60) - :shift),
     r AS (SELECT * FROM events WHERE undone = 0 AND root IS NOT NULL AND kind != 'reply'
           AND author != root_author)
SELECT (SELECT count(*) FROM e WHERE is_in AND kind != 'retweet') AS posts,
       (SELECT count(DISTINCT author) FROM e WHERE is_in AND counts) AS people,
       (SELECT count(DISTINCT author) FROM e WHERE is_in AND counts
           AND author IN ('n:u1', 'n:u2', 'n:u7')) AS known_people,
       (SELECT count(*) FROM (SELECT author FROM events WHERE undone = 0 AND is_in AND counts
                              GROUP BY author HAVING min(time) / (:span / 60)
                                                     > :now / (:span / 60) - 60)) AS new_people,
       (SELECT count(*) FROM e WHERE is_in AND kind = 'retweet' AND author != root_author)
           AS retweets,
       (SELECT count(*) FROM e WHERE is_in AND kind = 'quote' AND author != root_author)
           AS quotes,
       (SELECT count(*) FROM e WHERE is_in AND kind = 'reply' AND author != root_author)
           AS replies,
       (SELECT coalesce(sum(followers), 0) FROM e WHERE is_in AND reaches) AS reach,
       (SELECT count(*) FROM e WHERE is_in AND came_through IS NOT NULL) AS carried,
       (SELECT count(*) FROM e WHERE is_in AND came_through = 'quote') AS translated,
       (SELECT count(DISTINCT root) FROM e WHERE is_in AND kind IN ('retweet', 'quote')
           AND author != root_author
           AND root NOT IN (SELECT id FROM events WHERE undone = 1)) AS cascades,
       (SELECT count(*) FROM e WHERE is_rival AND kind != 'retweet') AS rival_posts
"""
SCHEMA = """CREATE TABLE events (id TEXT, time INT, author TEXT, kind TEXT, root TEXT,
    root_author TEXT, followers INT, is_in INT, is_rival INT, counts INT, reaches INT,
    came_through TEXT, undone INT DEFAULT 0)"""


class Stream:
    """Posts of a few people, as native lines and as rows. Each person reshares a post once, so
    that each reshare is an act that reaches; a child is deleted, a parent never is."""

    def __init__(self, seed, count=160):
        self.rng = random.Random(seed)
        self.lines, self.rows, self.posts, self.reshares = [], [], [], {}
        self.carriers = set()
        self.first = {}  # person -> [acts, time of the first since there were none]
        time = BASE
        for number in range(count):
            time += self.rng.choice((1_000, 20_000, 200_000, 1_500_000))
            self._step(number, time)
        self.now = max(row["time"] for row in self.rows)

    def _person(self):
        return f"n:u{self.rng.randrange(14)}"

    def _step(self, number, time):
        kind = self.rng.choice(("post", "post", "retweet", "retweet", "retweet", "quote", "reply",
                                "delete"))
        if kind == "delete":
            return self._delete(time)
        # A cascade that is closed forgets through whom people came.
        self.posts = [post for post in self.posts if post["time"] > time - OPEN]
        root = self.rng.choice(self.posts) if self.posts and kind != "post" else None
        author = self._person()
        if root is None:
            kind = "post"
        elif kind != "reply" and author in self.reshares.setdefault(root["id"], {}):
            return None
        words = self.rng.sample(("tea", "coffee", "milk", "teapot", "#cup", "nothing"), 2)
        text = " ".join(words) if kind != "retweet" else ""
        row = {"id": f"n:{number}", "time": time, "author": author, "kind": kind,
               "root": root and root["id"], "root_author": root and root["author"],
               "followers": 10 + int(author[3:]), "is_rival": int("coffee" in words and kind != "retweet"),
               "is_in": int("tea" in text.split() or "#cup" in words and kind != "retweet")}
        row["is_in"] |= root["is_in"] if root else 0
        is_self = root is not None and author == root["author"]
        row["counts"] = int(kind != "retweet" or not is_self)
        is_reshare = kind in ("retweet", "quote") and not is_self
        row["reaches"], row["came_through"] = int(is_reshare), None
        line = {"id": row["id"], "time": time, "text": text,
                "author": {"id": author, "followers": row["followers"]}}
        if root:
            name = {"retweet": "retweet_of", "quote": "quote_of", "reply": "reply_to"}[kind]
            line[name] = {"id": root["id"], "author": {"id": root["author"]}}
        if is_reshare:
            others = self.reshares[root["id"]]
            if others and self.rng.random() < 0.5:
                parent = self.rng.choice(list(others.values()))
                line["via"], row["came_through"] = parent["id"], parent["kind"]
                self.carriers.add(parent["id"])
            others[author] = row
        if kind != "retweet":
            # A post that was quoted is above those that its quotes bring: these are left out.
            if kind != "quote":
                self.posts.append(row)
        self.lines.append(line)
        self.rows.append(row)
        if row["is_in"] and row["counts"]:
            self.first.setdefault(author, [0, time])[0] += 1
        return None

    def _delete(self, time):
        free = [row for row in self.rows if not row.get("undone") and row["kind"] != "post"
                and row["id"] not in self.carriers and row["id"] not in self.reshares]
        if free:
            row = self.rng.choice(free)
            row["undone"] = 1
            self._leave(row)
            self.reshares.get(row["root"], {}).pop(row["author"], None)
            self.posts = [post for post in self.posts if post is not row]
            self.lines.append({"id": row["id"], "time": time, "author": {"id": row["author"]},
                               "deleted": True})


    def _leave(self, row):
        if row["is_in"] and row["counts"]:
            person = self.first[row["author"]]
            person[0] -= 1
            if person[0] == 0:
                del self.first[row["author"]]

    def joins(self):
        return sorted(time for _, time in self.first.values())


def filled(stream):
    """The posts of the stream in a database."""
    base = sqlite3.connect(":memory:")
    base.row_factory = sqlite3.Row
    base.execute(SCHEMA)
    for row in stream.rows:
        values = {**row, "undone": row.get("undone", 0)}
        base.execute(f"INSERT INTO events ({', '.join(values)}) VALUES "
                     f"({', '.join(':' + name for name in values)})", values)
    return base


def expected(stream, shift=0):
    """The fields of the hash; with a shift of 60 those of the windows before."""
    base, fields = filled(stream), {}
    for window, span in WINDOWS.items():
        row = dict(base.execute(FIELDS, {"span": span, "now": stream.now, "shift": shift}).fetchone())
        if row["posts"] + row["rival_posts"]:
            row["share"] = base.execute("SELECT round(:posts * 1.0 / (:posts + :rival_posts), 4)",
                                        row).fetchone()[0]
        fields |= {f"{name}:{window}": float(value) for name, value in row.items()}
    return fields
