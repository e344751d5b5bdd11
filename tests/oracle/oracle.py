#!/usr/bin/python3
"""What Redis must hold after a stream of native `post` lines, computed by brute force. Lines of
Jetstream about an account (kind `identity` and `account`), pages of the X API v2 and arrays of
messages may stand between them, and several of all these in one line.

Every event keeps the list of amounts it added; a deletion strikes them out; whatever is asked
for is summed over what is left, each time anew. Nothing here is fast and nothing is clever:
windows, boards, cascades and profiles follow the documents word by word, so that a difference
to the daemon is a mistake in one of the two.

    oracle.py [-w 5m,1h,24h] [-n TOP] [-d DEDUPE] [--wall MS] [--users-from N]
              [--cascades-from N] FILE                               prints it all as JSON
"""
import argparse
import datetime
import itertools
import json
import math
import re
import sys
import unicodedata
from collections import defaultdict

from campaigns import Campaigns
from ledger import Ledger
from newcomers import Newcomers
from speed import Speed

METRICS = ("posts", "mentions", "retweets", "quotes", "replies", "reach", "influence", "carried",
           "translated")
LASTING = ("carriers", "early", "carriers_estimated")  # boards without a window
SUMMED = ("mentions", "retweets", "quotes", "replies", "carried")  # for redis.users_from
STEPS = 60
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
UNITS = {"ms": 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
YEAR_2006 = 1136073600 * SECOND
CLOSED_AFTER, CLOSED_AGE = 6 * HOUR, 7 * DAY
ANCESTORS_MAX = 100
WAIT_FOR_PARENT = 10 * MINUTE
ABOVE_MAX = 8
NAMED_MAX = 500  # people, and hashtags, of one post: the first that it lists
ROOT = None
GONE = ("deleted", "takendown", "suspended")  # what became of an account

TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:?\d\d)$")
MENTION = re.compile(r"(?<![\w!#$%&*@＠])[@＠]([A-Za-z0-9_]{1,20})(?![\w@＠])")
HASHTAG = re.compile(r"(?<![\w&])[#＃](\w*[^\W\d_]\w*)")


def span_of(text):
    """A duration such as 90s in microseconds."""
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text).groups()
    return int(number) * UNITS[unit]


def time_of(value):
    """Microseconds since 1970 of a native `time`."""
    if isinstance(value, int):
        return value * 1000
    day, clock, fraction, zone = TIME.match(value).groups()
    zone = "+0000" if zone in "Zz" else zone.replace(":", "")
    stamp = datetime.datetime.strptime(f"{day} {clock} {zone}", "%Y-%m-%d %H:%M:%S %z")
    seconds = (stamp - EPOCH) // datetime.timedelta(seconds=1)
    return seconds * SECOND + int((fraction or "").ljust(6, "0")[:6])


def fold(text):
    """What hashtags and handles are compared by."""
    return lower(unicodedata.normalize("NFC", text)).replace("ς", "σ")


def lower(text):
    """Unicode's simple lower case: one character gives one character."""
    return "".join("i" if c == "İ" else c.lower() for c in text)


def handle_in(an_id):
    """The handle of somebody known by handle only ("x:@ann"), else None."""
    found = re.fullmatch(r"[^:]+:@(.+)", an_id or "", re.S)
    return found and found[1]


def network_of(an_id):
    return an_id.split(":", 1)[0] if ":" in an_id else "post"


class Amount:
    """One counted amount: `amount` of `what` for `key` (a user id, a hashtag, a Cascade)."""

    def __init__(self, event, what, key, amount):
        self.event, self.what, self.key, self.amount = event, what, key, amount
        self.time, self.is_undone, self.is_late = event.time, False, False


class Event:
    """A post or retweet that came in, and what it added."""

    def __init__(self, an_id, author, time, root, via):
        self.id, self.author, self.time, self.root, self.via = an_id, author, time, root, via
        self.reshared = None  # the post that it retweets or quotes
        self.amounts, self.is_undone, self.number = [], False, 0
        self.is_late = False  # no window contained it when it came


class Memory:
    """The newest events by id, and of those before the retweets whose networks undo them with
    nothing but the id, as long as the longest window."""

    def __init__(self, capacity, longest):
        self.capacity, self.longest = capacity, longest
        self.newest, self.lasting, self.horizon = {}, {}, 0

    def advance(self, clock):
        self.horizon = clock - self.longest

    def add(self, event):
        self.newest[event.id] = event
        if len(self.newest) > self.capacity:
            old = self.newest.pop(next(iter(self.newest)))
            is_named = network_of(old.id) in ("bsky", "masto")
            if old.root and is_named and not old.is_undone and old.time >= self.horizon:
                self.lasting[old.id] = old

    def get(self, an_id):
        old = self.lasting.get(an_id)
        return self.newest.get(an_id) or (old if old and old.time >= self.horizon else None)


