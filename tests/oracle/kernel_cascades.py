"""A seeded stream of native lines: cascades that spread by a known law.

Everybody who reshares shows the post to n followers, each of whom reshares it with probability p
after a delay of SEISMIC's density (phi of pipeline/forecast/seismic.h). p differs from post to post
and falls with its age, by half in `half` hours, so that the factors of the forecast as shipped,
which were chosen for other cascades, are wrong here. e^root is the median of the authors' followers.
"""
import json
import math

BASE = 1772452800_000  # 2026-03-02T12:00:00Z in milliseconds
MINUTE, HOUR = 60_000, 3_600_000
C, S0, TH = 0.0006265725, 300.0, 0.2314843
LARGEST = 2000


def delay(share):
    """Seconds after which the share of reactions that is still to come is this."""
    if share >= 1 - C * S0:
        return (1 - share) / C
    return (share * TH / (C * S0 ** (1 + TH))) ** (-1 / TH)


class KernelCascades:
    def __init__(self, rng, count, every=4 * MINUTE, half=1.0, root=9.7):
        self.rng, self.half, self.root = rng, half, root
        self.events = []
        for number in range(count):
            self._cascade(number, BASE + number * every)
        end = max(time for time, _ in self.events) + 8 * 24 * HOUR
        self.events.sort(key=lambda event: event[0])
        self.events.append((end, {"id": "k:end", "time": end, "author": {"id": "k:clock"}}))
        self.lines = [json.dumps(line, separators=(",", ":")) for _, line in self.events]

    def _followers(self):
        return int(self.rng.lognormvariate(4.6, 1.2))

    def _poisson(self, mean):
        """Small means by Knuth's method, large ones by a normal variate."""
        if mean > 50:
            return max(0, round(self.rng.normalvariate(mean, math.sqrt(mean))))
        limit, count, product = math.exp(-mean), 0, self.rng.random()
        while product > limit:
            count += 1
            product *= self.rng.random()
        return count

    def _cascade(self, number, born):
        rng, root = self.rng, f"k:p{number}"
        followers = int(rng.lognormvariate(self.root, 0.8))
        p = min(rng.lognormvariate(-6, 0.4), 0.0045)
        author = {"id": f"k:a{number}", "followers": followers}
        self.events.append((born, {"id": root, "time": born, "author": author, "text": "tea"}))
        waiting, made = [(0.0, followers)], 0
        while waiting and made < LARGEST:
            time, followers = waiting.pop()
            for _ in range(self._poisson(p * followers)):
                at = time + delay(1 - rng.random())
                if rng.random() < 0.5 ** (at / 3600 / self.half) and at < 3 * 86400:
                    who = self._followers()
                    waiting.append((at, who))
                    made += 1
                    arrival = born + int(at * 1000)
                    self.events.append((arrival, {
                        "id": f"k:r{number}-{made}", "time": arrival,
                        "author": {"id": f"k:u{number}-{made}", "followers": who},
                        "retweet_of": {"id": root, "author": {"id": author["id"]}}}))
