"""Campaigns by brute force: to which of them posts belong, and what is counted in each. See
docs/campaigns.md and oracle.py, whose events it watches.
"""
import re
from collections import defaultdict

KINDS = ("posts", "retweets", "quotes", "replies", "reach", "influence", "carried", "translated")
SUMMED = ("posts", "reach", "carried", "translated")


class Campaign:
    """words and rivals: plain words, or hashtags with a #; languages: of none or one of these;
    known: people whom one knows, by id, "@handle" or "network:@handle"."""

    def __init__(self, name, words, languages=(), rivals=(), known=()):
        self.name, self.words, self.languages, self.rivals = name, words, languages, rivals
        self.known = known

    def argument(self):
        lists = (self.words, self.languages, self.rivals, self.known)
        return "/".join([self.name, *map(",".join, lists)])


def has(words, text, tags):
    return any(word[1:] in tags if word[0] == "#" else
               re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in words)


class Campaigns:
    def __init__(self, oracle, campaigns):
        self.oracle, self.campaigns = oracle, campaigns
        self.places = defaultdict(set)  # id of a post -> names of its campaigns
        self.placed = set()             # ids of posts that were seen
        self.events = []                # (event, name)
        self.rivals = []                # (event, name)

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

    # --- asking ---

    def content(self):
        """(hashes, boards) of all campaigns."""
        hashes, boards = {}, {}
        for each in self.campaigns:
            hashes[each.name] = self._hash(each)
            boards |= self._boards(each.name)
        is_used = {name: any(float(value) for field, value in fields.items() if "share" not in field)
                   for name, fields in hashes.items()}
        return ({name: fields for name, fields in hashes.items() if is_used[name]},
                {name: entries for name, entries in boards.items() if entries})

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
