"""How well numbers about people's past find those through whom others come next."""
import bisect
import heapq
import json
import random

from common import OUT, ask, private_redis, replay

SEED, PEOPLE, CASCADES, DAYS = 11, 4000, 1200, 30
BASE = 1772452800_000  # 2026-03-02T12:00:00Z in milliseconds
MINUTE, DAY = 60_000, 86_400_000
SHARE = 0.6  # of the time is the past
CARRIES = 5  # people at least, later
TOP = 10_000  # members of a board: more than there are people


class Person:
    """How many see a reshare depends on the followers, how many follow it on a trait that is not
    shown."""

    def __init__(self, rng, number):
        self.id = f"g:u{number}"
        self.followers = int(rng.lognormvariate(5.5, 1.5))
        self.pull = min(0.95, self.followers ** 0.4 / 60 * rng.lognormvariate(0, 1.2))


def cascade(rng, people, weights, number, born):
    """Events of one post that spreads from person to person, earliest first."""
    root = f"g:p{number}"
    author = rng.choice(people)
    yield {"id": root, "time": born, "text": "tea",
           "author": {"id": author.id, "followers": author.followers}}
    seen, waiting, made = {author.id}, [(born, 0, author, None)], 0
    while waiting and made < 300:
        time, _, person, event = heapq.heappop(waiting)
        if event is not None:
            yield event
        for _ in range(sum(rng.random() < person.pull for _ in range(12 if event is None else 3))):
            other = people[bisect.bisect(weights, rng.random() * weights[-1])]
            if other.id in seen:
                continue
            seen.add(other.id)
            made += 1
            at = time + int(rng.lognormvariate(3.5, 1.2) * MINUTE)
            share = {"id": f"{root}-{made}", "time": at,
                     "author": {"id": other.id, "followers": other.followers},
                     "retweet_of": {"id": root, "author": {"id": author.id}}}
            if event is not None:
                share["via"] = event["id"]
            heapq.heappush(waiting, (at, made, other, share))


def generated():
    """Native lines, and the truth: who reshared when, through whom."""
    rng = random.Random(SEED)
    people = [Person(rng, number) for number in range(PEOPLE)]
    weights, total = [], 0.0
    for _ in people:
        total += rng.lognormvariate(0, 1)  # how active each is
        weights.append(total)
    events = []
    for number in range(CASCADES):
        events += cascade(rng, people, weights, number, BASE + rng.randrange(DAYS * DAY))
    events.sort(key=lambda event: event["time"])
    return events


def past_of(events):
    end = events[0]["time"] + SHARE * (events[-1]["time"] - events[0]["time"])
    return [event for event in events if event["time"] < end]


def carried_later(events, count):
    """How many people came through each person in the events from that number on, by the true
    parents."""
    by_id = {event["id"]: event["author"]["id"] for event in events}
    carried = {}
    for event in events[count:]:
        if "via" in event:
            carrier = by_id[event["via"]]
            carried[carrier] = carried.get(carrier, 0) + 1
    return carried


def auc(scores, labels):
    """The probability that one who is labelled has the greater score; equal ones count half."""
    ranked = sorted(zip(scores, labels))
    greater, negatives, i = 0.0, 0, 0
    while i < len(ranked):
        end = i
        while end < len(ranked) and ranked[end][0] == ranked[i][0]:
            end += 1
        positive = sum(label for _, label in ranked[i:end])
        negative = end - i - positive
        greater += positive * (negatives + negative / 2)
        negatives += negative
        i = end
    positives = sum(labels)
    return greater / (positives * negatives) if positives and negatives else float("nan")


def board(socket, name):
    words = ask(socket, "zrange", f"cascaded:top:{name}", "0", "-1", "withscores").split("\n")
    return {member: float(score) for member, score in zip(words[::2], words[1::2])}


def measure_carriers():
    events = generated()
    past = past_of(events)
    path = OUT / f"carriers-{SEED}.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in past), encoding="ascii")
    with private_redis() as socket:
        replay(socket, path, more=("-o", f"redis.top={TOP}", "-o", "windows=31d"))
        boards = {"through whom people came": board(socket, "carriers"),
                  "influence": board(socket, "influence:31d")}
    acts, followers = {}, {}
    for event in past:
        who = event["author"]
        followers[who["id"]] = who["followers"]
        acts[who["id"]] = acts.get(who["id"], 0) + ("retweet_of" in event)
    boards["number of acts"] = acts
    boards["followers"] = followers
    later = carried_later(events, len(past))
    people = sorted(person for person, count in acts.items() if count)
    labels = [later.get(person, 0) >= CARRIES for person in people]
    print(f"generated: {len(events):,} events of {CASCADES:,} posts in {DAYS} days with known parents; "
          f"of {len(people):,} people\nwho reshared in the first {SHARE:.0%} of the time, {sum(labels)} "
          f"carry at least {CARRIES} people later")
    print(f"{'ranked by':28}{'AUC':>6}{'later carried by the first 50':>32}")
    for name, scores in boards.items():
        found = [scores.get(person, 0.0) for person in people]
        first = sorted(people, key=lambda person: (-scores.get(person, 0.0), person))[:50]
        print(f"{name:28}{auc(found, labels):6.3f}"
              f"{sum(later.get(person, 0) for person in first):32,}")
