"""A stream in which more people take part in campaigns than are kept, so that people leave and come
again and events are left out; much is taken back, also of those who left. It is shorter than the time
after which a cascade closes.
"""
import json

from oracle import MINUTE

PEOPLE, POSTS, MINUTES = 700, 60, 330
TEXTS = ("so it begins", "some words", "#tea #x1", "words #tea", "nothing", "")


class CrowdedCampaigns:
    def __init__(self, rng, start_ms, length):
        self.rng, self.start = rng, start_ms * 1000
        self.lines, self.posts, self.acts, self.ids = [], [], [], []
        for number in range(length):
            self._line(number, self.start + number * MINUTES * MINUTE // length)

    def _person(self):
        # Some come again and again, most of the others once in a while.
        rng = self.rng
        number = rng.randrange(40) if rng.random() < 0.2 else rng.randrange(PEOPLE)
        person = {"id": f"n:u{number}"}
        if number % 9 == 1:
            person["handle"] = f"p{number}"
            if rng.random() < 0.3:
                person["id"] = f"n:@p{number}"
        return person | ({"followers": number % 31} if number % 4 else {})

    def _line(self, number, time):
        rng = self.rng
        late = rng.randrange(90) * MINUTE if rng.random() < 0.05 else 0
        line = {"id": f"n:e{number}", "time": max(time - late, self.start) // 1000,
                "author": self._person()}
        kind = rng.random()
        if self.ids and kind < 0.15:
            # Of all that ever was, or of late.
            an_id = rng.choice(self.ids if rng.random() < 0.5 else self.ids[-40:])
            self.lines.append(json.dumps(line | {"id": an_id, "deleted": True}))
            return
        if self.posts and kind < 0.7:
            self._reshare(line)
        else:
            line["text"] = rng.choice(TEXTS) + "".join(
                f" #h{rng.randrange(2000)}" for _ in range(rng.choice((0, 0, 1, 12))))
            line["lang"] = rng.choice(("en", "cs"))
            self.posts.append(({"id": line["id"], "author": line["author"]}, []))
        self.ids.append(line["id"])
        self.lines.append(json.dumps(line))

    def _reshare(self, line):
        rng = self.rng
        root, acts = rng.choice(self.posts[-POSTS:])
        if rng.random() < 0.3:
            line |= {"quote_of": root, "text": rng.choice(TEXTS), "lang": "en"}
            self.posts.append(({"id": line["id"], "author": line["author"]}, []))
        else:
            line["retweet_of"] = root
        if acts and rng.random() < 0.8:
            line["via"] = rng.choice(acts)
        elif rng.random() < 0.1:
            line["via"] = f"n:e{len(self.lines) + rng.randrange(1, 30)}"  # it may come yet
        acts.append(line["id"])
