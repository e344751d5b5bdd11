"""The ledger of carriers by brute force: lists of acts, children and closed cascades, summed over
what is left each time anew. See docs/carriers.md and oracle.py, whose cascades it watches.

Of an act that is taken back after more than KEPT acts came, expected children keep the weight.
"""
import math

SECOND = 1_000_000
HOUR, DAY = 3600 * SECOND, 86400 * SECOND
KEPT, PEOPLE_MIN, TRIES_MIN = 1024, 10, 5
LAMBDA = 6.8e-5 / SECOND
PRIOR = 3
UNIT = 1e9  # of scores


class Acts(set):
    """The acts of a cascade; the first KEPT of them also in order of arrival."""

    def __init__(self):
        super().__init__()
        self.kept, self.is_over = [], False
        self.later = None  # weights of those kept when it was full, and of all after them

    def add(self, event):
        if event not in self:
            super().add(event)
            if not self.is_over:
                self.kept.append(event)
            self.is_over = self.is_over or len(self.kept) == KEPT

    def discard(self, event):
        super().discard(event)
        if event in self.kept:
            self.kept.remove(event)


def weigh(event, followers, base):
    return max(followers, 1) * math.exp(LAMBDA * (event - base))


class Ledger:
    def __init__(self, oracle, half_life=100 * DAY):
        self.oracle, self.half_life = oracle, half_life
        self.cascades = []   # all that ever were
        self.settled = []    # [person, time, 1 if early, -ln q]
        self.estimates = []  # [person, time, expected children]

    def begin(self, cascade):
        self.cascades.append(cascade)
        cascade.acts, cascade.brought, cascade.first_child = Acts(), {}, {}

    def act(self, cascade):
        """The newest act of the cascade came: its weight counts for those behind the first."""
        acts = cascade.acts
        if acts.is_over and len(acts) > len(acts.kept):
            root, events, weights = self._weights(cascade)
            acts.later = acts.later or [weigh(root[0], root[1], root[0]) + sum(weights), 0.0]
            newest = max(acts, key=lambda event: event.number)
            acts.later[1] += 1 / acts.later[0]
            acts.later[0] += weigh(newest.time, self._followers(cascade, newest.author)[0], root[0])

    def came(self, cascade):
        """Children that are new count. The first of an act that had none is the one that arrived
        first of them."""
        new = [child for child in cascade.children if child not in cascade.brought]
        for child in sorted(new, key=lambda event: event.number):
            parent = cascade.brought[child] = cascade.children[child]
            cascade.first_child.setdefault(parent, child)

    def left(self, cascade, undone):
        """The act is taken back, and what it was as a child, as far as the parent is remembered."""
        def is_known(event):
            return self.oracle.events.get(event.id) is event

        parent = cascade.children.get(undone)
        if parent and is_known(parent):
            cascade.brought.pop(undone, None)
            others = [child for child, above in cascade.children.items()
                      if above is parent and child is not undone and is_known(child)]
            if cascade.first_child.get(parent) is undone:
                del cascade.first_child[parent]
                if others and parent in cascade.acts:
                    cascade.first_child[parent] = min(others, key=lambda event: event.number)
        if undone in cascade.first_child and is_known(cascade.first_child[undone]):
            del cascade.first_child[undone]

    def rename(self, old, new):
        for rows in (self.settled, self.estimates):
            for row in rows:
                row[0] = new if row[0] == old else row[0]
        for cascade in self.cascades:
            for event in [*cascade.acts, *cascade.brought, *cascade.brought.values()]:
                event.author = new if event.author == old else event.author

    # --- closed cascades ---

    def advance(self, clock):
        for post, cascade in self.oracle.cascades.items():
            if cascade.first is None or cascade.is_settled:
                continue
            born = self.oracle.known[post].time
            born = cascade.first if born is None else born
            due = min(cascade.last + 6 * HOUR, born + 7 * DAY)
            if due <= clock:
                cascade.is_settled = True
                self._settle(post, cascade, due)

    def _settle(self, post, cascade, time):
        acts, kept = cascade.acts, cascade.acts.kept
        if len(acts) < PEOPLE_MIN or not kept:
            return
        for event in kept:
            before = sum(other.time < event.time for other in kept)
            equal = sum(other.time == event.time for other in kept)
            self._rank(event.author, before + (equal + 1) / 2, len(acts), time)
        if len(acts) > len(kept):
            everybody = {a.event.author for a in cascade.surviving("size")}
            others = everybody - {event.author for event in kept} - {self.oracle.known[post].author}
            for person in others:
                self._rank(person, (len(kept) + 1 + len(acts)) / 2, len(acts), time)
        shape = cascade.tree
        is_seen = shape.counted and 2 * len(shape.observed) >= len(shape.counted)
        known = sum(self._followers(cascade, event.author)[1] for event in kept)
        if not is_seen and 2 * known >= len(kept):
            self._expect(cascade, time)

    def _rank(self, person, rank, people, time):
        q = (rank - 0.5) / people
        self.settled.append([person, time, q <= 0.16, -math.log(q)])

    def _followers(self, cascade, person):
        """Those at the first event, or the network's median; and whether they are known."""
        followers = cascade.followers.get(person, 0)
        user = self.oracle.users[person]
        if followers or user.followers is not None:
            return min(followers, 2**32 - 1), True
        return self.oracle.speed.median(self.oracle.network_of(cascade.post)) or 0, False

    def _weights(self, cascade):
        oracle, known = self.oracle, self.oracle.known[cascade.post]
        born = cascade.first if known.time is None else known.time
        author = oracle.users[known.author] if known.author else None
        if author and author.followers is not None:
            root = min(author.followers, 2**32 - 1)
        else:
            root = oracle.speed.median(oracle.network_of(cascade.post)) or 0
        events = cascade.acts.kept
        return (born, root), events, [
            weigh(event.time, self._followers(cascade, event.author)[0], born) for event in events]

    def _expect(self, cascade, time):
        (born, root), events, weights = self._weights(cascade)
        for i, event in enumerate(events):
            before = weigh(born, root, born) + sum(weights[:i + 1])
            inverse = []
            for weight in weights[i + 1:]:
                inverse.append(1 / before)
                before += weight
            later = cascade.acts.later[1] if cascade.acts.later else 0.0
            children = weights[i] * (sum(reversed(inverse)) + later)
            self.estimates.append([event.author, time, min(children, len(cascade.acts))])

    # --- asking ---

    def weight(self, time):
        return 2.0 ** (-(self.oracle.clock - time) / self.half_life)

    def people(self):
        """Person -> what is known, as of now."""
        rows = {}

        def row(person):
            return rows.setdefault(person, dict.fromkeys(
                ("acts", "people", "carried_acts", "tries", "early", "head", "estimated"), 0.0)
                | {"times": []})

        for cascade in self.cascades:
            for event in cascade.acts:
                row(event.author)["acts"] += self.weight(event.time)
                row(event.author)["times"].append(event.time)
            for child, parent in cascade.brought.items():
                row(parent.author)["people"] += self.weight(child.time)
                row(parent.author)["times"].append(child.time)
            for parent, child in cascade.first_child.items():
                row(parent.author)["carried_acts"] += self.weight(child.time)
        for person, time, is_early, head in self.settled:
            row(person)["tries"] += self.weight(time)
            row(person)["early"] += self.weight(time) * is_early
            row(person)["head"] += self.weight(time) * head
        for person, time, children in self.estimates:
            row(person)["estimated"] += self.weight(time) * children
        return rows

    def boards(self, rows, top):
        scores = {"carriers": {}, "early": {}, "carriers_estimated": {}}
        for person, row in rows.items():
            scores["carriers"][person] = row["people"]
            scores["carriers_estimated"][person] = row["estimated"]
            if row["tries"] >= TRIES_MIN:
                scores["early"][person] = head_start(row)
        return {name: sorted(((person, math.floor(score * UNIT + 0.5) / UNIT)
                              for person, score in entries.items() if score * UNIT >= 0.5),
                             key=lambda e: (-e[1], e[0].encode()))[:top]
                for name, entries in scores.items()}

    def hash(self, person, row):
        user = self.oracle.users[person]
        followers = user.followers
        if followers is None:
            followers = self.oracle.speed.median(self.oracle.network_of(person)) or 0
        rate = (row["people"] + 0.3) / (row["acts"] + 1.5)
        fields = {"acts": row["acts"], "people": row["people"],
                  "carried_acts": row["carried_acts"], "rate": rate,
                  "next": math.log(1 + min(followers, 2**32 - 1)) + 4 * rate}
        if row["tries"]:
            fields |= {"tries": row["tries"], "early": row["early"],
                       "head_start": head_start(row)}
        if row["estimated"]:
            fields["estimated"] = row["estimated"]
        return {name: repr(value) for name, value in fields.items()}


def head_start(row):
    return (row["head"] + PRIOR) / (row["tries"] + PRIOR)