class Post:
    """What is known of a post from its own message or from embedded objects."""

    def __init__(self):
        self.author = self.quote = self.time = self.text = self.lang = None
        self.is_deleted = False


class User:
    """A profile: the latest message that gave a value wins."""

    def __init__(self):
        self.handle = self.followers = None
        self.last_seen = 0


class Tree:
    """Who got a post from whom: the retweets and quotes below it that are not undone.

    Nodes are events, not ids: one that comes again after its id was forgotten counts again.
    """

    def __init__(self):
        self.parent = {}       # Event -> the one above it or ROOT
        self.counted = set()   # the others are only kept for the paths through them
        self.observed = set()  # whose parent is known
        self.waits = {}        # Event -> (parent's id, its substitute's, since, is_direct)

    def add(self, event, parent, is_observed):
        self.parent[event] = parent
        self.counted.add(event)
        if is_observed:
            self.observed.add(event)
        for waiting, (awaited, *_) in list(self.waits.items()):
            if awaited == event.id and waiting in self.waits:
                del self.waits[waiting]
                self.add(waiting, event, True)

    def remove(self, event):
        self.waits.pop(event, None)
        self.counted.discard(event)
        self.observed.discard(event)
        while idle := self.parent.keys() - self.counted - set(self.parent.values()):
            for each in idle:
                del self.parent[each]

    def waits_for(self, event, other):
        """True if the first waits for the other, itself or through others that wait."""
        awaited = {waiting.id: parent for waiting, (parent, *_) in self.waits.items()}
        at, seen = event.id, set()
        while at in awaited and at not in seen:
            seen.add(at)
            at = awaited[at]
            if at == other.id:
                return True
        return False

    def _distances(self, start):
        """From that node to every counted one, through whatever lies between."""
        beside = defaultdict(list)
        for child, parent in self.parent.items():
            beside[child].append(parent)
            beside[parent].append(child)
        distance, queue = {start: 0}, [start]
        for at in queue:
            for other in beside[at]:
                if other not in distance:
                    distance[other] = distance[at] + 1
                    queue.append(other)
        return [distance[node] for node in self.counted]

    def shape(self):
        """The tree's fields in the cascade's hash."""
        if not self.counted:
            return {}
        share = len(self.observed) / len(self.counted)
        if share < 0.5:
            return {"observed_share": share}
        depths, nodes = self._distances(ROOT), len(self.counted) + 1
        between = 2 * sum(depths) + sum(sum(self._distances(node)) for node in self.counted)
        return {"observed_share": share, "depth": max(depths),
                "breadth": max(depths.count(depth) for depth in depths),
                "virality": between / (nodes * (nodes - 1))}

class Cascade:
    """The memory of who carried a post; it ends with the cascade."""

    def __init__(self, post, number):
        self.post = post
        self.number = number    # in which order posts got one
        self.amounts = []
        self.retweeted_by = {}  # person -> the Event that counted, of each name one
        self.reach_by = {}      # person -> the Event that gave the author reach, as well
        self.followers = {}     # person -> followers at the first counted event
        self.first = self.last = None
        self.peak = 0
        self.tree = Tree()
        self.acts = None    # Events: of each person the first (ledger.py)
        self.is_settled = False  # was closed once
        self.children = {}  # Event of an act -> the Event of the act it came through
        self.reshares = []  # (ms, Amount, followers), see speed.py
        self.pulse = None

    def surviving(self, *what):
        return [a for a in self.amounts if not a.is_undone and a.what in what]


def native_of(tweet, included=()):
    """A post of the X API v2 as a native line; `original`: of an edit, the first version."""
    post = {"time": tweet["created_at"], "text": tweet["text"], **known_of(tweet)}
    shown = {other["id"]: known_of(other) for other in included}
    for ref in tweet.get("referenced_tweets", []):
        name = {"retweeted": "retweet_of", "quoted": "quote_of"}[ref["type"]]
        post[name] = {"id": "x:" + ref["id"], **shown.get(ref["id"], {})}
    return post


def known_of(tweet):
    """Its id, author and first version, if that is another one."""
    first = tweet.get("edit_history_tweet_ids", [tweet["id"]])[0]
    return {"id": "x:" + tweet["id"], "author": {"id": "x:" + tweet["author_id"]},
            "original": "x:" + first if first != tweet["id"] else None}


def documents_of(line):
    """The JSON documents of one line, one behind the other, perhaps with commas between them, up to
    one that is broken."""
    at = 0
    while True:
        while at < len(line) and line[at] in " \t\r\n,":
            at += 1
        try:
            document, at = json.JSONDecoder().raw_decode(line, at)
        except ValueError:
            return
        yield document


