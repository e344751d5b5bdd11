"""Campaigns by brute force: to which of them posts belong, and what is counted in each. See
docs/campaigns.md and oracle.py, whose events it watches.
"""
import math
import re
from collections import Counter, defaultdict

KINDS = ("posts", "retweets", "quotes", "replies", "reach", "influence", "carried", "translated")
SUMMED = ("posts", "reach", "carried", "translated")
COUNTED = ("retweets", "quotes", "replies")
BINS, MINUTE = 256, 60_000_000
CLASSES = (("innovators", 25), ("early adopters", 160), ("early majority", 500),
           ("late majority", 840), ("laggards", 1000))


class Campaign:
    """words and rivals: plain words, or hashtags with a #; languages: of none or one of these;
    known: people whom one knows, by id, "@handle" or "network:@handle"; outreach: how many people
    to suggest."""

    def __init__(self, name, words, languages=(), rivals=(), known=(), outreach=50):
        self.name, self.words, self.languages, self.rivals = name, words, languages, rivals
        self.known, self.outreach = known, outreach

    def argument(self):
        lists = (self.words, self.languages, self.rivals, self.known)
        return "/".join([self.name, *map(",".join, lists), str(self.outreach)])


def sum_words(value):
    """A sum that fades, as people read it."""
    if value == 0 or value >= 0.95:
        return f"{math.floor(value + 0.5):,}"
    return f"{value:.1f}" if value >= 0.05 else "under 0.1"


def has(words, text, tags):
    return any(word[1:] in tags if word[0] == "#" else
               re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in words)


