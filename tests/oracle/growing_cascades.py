"""A seeded stream of native lines with many reshares: for forecasts and the usual sizes of authors.

A few authors whose posts are reshared by some dozen people each, one after another for days, and
one post that 2300 people reshare within half a day, at changing speed; some undo it, some come
late, some by a quote only, and the followers of some are unknown.
"""
import json
import math

BASE = 1772452800_000  # 2026-03-02T12:00:00Z in milliseconds
MINUTE, HOUR = 60_000, 3_600_000
AUTHORS = 3
POSTS = 75
LARGE = 2300


class GrowingCascades:
    def __init__(self, rng):
        self.rng, self.made, self.events = rng, 0, []
        for number in range(POSTS):
            author, born = f"n:author{number % AUTHORS}", BASE + number * HOUR
            self._post(f"n:post{number}", author, born)
            count = max(3, int(rng.lognormvariate(2.2 + number % AUTHORS / 2, 0.8)))
            self._carry(f"n:post{number}", author,
                        [born + int(rng.expovariate(1) * HOUR) for _ in range(count)])
        born = BASE + 30 * HOUR
        self._post("n:large", "n:author0", born)
        times = [born + int(12 * HOUR * part ** 2 * (1 + 0.2 * math.sin(40 * part)) / 1.2)
                 for part in (rng.random() for _ in range(LARGE))]
        self._carry("n:large", "n:author0", times)
        self.events.sort(key=lambda event: event[0])
        self.lines = [json.dumps(line) for _, line in self.events]

    def _add(self, arrival, line):
        self.events.append((arrival, line))

    def _post(self, an_id, author, time):
        followers = self.rng.choice((None, 120, 5000)) if author == "n:author2" else 40_000
        user = {"id": author} if followers is None else {"id": author, "followers": followers}
        self._add(time, {"id": an_id, "time": time, "author": user, "text": "tea"})

    def _carry(self, root, author, times):
        rng = self.rng
        for time in times:
            self.made += 1
            user = {"id": f"n:u{self.made}"}
            if rng.random() < 0.9:
                user["followers"] = rng.choice((0, 2**32 - 1) if rng.random() < 0.001 else
                                               (int(rng.lognormvariate(5, 2)),))
            event = {"id": f"n:e{self.made}", "time": time, "author": user}
            way = "quote_of" if rng.random() < 0.1 else "retweet_of"
            event[way] = {"id": root, "author": {"id": author}}
            late = rng.randrange(20 * MINUTE) if rng.random() < 0.02 else 0
            self._add(time + late, event)
            if rng.random() < 0.05:
                gone = time + late + 1 + int(rng.expovariate(1) * HOUR)
                self._add(gone, {"id": event["id"], "time": gone, "author": {"id": user["id"]},
                                 "deleted": True})