def elements_of(message):
    """The elements of an array, and of arrays within it; a message alone is its own element."""
    if not isinstance(message, list):
        yield message
        return
    for each in message:
        yield from elements_of(each)


def messages_of(document):
    """The messages of one document: the elements of an array, the posts of a page of the X API
    v2."""
    for each in elements_of(document):
        data = each.get("data") if isinstance(each, dict) else None
        if isinstance(data, (dict, list)):
            included = each.get("includes", {}).get("tweets", [])
            yield from ({"x2": tweet, "included": included}
                        for tweet in (data if isinstance(data, list) else [data]))
        else:
            yield each


def in_order(events):
    """What one document holds in the order in which it counts: each run of posts by time, whatever
    the order they are in. A run whose first post is later than its last comes newest first, so
    that of posts of the same time the last is the oldest."""
    out = []
    for is_post, run in itertools.groupby(events, key=lambda event: event["kind"] == "post"):
        run = list(run)
        if is_post and run[0]["time"] > run[-1]["time"]:
            run.reverse()
        out += sorted(run, key=lambda event: event["time"]) if is_post else run
    return out


class Oracle:
    def __init__(self, windows=("5m", "1h", "24h"), top=1000, dedupe=1_000_000, wall_ms=None,
                 users_from=2, cascades_from=2, campaigns=(), newcomers=()):
        self.windows = {name: span_of(name) for name in windows}
        self.top = top
        self.users_from, self.cascades_from = users_from, cascades_from
        self.wall = wall_ms * 1000 if wall_ms is not None else None
        self.clock = self.posts = self.interactions = self.duplicates = self.arrived = 0
        self.events = Memory(dedupe, max(self.windows.values()))
        self.amounts = []
        self.known = defaultdict(Post)
        self.users = defaultdict(User)
        self.versions = {}  # id of a version of a post -> id of the one that counts
        self.names = {}  # id of a post -> the id of a version by which its cascade is shown
        self.claims = {}  # "<net>:<handle in lower case>" -> user id
        self.cascades = {}
        self.waiting = {}  # cascades in which something waits for its parent; a set with an order
        self.speed = Speed(self)
        self.ledger = Ledger(self)
        self.campaigns = Campaigns(self, campaigns)
        self.newcomers = Newcomers(self, newcomers)
        self.network_of, self.fold = network_of, fold

    # --- reading ---

    def feed(self, line):
        """Reads one line; a message that cannot be used changes nothing."""
        for document in documents_of(line):
            self._feed_document(document)

    def _feed_document(self, document):
        messages = messages_of(document)
        for event in in_order([event for event in map(self._read, messages) if event]):
            if event["kind"] == "account":
                self._amend(event["message"])
            elif event["kind"] == "deletion":
                self._delete(event["id"])
            else:
                self._take(event["post"], event["author"], event["time"], event["refs"])

    @staticmethod
    def _read(post):
        """What a message says; None if it cannot be used."""
        try:
            if post.get("kind") in ("identity", "account"):
                is_news = "identity" in post or post["account"].get("status") in GONE
                return {"kind": "account", "message": post} if is_news else None
            if "x2" in post:
                post = native_of(post["x2"], post["included"])
            author, time = post["author"]["id"], time_of(post["time"])
            refs = {name: post.get(name) for name in ("retweet_of", "quote_of", "reply_to")}
            named = [ref["id"] for ref in refs.values() if ref is not None]
            if post["id"] in [*named, post.get("via")]:
                return None
            if not isinstance(post.get("via"), str):
                post = {**post, "via": None}
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        if post.get("deleted"):
            return {"kind": "deletion", "id": post["id"]}
        return {"kind": "post", "post": post, "author": author, "time": time, "refs": refs}

    def _take(self, post, author, time, refs):
        for shown in (post, *refs.values()):
            self._learn_versions(shown)
        post = {**post, "id": self._counted(post["id"])}
        if self.events.get(post["id"]):
            self.duplicates += 1
            return
        if time < YEAR_2006 or (self.wall is not None and time > self.wall + MINUTE):
            time = self.clock
        self.speed.advance(max(self.clock, time))
        self.ledger.advance(max(self.clock, time))
        self.clock = max(self.clock, time)
        self.newcomers.is_undated |= time == 0
        self.events.advance(self.clock)
        self._end_waits()
        refs = {name: self._counted_ref(ref) for name, ref in refs.items()}
        is_repeat, post, refs = self._meet(post, refs, time)
        root, author = refs["retweet_of"], post["author"]["id"]
        via = post.get("via") and self._counted(post["via"])
        event = Event(post["id"], author, time, root and root["id"], via)
        event.reshared = (root or refs["quote_of"] or {}).get("id")
        event.number = self.arrived = self.arrived + 1
        event.is_late = not self.covers(self.events.longest, time)
        self.events.add(event)
        if is_repeat:
            self.duplicates += 1
            return
        self.posts += 1
        mentions = [] if root else [self._named(user) for user in self._mentions(post)]
        for user in mentions:
            self._see_user(user, time)
        for ref in refs.values():
            self._see_ref(ref, time)
        if root:
            if self._carry(event, root, "retweets"):
                self.campaigns.retweet(event)
        else:
            self._publish(event, post, refs, {user["id"] for user in mentions})
        self.ledger.advance(self.clock)

    # --- versions of a post ---

    def _counted(self, an_id):
        return self.versions.get(an_id, an_id)

    def _learn_versions(self, post):
        """The ids that a message names for one post: that of the version that came first, by its
        own message or in a reference, stands for all."""
        while post:
            original, an_id = post.get("original"), post["id"]
            if original:
                is_seen = self.events.get(original) or original in self.known
                counted = self.versions.get(original) or self.versions.get(an_id) or (
                    original if is_seen else an_id)
                self.versions |= {version: counted for version in (original, an_id)
                                  if version != counted}
            post = post.get("quote_of")

    def _counted_ref(self, ref):
        """The reference to the version that counts; its cascade is shown by that id if the message
        names it, else by the id that the reference has."""
        if not ref:
            return ref
        counted = self._counted(ref["id"])
        if counted not in self.names and ref["id"] in self.names:
            counted = ref["id"]  # only this version has a cascade: it goes on
        return {**ref, "id": counted, "quote_of": self._counted_ref(ref.get("quote_of")),
                "name": counted if counted == ref.get("original") else ref["id"]}

    # --- people ---

    def _meet(self, post, refs, time):
        """Whether it is a second retweet, and the post and its references with ids for those it
        names by handle alone: of who holds the handle, also if only this message shows that."""
        shown = [post["author"], *([] if refs["retweet_of"] else self._mentions(post))]
        for ref in refs.values():
            while ref:
                shown += [ref["author"]] if ref.get("author") else []
                ref = ref.get("quote_of")
        root = refs["retweet_of"]
        for is_last in (False, True):
            named = {**post, "author": self._named(post["author"], None if root else post["id"])}
            named_refs = {name: self._named_ref(ref) for name, ref in refs.items()}
            if is_last:
                self._see_user(named["author"], time)
            author = named["author"]["id"]
            if root and author in self._cascade(root["id"]).retweeted_by:
                return True, named, named_refs
            if is_last:
                break
            for user in shown:
                if user.get("handle") and not handle_in(user["id"]):
                    self._claim(user["id"], self.users[user["id"]], user["handle"])
            own = None if root else {"id": post["id"], "author": post["author"]}
            for ref in (own, *refs.values()):
                self._compare_authors(ref)
        return False, named, named_refs

    def _known_author(self, post_id):
        return self.known[post_id].author if post_id in self.known else None

    def _compare_authors(self, ref):
        """A post has one author: whom it names by handle alone and whom by id are one person."""
        if not ref:
            return
        known = self._known_author(ref["id"])
        named = (ref.get("author") or {}).get("id")
        if known and named and bool(handle_in(known)) != bool(handle_in(named)):
            if handle_in(known):
                self._vouch(named, known, self.users[known].handle)
            else:
                given, own = ref["author"].get("handle") or "", fold(handle_in(named))
                self._vouch(known, named, given if fold(given) == own else own)
        self._compare_authors(ref.get("quote_of"))

    def _vouch(self, user_id, alone, handle):
        """The handle was that person's. It may be old: what is known otherwise goes before."""
        net, user = network_of(user_id), self.users[user_id]
        holder = self.claims.get(f"{net}:{fold(handle)}")
        if net == network_of(alone) and not user.handle and (not holder or handle_in(holder)):
            self._claim(user_id, user, handle)

    def _named(self, user, post_id=None):
        """The user with the id of whoever is meant; post_id: of a post that is theirs."""
        handle = handle_in(user["id"])
        if not handle:
            return user
        author = self._known_author(post_id)
        if author and not handle_in(author):
            return {**user, "id": author, "handle": None}
        net = network_of(user["id"])
        own = f"{net}:@{fold(handle)}"
        holder = self.claims.get(f"{net}:{fold(handle)}", own)
        if holder != own:
            return {**user, "id": holder, "handle": None}
        given = user.get("handle") or ""
        is_same = fold(given) == fold(handle)
        return {**user, "id": own, "handle": given if is_same else fold(handle)}

    def _named_ref(self, ref):
        if not ref:
            return ref
        named = {**ref, "quote_of": self._named_ref(ref.get("quote_of"))}
        if ref.get("author"):
            named["author"] = self._named(ref["author"], ref["id"])
        return named

    def _merge(self, old, new):
        """Somebody known by handle only has an id now: what was counted moves over."""
        before, user = self.users.pop(old), self.users[new]
        if user.followers is None:
            user.followers = before.followers
        user.last_seen = max(user.last_seen, before.last_seen)
        everything = self.amounts + [a for c in self.cascades.values() for a in c.amounts]
        for cascade in self.cascades.values():
            people = {a.event.author for a in cascade.surviving("size")}
            if old in people and new not in people:
                cascade.followers[new] = cascade.followers[old]
            for memory in (cascade.retweeted_by, cascade.reach_by):
                if old in memory:
                    memory[new] = memory.get(new, []) + memory.pop(old)
        for event in [a.event for a in everything] + [*self.events.newest.values(),
                                                      *self.events.lasting.values()]:
            event.author = new if event.author == old else event.author
        for entry in self.amounts:
            entry.key = new if entry.key == old and entry.what != "hashtags" else entry.key
        for post in self.known.values():
            post.author = new if post.author == old else post.author
        self.speed.merge(old, new)
        self.ledger.rename(old, new)
        self.campaigns.merge(old, new)

    def _see_user(self, user, time):
        seen = self.users[user["id"]]
        seen.last_seen = max(seen.last_seen, time)
        if user.get("handle"):
            self._claim(user["id"], seen, user["handle"])
        if user.get("followers") is not None and user["followers"] != seen.followers:
            seen.followers = user["followers"]
            self.campaigns.changed(user["id"])

    def _claim(self, user_id, user, handle):
        net = network_of(user_id)
        old = user.handle and f"{net}:{fold(user.handle)}"
        new = f"{net}:{fold(handle)}"
        if old != new and self.claims.get(old) == user_id:
            del self.claims[old]
        is_other, user.handle = handle != user.handle, handle
        holder = self.claims.get(new)
        if not handle_in(user_id) or not holder:
            self.claims[new] = user_id
            if handle_in(holder) and holder != user_id:
                self._merge(holder, user_id)
        if is_other:
            self.campaigns.changed(user_id)

    def _see_ref(self, ref, time):
        if not ref:
            return
        post = self.known[ref["id"]]  # from now on a deletion hides it
        self.names.setdefault(ref["id"], ref["name"])
        if ref.get("author"):
            post.author = ref["author"]["id"]
            self._see_user(ref["author"], time)
        if ref.get("time") and post.time is None and time_of(ref["time"]) >= YEAR_2006:
            post.time = min(time_of(ref["time"]), time)  # no post is later than what points at it
        if ref.get("quote_of"):
            post.quote = post.quote or ref["quote_of"]["id"]
            self._see_ref(ref["quote_of"], time)
            self.campaigns.refer(ref["id"], ref["quote_of"]["id"])

    def _author_of(self, ref):
        return ref["author"]["id"] if ref.get("author") else self.known[ref["id"]].author

    # --- counting ---

    def _add(self, event, what, key, amount=1):
        entry = Amount(event, what, key, amount)
        entry.is_late = not self.covers(self.events.longest, event.time)
        event.amounts.append(entry)
        (key if isinstance(key, Cascade) else self).amounts.append(entry)

    def _publish(self, event, post, refs, named):
        if event.id in self.cascades:
            self._cascade(event.id)  # one that had closed before it was dated stays so
        own = self.known[event.id]
        if not own.author or handle_in(own.author) or not handle_in(event.author):
            own.author = event.author  # else a post that it quotes has the id of its author
        own.time = event.time
        own.text, own.lang = post.get("text"), post.get("lang")
        own.quote = own.quote or (refs["quote_of"] and refs["quote_of"]["id"])
        self._add(event, "posts", event.author)
        for user_id in sorted(named - {event.author}):
            self._add(event, "mentions", user_id)
            self.interactions += 1
        text = post.get("text") or ""
        tags = post.get("hashtags", HASHTAG.findall(text))[:NAMED_MAX]
        tags = {fold(tag) for tag in tags}
        for tag in sorted(tags):
            self._add(event, "hashtags", tag)
        if refs["quote_of"]:
            self._carry(event, refs["quote_of"], "quotes")
        if refs["reply_to"]:
            self._reply(event, refs["reply_to"])
        answered = [ref["id"] for ref in (refs["quote_of"], refs["reply_to"]) if ref]
        self.campaigns.publish(event, text, post.get("lang"), tags, answered)

    def _mentions(self, post):
        found = MENTION.findall(post.get("text") or "")
        net = network_of(post["author"]["id"])
        for user in post.get("mentions", [{"handle": handle} for handle in found])[:NAMED_MAX]:
            yield {"id": f"{net}:@{fold(user.get('handle', ''))}", **user}

    def _reply(self, event, ref):
        target = self._author_of(ref)
        if target == event.author:
            return
        self.interactions += 1
        if target:
            self._add(event, "replies", target)
        cascade = self._cascade(ref["id"])
        self._add(event, "replies", cascade)
        self._touch(cascade, event.time)

    def _carry(self, event, ref, kind):
        target, actor = self._author_of(ref), event.author
        if target == actor:
            return False
        self.interactions += 1
        cascade = self._cascade(ref["id"])
        user = self.users[actor]
        if kind == "retweets":
            cascade.retweeted_by[actor] = [event]
        self._add(event, kind, cascade)
        if target:
            self._add(event, kind, target)
            if actor not in cascade.reach_by:
                cascade.reach_by[actor] = [event]
                self._add(event, "reach", target, user.followers or 0)
        path = self._path(event, ref["id"])
        credited = {self.known[post].author for post in path} | self._carriers(event)
        for user_id in sorted(credited - {actor, None}):
            self._add(event, "influence", user_id)
        for at, post in enumerate(path):
            above = self._cascade(post)
            if actor not in {a.event.author for a in above.surviving("size")}:
                above.followers[actor] = user.followers or 0
                if actor != self.known[post].author:
                    above.acts.add(event)
                    self.ledger.act(above)
            self._add(event, "size", above)
            self._touch(above, event.time)
            self.speed.count(post, above, event.amounts[-1])
            above.peak = max(above.peak, self._velocity(above, 5 * MINUTE))
            is_direct = at == 0 and (kind == "quotes" or event.via == event.reshared)
            self._hang(event, above, path[:at], is_direct)
            self._count_children(above)
        self.speed.meet(network_of(ref["id"]), user.followers)
        return True

    def _path(self, event, post):
        """The post, the one it quotes, and so on; each once and never the event's own."""
        path = []
        while post and post != event.id and post not in path and len(path) < ANCESTORS_MAX:
            path.append(post)
            post = self.known[post].quote
        return path

    def _carriers(self, event):
        """Authors of the retweets through which this one was seen."""
        carriers, seen = set(), set()
        via = self.events.get(event.via)
        while via and via.reshared == event.reshared and via.id not in seen:
            seen.add(via.id)
            carriers.add(via.author)
            via = self.events.get(via.via)
        return carriers

    # --- who came through whom ---

    def _count_children(self, cascade):
        """Acts whose observed parent is somebody else's act, both remembered, count for that person
        from now on."""
        tree = cascade.tree
        for event in cascade.acts - cascade.children.keys():
            parent = tree.parent.get(event)
            is_known = parent and all(self.events.get(each.id) is each for each in (event, parent))
            if event in tree.observed and parent in cascade.acts and is_known and (
                    parent.author != event.author):
                cascade.children[event] = parent
                self._add(event, "carried", parent.author)
                if not parent.root:
                    self._add(event, "translated", parent.author)
        self.ledger.came(cascade)

    def _replace_act(self, cascade, undone):
        """Of the person whose act was undone, the next event that is remembered is the act."""
        self.ledger.left(cascade, undone)
        cascade.acts.discard(undone)
        cascade.children.pop(undone, None)
        others = [a.event for a in cascade.surviving("size") if a.event.author == undone.author]
        remembered = [event for event in others if self.events.get(event.id) is event]
        if remembered and not cascade.acts & set(others):
            cascade.acts.add(remembered[0])
        self._count_children(cascade)

    # --- trees ---

    def _place(self, tree, event_id):
        event = self.events.get(event_id)
        if event is None:
            return "unknown"
        if event in tree.waits:
            return "waits"
        return "node" if event in tree.parent else "absent"

    def _hang(self, event, cascade, below, is_direct):
        """Hangs the event below what it came through, or one of the posts below the root."""
        tree, via = cascade.tree, self.events.get(event.via)
        above = below[:ABOVE_MAX]
        if event.via and event.via != event.reshared and (
                via is None or via.reshared == event.reshared):
            above = [event.via, *above]
        for parent in above:
            place = self._place(tree, parent)
            if place == "node":
                tree.add(event, self.events.get(parent), True)
                return
            if place == "unknown" or (place == "waits" and not tree.waits_for(
                    self.events.get(parent), event)):
                substitute = below[0] if parent == event.via and below else ROOT
                tree.waits[event] = parent, substitute, self.clock, is_direct
                self.waiting[cascade] = None
                return
        tree.add(event, ROOT, is_direct)

    def _end_waits(self):
        self.waiting = {cascade: None for cascade in self.waiting if cascade.tree.waits}
        for cascade in self.waiting:
            tree = cascade.tree
            for event, (_, substitute, since, is_direct) in list(tree.waits.items()):
                if self.clock - since < WAIT_FOR_PARENT or event not in tree.waits:
                    continue
                del tree.waits[event]
                has_other = substitute and self._place(tree, substitute) == "node"
                tree.add(event, self.events.get(substitute) if has_other else ROOT,
                         bool(has_other) or is_direct)
            self._count_children(cascade)

    def _touch(self, cascade, time):
        cascade.first = time if cascade.first is None else min(cascade.first, time)
        cascade.last = time if cascade.last is None else max(cascade.last, time)

    def _amend(self, message):
        """A person's new handle, or an account that is gone; nothing is new by it."""
        user_id = "bsky:" + message["did"]
        handle = message.get("identity", {}).get("handle", "")
        if user_id not in self.users and not handle_in(self.claims.get(f"bsky:{fold(handle)}")):
            return
        if message["kind"] == "identity":
            self._claim(user_id, self.users[user_id], message["identity"]["handle"])
        else:
            self._withdraw(user_id, message["time_us"])

    def _withdraw(self, user_id, time):
        """All that the person did until then and that is remembered is deleted, and all their
        posts until then. A time that cannot be is not known."""
        until = time if YEAR_2006 <= time <= self.clock + MINUTE else math.inf
        for event_id in [*self.events.newest, *self.events.lasting]:
            event = self.events.get(event_id)
            if event and event.author == user_id and event.time <= until:
                self._delete(event_id)
        for post in self.known.values():
            post.is_deleted |= post.author == user_id and (post.time is None or post.time <= until)

    def _delete(self, event_id):
        event = self.events.get(self._counted(event_id))
        if event:
            self.campaigns.undo(event)
            event.is_undone = True
            below = [entry.key for entry in event.amounts
                     if entry.what == "size" and not entry.is_undone]
            living = [cascade for cascade in below if self._lives(cascade.post)
                      and self.cascades[cascade.post] is cascade]
            for entry in event.amounts:
                entry.is_undone = True
                if isinstance(entry.key, Cascade):
                    for memory in (entry.key.retweeted_by, entry.key.reach_by):
                        if event in memory.get(event.author, []):
                            del memory[event.author]
            for cascade in below:
                cascade.tree.remove(event)
            for cascade in living:
                if event in cascade.acts:
                    self._replace_act(cascade, event)
        for version in {event_id, self._counted(event_id)}:
            if version in self.known:
                self.known[version].is_deleted = True

    # --- asking ---

    def covers(self, span, time):
        """True if the window contains the time."""
        step = span // STEPS
        return self.clock // step - (STEPS - 1) <= time // step <= self.clock // step

    def _velocity(self, cascade, span):
        events = sum(self.covers(span, a.time) for a in cascade.surviving("size"))
        return events / (span // MINUTE)

    def _direct(self, cascade, span):
        return sum(self.covers(span, a.time) for a in cascade.surviving("retweets", "quotes"))

    def _is_closed(self, post, cascade):
        born = self.known[post].time
        born = cascade.first if born is None else born
        return self.clock - cascade.last >= CLOSED_AFTER or self.clock - born >= CLOSED_AGE

    def _lives(self, post):
        """False once the cascade is closed and zero in all windows: then it is forgotten."""
        cascade = self.cascades.get(post)
        if cascade is None or cascade.first is None or not self._is_closed(post, cascade):
            return cascade is not None
        return (any(self._direct(cascade, span) for span in self.windows.values())
                or any(self._velocity(cascade, span) for span in (5 * MINUTE, HOUR)))

    def _cascade(self, post):
        if not self._lives(post):
            before = self.cascades.get(post)
            number = before.number if before else len(self.cascades)
            self.cascades[post] = Cascade(post, number)
            self.ledger.begin(self.cascades[post])
        return self.cascades[post]

    def shown(self):
        """Post id -> cascade of those that are to be seen."""
        return {post: cascade for post, cascade in self.cascades.items() if self._lives(post)
                and not self.known[post].is_deleted and cascade.surviving("size", "replies")}

    def _user_values(self):
        """(user or hashtag, metric, window) -> value, the non-zero ones."""
        values = defaultdict(int)
        for entry in self.amounts:
            for name, span in self.windows.items():
                if entry.amount and not entry.is_undone and self.covers(span, entry.time):
                    values[entry.key, entry.what, name] += entry.amount
        return values

    def _boards(self, values):
        boards = {f"{what}:{window}": [] for what in METRICS + ("hashtags", "cascades")
                  for window in self.windows}
        for (key, what, window), value in values.items():
            boards[f"{what}:{window}"].append((key, value))
        for post, cascade in self.shown().items():
            for window, span in self.windows.items():
                if self._direct(cascade, span):
                    boards[f"cascades:{window}"].append(
                        (self.names[post], self._direct(cascade, span)))
        return {name: sorted(entries, key=lambda e: (-e[1], e[0].encode()))[:self.top]
                for name, entries in boards.items()}

    def _user_hash(self, user_id):
        user = self.users[user_id]
        return {"handle": user.handle, "followers": user.followers,
                "network": network_of(user_id), "last_seen": user.last_seen // 1000}

    def _cascade_hash(self, post, cascade):
        root, size = self.known[post], cascade.surviving("size")
        people = {a.event.author for a in size}
        return cascade.tree.shape() | {
            "retweets": len(cascade.surviving("retweets")),
            "quotes": len(cascade.surviving("quotes")),
            "replies": len(cascade.surviving("replies")),
            "author": root.author, "text": root.text, "lang": root.lang, "parent": self.names.get(root.quote),
            "handle": self.users[root.author].handle if root.author else None,
            "network": network_of(post),
            "created_ms": None if root.time is None else root.time // 1000,
            "first_ms": cascade.first // 1000, "last_ms": cascade.last // 1000,
            "size": len(size), "amplifiers": len(people),
            "reach": sum(cascade.followers[person] for person in people),
            "velocity_5m": self._velocity(cascade, 5 * MINUTE),
            "velocity_1h": self._velocity(cascade, HOUR), "peak_velocity": cascade.peak,
            "state": "closed" if self._is_closed(post, cascade) else "open",
            **self.speed.fields(cascade, self._is_closed(post, cascade))}

    def _keyed(self, values, boards, within):
        """Who has a key: the people, and the posts."""
        longest = max(self.windows, key=self.windows.get)
        on_boards, sums = defaultdict(set), defaultdict(int)
        for name, entries in boards.items():
            kind = name.split(":")[0]
            is_of_people = kind in METRICS or name in LASTING
            on_boards["people" if is_of_people else kind].update(key for key, _ in entries)
        for name, entries in within.items():
            kind = name.split(":")[-2]
            is_of_people = kind in METRICS or name.endswith(":outreach")
            on_boards["people" if is_of_people else kind].update(key for key, _ in entries)
        for (key, what, window), value in values.items():
            if what in METRICS:
                sums[key] += value if window == longest and what in SUMMED else 0
        people = on_boards["people"] | {key for key, total in sums.items()
                                        if self.users_from == 1 or total >= self.users_from}
        posts = {key for key, cascade in self.shown().items()
                 if self.names[key] in on_boards["cascades"]
                 or len(cascade.surviving("size", "replies")) >= self.cascades_from}
        return people, posts

    def content(self):
        """Everything that Redis must hold now; hash values are text, unknown fields absent."""
        values = self._user_values()
        ledger = self.ledger.people()
        lasting = self.ledger.boards(ledger, self.top)
        boards = self._boards(values) | lasting
        hashes, within = self.campaigns.content()
        people, posts = self._keyed(values, boards, within)
        users = {key: self._user_hash(key) for key in people}
        for (key, what, window), value in values.items():
            if what != "hashtags" and key in users:
                users[key][f"{what}:{window}"] = value
        cascades = {self.names[post]: self._cascade_hash(post, cascade)
                    for post, cascade in self.shown().items() if post in posts}
        return {
            "boards": {name: entries for name, entries in boards.items() if entries},
            "campaigns": hashes | self.campaigns.people(), "campaign_boards": within,
            "courses": self.campaigns.courses(),
            "carriers": {key: self.ledger.hash(key, ledger[key])
                         for entries in lasting.values() for key, _ in entries},
            "users": {key: as_text(fields) for key, fields in users.items()},
            "cascades": {key: as_text(fields) for key, fields in cascades.items()},
            "handles": {key: user for key, user in self.claims.items() if user in users},
            "meta": {"clock_ms": self.clock // 1000, "posts": self.posts,
                     "interactions": self.interactions, "duplicates": self.duplicates}}


def as_text(fields):
    return {name: "%.10g" % value if isinstance(value, float) else str(value)
            for name, value in fields.items() if value not in (None, "")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("-w", "--windows", default="5m,1h,24h")
    parser.add_argument("-n", "--top", type=int, default=1000)
    parser.add_argument("-d", "--dedupe", type=int, default=1_000_000)
    parser.add_argument("--wall", type=int, metavar="MS")
    parser.add_argument("--users-from", type=int, default=2)
    parser.add_argument("--cascades-from", type=int, default=2)
    parser.add_argument("file", metavar="FILE")
    options = parser.parse_args()
    oracle = Oracle(options.windows.split(","), options.top, options.dedupe, options.wall,
                    options.users_from, options.cascades_from)
    with open(options.file, encoding="utf-8") as lines:
        for line in lines:
            oracle.feed(line)
    json.dump(oracle.content(), sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