class Course:
    """Who joined when, and growth in bins; a pair is a campaign and a person."""

    def __init__(self, oracle):
        self.oracle = oracle
        self.pairs = {}              # pair -> [acts, time of the first]
        self.acts = defaultdict(list)  # name -> events, also those taken back
        self.start = {}              # name -> the start of the minute in which growth begins

    def act(self, name, event):
        self.acts[name].append(event)
        clock = self.oracle.clock
        is_late = event.time <= clock - self.oracle.events.longest
        self.start.setdefault(name, (clock if is_late else event.time) // MINUTE * MINUTE)
        pair = self.pairs.setdefault((name, event.author), [0, event.time])
        pair[0] += 1
        pair[1] = min(pair[1], event.time)

    def undo(self, name, event):
        pair = self.pairs[name, event.author]
        pair[0] -= 1
        if pair[0] == 0:
            del self.pairs[name, event.author]

    def merge(self, old, new):
        for name, person in list(self.pairs):
            if person == old:
                acts, first = self.pairs.pop((name, old))
                other = self.pairs.setdefault((name, new), [0, first])
                self.pairs[name, new] = [acts + other[0], min(first, other[1])]

    def joins(self, name):
        return sorted(first for (other, _), (_, first) in self.pairs.items() if other == name)

    def growth(self, name):
        """What is earlier than the start counts at the start."""
        if name not in self.start:
            return {}
        first, width, fields = self.start[name], MINUTE, Counter()
        while self.oracle.clock // width - first // width >= BINS:
            width *= 2
        joins = [max(time, first) for time in self.joins(name)]
        for event in self.acts[name]:
            if not event.is_undone:
                start = max(event.time, first) // width * width // 1_000_000
                fields[f"0:{start}"] += event.root is None
                fields[f"1:{start}"] += 1
        for time in joins:
            fields[f"2:{time // width * width // 1_000_000}"] += 1
        before = 0
        for what, per_mille in CLASSES:
            last = len(joins) * per_mille // 1000
            if last > before:
                start, end = joins[before] // width * width, (joins[last - 1] // width + 1) * width
                fields[f"{what}:{start // 1_000_000}-{end // 1_000_000}"] = last - before
            before = last
        return fields


class Campaigns:
    def __init__(self, oracle, campaigns):
        self.oracle, self.campaigns = oracle, campaigns
        self.places = defaultdict(set)  # id of a post -> names of its campaigns
        self.placed = set()             # ids of posts that were seen
        self.events = []                # (event, name)
        self.rivals = []                # (event, name)
        self.names_of = defaultdict(set)  # event -> names
        self.course = Course(oracle)

    def refer(self, post, quoted):
        """A message shows that a post quotes another one. What is not seen yet is decided so."""
        if post not in self.placed:
            self.places[post] |= self.places[quoted]

    def publish(self, event, text, lang, tags, answered):
        """A published post was counted; answered: ids of the posts that it quotes or answers."""
        text = text.lower()
        spoken = [each for each in self.campaigns if not each.languages or lang in each.languages]
        belongs = {each.name for each in spoken if has(each.words, text, tags)}
        self.rivals += [(event, each.name) for each in spoken if has(each.rivals, text, tags)]
        belongs |= {name for post in answered for name in self.places[post]}
        self.places[event.id] |= belongs
        self.placed.add(event.id)
        self._take_part(event, belongs)

    def retweet(self, event):
        """A retweet was counted."""
        self._take_part(event, self.places[event.reshared])

    def _take_part(self, event, names):
        self.events += [(event, name) for name in names]
        self.names_of[event] |= names
        for name in names:
            self.course.act(name, event)
            if self.course.pairs[name, event.author][0] == 1:
                self.oracle.newcomers.judge(name, event.author)

    def undo(self, event):
        """The event is about to be taken back."""
        for name in self.names_of[event] if not event.is_undone else ():
            self.course.undo(name, event)

    def changed(self, person):
        """The person has another handle, or other followers."""
        longest = self.oracle.events.longest
        for each in self.campaigns:
            if (each.name, person) in self.course.pairs and all(
                    self.oracle.covers(longest, event.time) for event, name in self.events
                    if name == each.name and event.author == person and not event.is_undone):
                self.oracle.newcomers.judge(each.name, person)

    def merge(self, old, new):
        self.course.merge(old, new)
        self.oracle.newcomers.merge(old, new)

    # --- asking ---

    def content(self):
        """(hashes, boards) of all campaigns."""
        hashes, boards = {}, {}
        for each in self.campaigns:
            hashes[each.name] = self._hash(each)
            boards |= self._boards(each.name)
            boards |= self._outreach(each)
        is_used = {name: any(float(value) for field, value in fields.items() if "share" not in field)
                   for name, fields in hashes.items()}
        return ({name: fields for name, fields in hashes.items() if is_used[name]},
                {name: entries for name, entries in boards.items() if entries})

    def courses(self):
        return {each.name: self._course(each.name) for each in self.campaigns}

    def _course(self, name):
        fields = {}
        rivals = [event for event, other in self.rivals if other == name]
        entries = [entry for event, other in self.events if other == name for entry in event.amounts]
        for window, span in self.oracle.windows.items():
            for period in ("now", "before"):
                row = Counter(entry.what for entry in self._within(entries, span, period)
                              if entry.what in COUNTED and not isinstance(entry.key, str))
                for entry in self._within(entries, span, period):
                    if entry.what in SUMMED and isinstance(entry.key, str):
                        row[entry.what] += entry.amount
                row["rival_posts"] = len(self._within(rivals, span, period))
                row["joined"] = sum(self._is_in(time, span, period) for time in self.course.joins(name))
                if row["posts"]:
                    row["share"] = row["posts"] / (row["posts"] + row["rival_posts"])
                fields |= {f"{period}:{what}:{window}": value for what, value in row.items()}
        fields |= self.course.growth(name)
        return {field: f"{value:.17g}" for field, value in fields.items() if value}

    def _is_in(self, time, span, period):
        step = span // 60
        last = self.oracle.clock // step - (60 if period == "before" else 0)
        return last - 60 < time // step <= last

    def _within(self, counted, span, period):
        """What came while a window contained it, and is in the window or the one before it."""
        return [each for each in counted if not each.is_undone and not each.is_late
                and self._is_in(each.time, span, period)]

    def _carried(self, campaign):
        """Person -> sums of what they carried within the campaign."""
        weight = self.oracle.ledger.weight
        mine = {event for event, name in self.events if name == campaign.name}
        rows = {event.author: {"acts": 0.0, "people": 0.0, "carried": 0.0}
                for event in mine if not event.is_undone}
        for cascade in self.oracle.ledger.cascades:
            for event in mine & cascade.acts:
                if event.author in rows:
                    rows[event.author]["acts"] += weight(event.time)
            carried = set()
            for child, parent in cascade.brought.items():
                if child in mine and parent in mine and parent.author in rows:
                    rows[parent.author]["people"] += weight(child.time)
                    carried.add(parent)
            for act in carried & cascade.acts:
                rows[act.author]["carried"] += weight(act.time)
        return rows

    def _ranked(self, campaign):
        """(people, next, person) of everybody with a public act, first ones first."""
        ranked = []
        for person, row in self._carried(campaign).items():
            followers = self.oracle.users[person].followers
            if followers is None:
                followers = self.oracle.speed.median(self.oracle.network_of(person)) or 0
            row["rate"] = (row["people"] + 0.3) / (row["acts"] + 1.5)
            row["next"] = math.log(1 + min(followers, 2**32 - 1)) + 4 * row["rate"]
            ranked.append((person, row))
        return sorted(ranked, key=lambda e: (-math.floor(e[1]["people"] * 1e6 + 0.5),
                                             -math.floor(e[1]["next"] * 1e3 + 0.5),
                                             e[0].encode()))[:campaign.outreach]

    def _outreach(self, campaign):
        return {f"{campaign.name}:outreach": [
            (person, math.floor(row["people"] * 1e6 + 0.5) / 1e6)
            for person, row in self._ranked(campaign)]}

    def people(self):
        """The hashes of those on the outreach lists."""
        hashes = {}
        for campaign in self.campaigns:
            for person, row in self._ranked(campaign):
                fields = {name: repr(value) for name, value in row.items() if name != "carried"}
                people, carried, acts = (sum_words(row[name]) for name in ("people", "carried", "acts"))
                older = " (older ones count less)" if row["acts"] else ""
                whom = "person" if people == "1" else "people"
                fields["why"] = (f"observed: {people} {whom} came through {carried} of {acts} "
                                 f"reshares in the campaign{older}")
                fields["known"] = str(int(self._is_known(campaign, person)))
                followers = self.oracle.users[person].followers
                if followers is not None:
                    fields["followers"] = str(min(followers, 2**32 - 1))
                hashes[f"{campaign.name}:outreach:{person}"] = fields
        return hashes

    def _in(self, pairs, name, span):
        """Those that count in the campaign and the window."""
        return [event for event, other in pairs if other == name and not event.is_undone
                and self.oracle.covers(span, event.time)]

    def _amounts(self, name, span):
        """Of people and hashtags; a child is one at its own time, with its own event."""
        return [entry for event in self._in(self.events, name, span) for entry in event.amounts
                if not entry.is_undone]

    def _is_known(self, campaign, person):
        handle, fold = self.oracle.users[person].handle, self.oracle.fold
        forms = {person}
        if handle:
            forms |= {f"@{fold(handle)}", f"{self.oracle.network_of(person)}:@{fold(handle)}"}
        return any((account if "@" not in account else fold(account)) in forms
                   for account in campaign.known)

    def _hash(self, campaign):
        name, fields = campaign.name, {}
        for window, span in self.oracle.windows.items():
            events = self._in(self.events, name, span)
            amounts = self._amounts(name, span)
            of_people = [entry for entry in amounts if isinstance(entry.key, str)]
            of_posts = [entry for entry in amounts if not isinstance(entry.key, str)]
            row = {kind: sum(entry.amount for entry in of_people if entry.what == kind)
                   for kind in SUMMED}
            row |= {kind: len([entry for entry in of_posts if entry.what == kind])
                    for kind in ("retweets", "quotes", "replies")}
            people = {event.author for event in events}
            before = {event.author for event, other in self.events if other == name
                      and not event.is_undone and not self.oracle.covers(span, event.time)}
            row |= {"people": len(people), "new_people": len(people - before),
                    "known_people": sum(self._is_known(campaign, person) for person in people),
                    "cascades": len(self._reshares(name, span)),
                    "rival_posts": len(self._in(self.rivals, name, span))}
            if row["posts"] + row["rival_posts"]:
                share = row["posts"] / (row["posts"] + row["rival_posts"])
                row["share"] = f"{int(share * 10000 + 0.5) / 10000:.10g}"
            fields |= {f"{field}:{window}": str(value) for field, value in row.items()}
        return fields

    def _reshares(self, name, span):
        """Post -> how often it was reshared; not of posts that are deleted."""
        counts = defaultdict(int)
        shown = self.oracle.shown()
        for entry in self._amounts(name, span):
            if entry.what in ("retweets", "quotes") and not isinstance(entry.key, str) and (
                    shown.get(entry.key.post) is entry.key):
                counts[self.oracle.names[entry.key.post]] += 1
        return counts

    def _boards(self, name):
        boards = {}
        for window, span in self.oracle.windows.items():
            values = defaultdict(lambda: defaultdict(int))
            for entry in self._amounts(name, span):
                if isinstance(entry.key, str) and entry.what in (*KINDS, "hashtags"):
                    values[entry.what][entry.key] += entry.amount
            values["cascades"] = self._reshares(name, span)
            for what, scores in values.items():
                entries = [(key, score) for key, score in scores.items() if score]
                boards[f"{name}:top:{what}:{window}"] = sorted(
                    entries, key=lambda e: (-e[1], e[0].encode()))[:self.oracle.top]
        return boards
