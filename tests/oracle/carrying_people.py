"""A stream in which few people reshare many posts, so that they carry each other and are early or
late again and again: for the ledger of carriers. Cascades close between, and begin again.
"""
import json

from oracle import DAY, HOUR, MINUTE

PEOPLE, CASCADES, DAYS = 30, 50, 20


class CarryingPeople:
    def __init__(self, rng, start_ms):
        self.rng, self.start = rng, start_ms * 1000
        self.events = []
        for number in range(CASCADES):
            self._cascade(number)
        self.events.sort(key=lambda event: event[0])
        self.lines = [json.dumps(line) for _, line in self.events]

    def _person(self, net, number):
        known = {"id": f"{net}:u{number}"}
        if number % 5 or net == "masto":
            known["followers"] = (number * 37) % 31
        if number == 3 and self.rng.random() < 0.5:
            return {"id": f"{net}:@ann"}  # by handle alone, until the id is learnt
        return known | ({"handle": "Ann"} if number == 3 else {})

    def _cascade(self, number):
        rng, net = self.rng, self.rng.choice(("bsky", "bsky", "masto"))
        begin = self.start + rng.randrange(DAYS * DAY // MINUTE) * MINUTE
        author = rng.randrange(PEOPLE)
        root = {"id": f"{net}:p{number}", "author": self._person(net, author)}
        if rng.random() < 0.5:
            self._add(begin, root | {"text": "begin"})
        acts = []
        for person in rng.sample(range(PEOPLE), rng.choice((4, 12, 18, PEOPLE))):
            acts.append(self._act(net, root, person, begin, acts))
        for person in rng.sample(range(PEOPLE), 3):  # once more, in another way
            acts.append(self._act(net, root, person, begin, acts))
        for an_id in rng.sample(acts, len(acts) // 8):
            self._add(begin + rng.randrange(3 * HOUR), {
                "id": an_id, "author": {"id": f"{net}:u1"}, "deleted": True})
        if rng.random() < 0.3:
            self._act(net, root, rng.randrange(PEOPLE), begin + 2 * DAY, acts)

    def _act(self, net, root, person, begin, acts):
        rng = self.rng
        an_id = f"{root['id']}:{len(acts)}:{person}:{begin}"
        act = {"id": an_id, "author": self._person(net, person)}
        act["quote_of" if rng.random() < 0.2 else "retweet_of"] = root
        if net == "bsky" and acts and rng.random() < 0.8:
            act["via"] = rng.choice(acts)
        # By and large those of small numbers are early; some share a time.
        late = 0 if rng.random() < 0.05 else rng.randrange(10 + 3 * person)
        self._add(begin + late * MINUTE, act | ({"text": "so"} if "quote_of" in act else {}))
        return an_id

    def _add(self, time, line):
        self.events.append((time, line | {"time": time // 1000}))
