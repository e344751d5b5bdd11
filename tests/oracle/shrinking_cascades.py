"""Seeded streams of native lines in which large cascades shrink and late reshares come.

A few posts are reshared by many people, so that older reshares are merged; then the newest, the
oldest, some or all of them are undone, and further ones come late: among the merged ones, between
them, before the post or a week old. Some come through one another or by a quote, some people
reshare twice, the followers of some are unknown, ids are used again, and the clock leaps past the
ages of estimates, the close of a cascade and the windows.
"""
import json

BASE = 1772452800_000  # 2026-03-02T12:00:00Z in milliseconds
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
ROOTS = 3


class ShrinkingCascades:
    def __init__(self, rng, length):
        self.rng, self.length = rng, length
        self.now, self.made, self.lines = BASE, 0, []
        self.pace = rng.choice((SECOND, 10 * SECOND, MINUTE))
        self.alive = {}   # root -> lines of its reshares that are not undone, in order of arrival
        self.undone = []  # lines of those that are
        self.born = {}
        for number in range(ROOTS):
            self._root(f"n:root{number}")
        while len(self.lines) < length:
            rng.choices((self._flow, self._late, self._ebb, self._leap, self._again),
                        (30, 25, 30, 8, 7))[0](self._some_root())

    def _some_root(self):
        return self.rng.choices(list(self.alive), [6, 2, 1])[0]

    def _put(self, line):
        self.lines.append(json.dumps(line))

    def _root(self, root):
        author = {"id": f"n:author-of-{root}", "followers": 900}
        self.alive[root], self.born[root] = [], self.now
        line = {"id": root, "time": self.now, "author": author, "text": "tea"}
        if self.made == 0 and len(self.born) == 2 and self.rng.random() < 0.5:
            line["quote_of"] = {"id": "n:root0"}
        self._put(line)

    def _user(self):
        rng = self.rng
        if rng.random() < 0.1 and self.made > 5:
            return {"id": f"n:u{rng.randrange(self.made)}"}
        user = {"id": f"n:u{self.made}"}
        if rng.random() < 0.85:
            user["followers"] = rng.choice((0, 1, 20, 300, 300, 4000, 2**32 - 1 if
                                            rng.random() < 0.01 else 70))
        return user

    def _reshare(self, root, time):
        rng = self.rng
        self.made += 1
        line = {"id": f"n:e{self.made}", "time": time, "author": self._user()}
        line["quote_of" if rng.random() < 0.15 else "retweet_of"] = {"id": root}
        if "retweet_of" in line and self.alive[root] and rng.random() < 0.2:
            via = rng.choice(self.alive[root][-20:])["id"]
            line["via"] = f"n:e{self.made + rng.randrange(1, 30)}" if rng.random() < 0.2 else via
        self.alive[root].append(line)
        self._put(line)

    def _flow(self, root):
        """Many in a row."""
        for _ in range(self.rng.choice((5, 40, 40, 150))):
            self.now += int(self.rng.expovariate(1) * self.pace)
            self._reshare(root, self.now)

    def _late(self, root):
        rng = self.rng
        age = self.now - self.born[root]
        oldest = rng.choice((age, age, age // 3, age + HOUR, age + 8 * DAY))
        for _ in range(rng.choice((1, 10, 60))):
            self._reshare(root, self.now - rng.randrange(oldest + 1))

    def _ebb(self, root):
        """Newest first, oldest first or any; few, most or all."""
        rng, alive = self.rng, self.alive[root]
        count = rng.choice((1, 5, len(alive) // 2, len(alive) - 3, len(alive)))
        way = rng.choice(("newest", "newest", "oldest", "latest", "any"))
        order = {"newest": lambda line: -line["time"], "oldest": lambda line: line["time"],
                 "latest": lambda line: -alive.index(line), "any": lambda line: rng.random()}
        for line in sorted(alive, key=order[way])[:max(0, count)]:
            alive.remove(line)
            self.undone.append(line)
            self._put({"id": line["id"], "time": self.now, "author": line["author"],
                       "deleted": True})

    def _leap(self, root):
        self.now += self.rng.choice((MINUTE, 11 * MINUTE, HOUR, HOUR, 5 * HOUR, 7 * HOUR, 2 * DAY,
                                     8 * DAY if self.rng.random() < 0.2 else HOUR))

    def _again(self, root):
        """What was undone is carried once more by the same people, or sent a second time."""
        for line in self.undone[-20:]:
            if self.rng.random() < 0.5:
                self.made += 1
                line = {**line, "id": f"n:e{self.made}", "time": self.now}
                self.alive[(line.get("retweet_of") or line["quote_of"])["id"]].append(line)
            self._put(line)
