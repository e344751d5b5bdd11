"""Seeded streams of native lines in which few people and few posts meet in every way.

What the documentation leaves open does not occur: a post always has the same author, under one name
or another, and quotes the same post; a message contains a user or post in one form only and never
replies to a post above the one it quotes; no handle passes to another user inside a message. Some
people are named by handle alone, and some of these also post so until their id is known.
"""
import datetime
import json
import unicodedata

BASE = 1772452800_000_000  # 2026-03-02T12:00:00Z in microseconds
SECOND, MINUTE, HOUR, DAY = 10**6, 60 * 10**6, 3600 * 10**6, 86400 * 10**6
HANDLES = ("ann", "Ann", "bob", "BOB", "eve", "zed_1", "Zed_1", "null",
           "pip", "Ghost", "ghost", "b2", "Mia", "noa", "ole_2", "Uma", "uma", "ivy")
FOREIGN = ("Νίκος", "ΝΊΚΟΣ", "Zo\u00eb", "ZOE\u0308")  # two handles; not found in a text
ALONE = ("kim", "lou_7", "max")  # handles that some people are only known by at first
TAGS = ("tea", "Tea", "TEA", "čaj", "ČAJ", "Straße", "お茶", "ΤΣΆΙ", "x1", "Чай")
WORDS = ("some", "words", "&amp;", "tab\there", "new\nline", "back\\slash", "nul\0byte", "ž",
         "🍵")
DEDUPE_MIN = 1000  # the least that the option takes
WINDOWS = ("5m", "1h", "24h", "90s", "7m", "3h", "1m", "2d", "10m", "6h", "36h", "2m", "7d")


def fold(handle):
    """What is one handle, however it is written here."""
    return unicodedata.normalize("NFC", handle).lower()


class Settings:
    """How `fold` and the oracle are started for one stream."""

    def __init__(self, rng):
        count = rng.choice((1, 2, 3, 3, 4))
        usual = rng.random() < 0.5
        self.windows = ["5m", "1h", "24h"] if usual else rng.sample(WINDOWS, count)
        self.top = rng.choice((1, 2, 3, 5, 1000))
        self.is_forgetful = rng.random() < 0.02
        self.dedupe = DEDUPE_MIN if self.is_forgetful else 100_000
        self.length = 2 * DEDUPE_MIN if self.is_forgetful else rng.choice((20, 60, 150, 300))
        self.every = 500 if self.is_forgetful else rng.choice((1, 2, 7, 30, 100_000))
        self.wall_ms = (BASE + rng.choice((HOUR, DAY, 3650 * DAY))) // 1000
        # In whole minutes much happens at the very ages at which estimates are made.
        self.grain = MINUTE if rng.random() < 0.15 else 1
        self.users_from, self.cascades_from = rng.choice((1, 2, 5)), rng.choice((1, 2, 5))
        self.is_crowded = False  # more people take part in campaigns than are kept
        self.is_merging = False  # fold merges reshares: some estimates are known only about


class Post:
    """A post of the invented world, published or only pointed at so far."""

    def __init__(self, an_id, author, parent):
        self.id, self.author, self.parent = an_id, author, parent
        self.is_published = False


class Message:
    """Shows each user and each post the same way wherever the message names them."""

    def __init__(self, stream):
        self.stream = stream
        self.refs = {}      # post id -> how the message points at it
        self.shown = {}     # user id -> how it looks
        self.followers = {} # person -> how many
        self.taken = set()  # handles, in lower case, that somebody here has, had or gets

    def user(self, user_id):
        if user_id not in self.shown:
            self.shown[user_id] = self._look(user_id)
        return dict(self.shown[user_id])

    def _followers(self, user_id):
        """The same for both names of a person."""
        rng, person = self.stream.rng, self.stream.owners.get(user_id, user_id)
        if person not in self.followers:
            self.followers[person] = rng.choice((0, 1, 10, 2500, rng.randrange(10**6), 2**32 - 1))
        return self.followers[person]

    def _look_alone(self, user_id):
        rng, (net, handle) = self.stream.rng, user_id.split("@")
        if rng.random() < 0.2:
            handle = handle.upper()
        look = {"id": f"{net}@{handle}"}
        if rng.random() < 0.5:
            look["handle"] = handle if rng.random() < 0.9 else "another"
        return look

    def _look(self, user_id):
        stream, rng, look = self.stream, self.stream.rng, {"id": user_id}
        if "@" in user_id:
            look = self._look_alone(user_id)
            if rng.random() < 0.6:
                look["followers"] = self._followers(user_id)
            return look
        if fold(stream.handles[user_id]) in ALONE and not (
                stream.is_fickle and rng.random() < 0.1):
            pass
        elif user_id in stream.owned and rng.random() < 0.1:
            stream.handles[user_id] = stream.owned[user_id]
        elif rng.random() < 0.03:
            stream.handles[user_id] = rng.choice(HANDLES + FOREIGN)
        handle, before = stream.handles[user_id], stream.seen_handles.setdefault(user_id, set())
        if rng.random() < 0.7 and not ({fold(handle)} | before) & self.taken:
            look["handle"] = handle
            before.add(fold(handle))
        self.taken |= {fold(handle)} | before
        if rng.random() < 0.6:
            look["followers"] = self._followers(user_id)
        return look

    def stranger(self, more=()):
        """Somebody's handle, or nobody's."""
        return self.stream.rng.choice(HANDLES + ALONE + more)


class Stream:
    def __init__(self, rng, settings):
        self.rng, self.is_forgetful, self.grain = rng, settings.is_forgetful, settings.grain
        self.now = BASE + rng.randrange(DAY)
        self.users = [f"{rng.choice(('n:', 'n:', 'n:', 'm:', '', 'bsky:did:plc:'))}u{i}"
                      for i in range(rng.randrange(2, 10))]
        self.users += ["x:77"] * rng.choice((0, 1))
        self.handles = {user: rng.choice(HANDLES + FOREIGN) for user in self.users}
        self.seen_handles = {}  # user id -> handles shown so far, in lower case
        # People who act under a handle alone, and to whom the handle turns out to belong.
        self.owners, self.owned = {}, {}
        self.is_fickle = not self.is_forgetful and rng.random() < 0.3  # give such handles up
        for handle in rng.sample(ALONE, rng.choice((0, 0, 1, 2, 3))):
            alone, owner = f"n:@{handle}", rng.choice([f"n:w{handle}", *self.users])
            if owner.startswith("n:") and owner not in self.owned:
                self.owners[alone], self.owned[owner] = owner, handle.title()
                self.handles.setdefault(owner, rng.choice(HANDLES))
                self.users += [name for name in (alone, owner) if name not in self.users]
        self.depth = rng.choice((0.1, 0.5, 0.9))
        self.haste = rng.choice((0.01, 0.05, 0.2))
        self.posts, self.events, self.lines = [], [], []
        self.made = 0
        self.versions = []  # of posts of X: three of each, the first one and two edits
        self.promised = {}  # target id -> ids of retweets that others came through already
        while len(self.lines) < settings.length:
            self.lines.append(self._line())
        if rng.random() < 0.4:
            self._join()

    def _join(self):
        """Makes arrays of some lines, in any order: one message each; or puts them into one line, one
        behind the other. An array in the first line would be one of the whole file."""
        lines, self.lines = self.lines[1:], self.lines[:1]
        while lines:
            size = self.rng.choice((1, 1, 2, 3, 8))
            some, lines = lines[:size], lines[size:]
            if size == 1 or not all(line.startswith("{") and len(line) > 1 for line in some):
                self.lines += some
                continue
            order = self.rng.choice(("as they are", "newest first", "any"))
            if order == "newest first":
                some.reverse()
            elif order == "any":
                self.rng.shuffle(some)
            if order == "as they are" and self.rng.random() < 0.5:
                self.lines.append(self.rng.choice(("", " ", ", ")).join(some))
                continue
            self.lines.append(f"[{','.join(some)}]")

    # --- time ---

    def _time(self):
        rng = self.rng
        self.now += rng.randrange(3 * SECOND)
        if rng.random() < self.haste:
            most = rng.choice((SECOND, MINUTE, 10 * MINUTE, HOUR, 7 * HOUR, DAY))
            self.now += rng.randrange(most)
        if rng.random() < self.haste / 10:
            self.now += rng.randrange(DAY, 20 * DAY)
        time = self.now
        if rng.random() < 0.1:
            time -= rng.randrange(rng.choice((MINUTE, HOUR, 8 * HOUR, 9 * DAY)))
        return self._written(time) if rng.random() > 0.01 else rng.choice(
            (0, 1, "1970-01-01T00:00:00Z", "2005-12-31T23:59:59.999Z", "2999-01-01T00:00:00Z"))

    def _written(self, time):
        time = time // self.grain * self.grain
        form = self.rng.randrange(4)
        if form == 0:
            return time // 1000
        ahead = 90 * MINUTE if form == 1 else 0
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=time + ahead)
        text = moment.strftime("%Y-%m-%dT%H:%M:%S")
        fraction = f".{moment.microsecond:06}" if form < 3 else ""
        return text + fraction + ("+01:30" if ahead else "Z")

    # --- posts ---

    def _new_id(self):
        self.made += 1
        networks = ("bsky:", "masto:", "n:") if self.is_forgetful else ("n:", "n:", "m:", "")
        return f"{self.rng.choice(networks)}{self.made}"

    def _unseen(self, parent=None):
        post = Post(self._new_id(), self.rng.choice(self.users), parent)
        self.posts.append(post)
        return post

    def _target(self):
        """Something to point at; in a forgetful stream never a post that had a message."""
        rng = self.rng
        known = [p for p in self.posts if not (self.is_forgetful and p.is_published)]
        if not known or rng.random() < 0.08:
            parent = rng.choice(known) if known and rng.random() < 0.4 else None
            post = self._unseen(None if self.is_forgetful else parent)
            if not self.is_forgetful and rng.random() < 0.05:
                post.parent = self._unseen(post)
            return post
        return rng.choice(known[-6:] if rng.random() < 0.7 else known)

    def _name_of(self, user):
        """One of the names of a person, who is the author of a post under each."""
        if self.is_forgetful:
            return user
        names = {user, self.owners.get(user, user)}
        names |= {name for name, owner in self.owners.items() if owner == user}
        return self.rng.choice(sorted(names)) if sum("@" in name for name in names) < 2 else user

    def _ref(self, message, post, depth=0):
        if post.id not in message.refs:
            message.refs[post.id] = ref = {"id": post.id}
            if self.is_forgetful or self.rng.random() < 0.6:
                ref["author"] = message.user(self._name_of(post.author))
            is_new = post.parent and post.parent.id not in message.refs
            if is_new and depth < 3 and self.rng.random() < 0.4:
                ref["quote_of"] = self._ref(message, post.parent, depth + 1)
        return message.refs[post.id]

    # --- lines ---

    def _line(self):
        weights = {self._post: 16, self._late_root: 5, self._retweet: 38, self._quote: 14,
                   self._reply: 9, self._quote_and_reply: 4, self._deletion: 11,
                   self._duplicate: 5, self._version: 5, self._junk: 1, self._identity: 1, self._account: 1}
        made = self.rng.choices(list(weights), list(weights.values()))[0]()
        if isinstance(made, str):
            return made
        return json.dumps(made, ensure_ascii=self.rng.random() < 0.5)

    def _event(self, message, an_id, author, **fields):
        event = {"id": an_id, "time": self._time(), "author": message.user(author), **fields}
        self.events.append(event)
        return event

    def _published(self, post, message, **fields):
        post.is_published = True
        if post.parent:
            fields["quote_of"] = self._ref(message, post.parent)
        event = self._event(message, post.id, self._name_of(post.author), **fields)
        self._fill(event, message)
        return event

    def _fill(self, event, message):
        rng = self.rng
        words = [rng.choice(WORDS) for _ in range(rng.randrange(3))]
        words += ["#" + rng.choice(TAGS) for _ in range(rng.choice((0, 0, 1, 2)))]
        if rng.random() < 0.5:
            count = rng.choice((0, 1, 1, 3))
            event["mentions"] = [self._mention(message) for _ in range(count)]
        else:
            strangers = [message.stranger() for _ in range(rng.choice((0, 0, 1, 2)))]
            words += ["@" + handle for handle in strangers]
        rng.shuffle(words)
        if words:
            event["text"] = " ".join(words)
        if rng.random() < 0.4:
            event["hashtags"] = [rng.choice(TAGS) for _ in range(rng.choice((0, 1, 3)))]
        if rng.random() < 0.5:
            event["lang"] = rng.choice(("en", "cs", "ja"))

    def _mention(self, message):
        if self.rng.random() < 0.2:
            return {"handle": message.stranger(FOREIGN)}
        return message.user(self.rng.choice(self.users))

    def _post(self):
        return self._published(self._unseen(), Message(self))

    def _late_root(self):
        waiting = [post for post in self.posts if not post.is_published]
        if not waiting or self.is_forgetful:
            return self._post()
        return self._published(self.rng.choice(waiting), Message(self))

    def _retweet(self):
        message, target, rng = Message(self), self._target(), self.rng
        fields = {"retweet_of": self._ref(message, target)}
        an_id = self._new_id() if rng.random() > 0.01 else target.id
        promised = self.promised.setdefault(target.id, [])
        if promised and rng.random() < 0.5:
            an_id = promised.pop(rng.randrange(len(promised)))
        if rng.random() < self.depth:
            fields["via"] = self._via(an_id, target, promised)
        return self._event(message, an_id, rng.choice(self.users), **fields)

    def _via(self, an_id, target, promised):
        rng = self.rng
        beside = [e["id"] for e in self.events
                  if e.get("retweet_of", e.get("quote_of", {})).get("id") == target.id]
        if rng.random() < 0.2:
            promised.append(self._new_id())
        if promised and rng.random() < 0.3:
            return rng.choice(promised)
        if beside and rng.random() < 0.8:
            return rng.choice(beside[-3:] if rng.random() < 0.6 else beside)
        if rng.random() < 0.5:
            return target.id if target.id != an_id else "n:nowhere"
        return rng.choice([e["id"] for e in self.events] + ["n:nowhere", an_id])

    def _quote(self):
        target = self._target()
        post, via = self._unseen(target), {}
        if self.rng.random() < self.depth / 3:
            via["via"] = self._via(post.id, target, self.promised.setdefault(target.id, []))
        return self._published(post, Message(self), **via)

    def _reply(self):
        message, target = Message(self), self._target()
        reply_to = self._ref(message, target)
        return self._published(self._unseen(), message, reply_to=reply_to)

    def _quote_and_reply(self):
        message, target, other = Message(self), self._target(), self._target()
        if self._line_of(target) & self._line_of(other):
            other = target
        reply_to = self._ref(message, other)
        return self._published(self._unseen(target), message, reply_to=reply_to)

    def _line_of(self, post):
        """Ids of the post, the one it quotes, and so on."""
        ids = set()
        while post and post.id not in ids:
            ids.add(post.id)
            post = post.parent
        return ids

    def _deletion(self):
        ids = [e["id"] for e in self.events if not self.is_forgetful or "retweet_of" in e]
        ids += [] if self.is_forgetful else [p.id for p in self.posts if not p.is_published]
        ids += [post.id for versions in self.versions[-3:] for post in versions]
        an_id = self.rng.choice(ids or ["n:nowhere"])
        if self.rng.random() < 0.5:
            an_id = (ids or [an_id])[-1]
        return {"id": an_id, "time": self.now // 1000, "author": {"id": "n:u0"},
                "deleted": True}

    def _version(self):
        """A post of X as its API shows it, the first version or an edit, in any order."""
        rng = self.rng
        if "x:77" not in self.users or self.is_forgetful:
            return self._post()
        if not self.versions or rng.random() < 0.4:
            of_x = [post for post in self.posts if post.id.startswith("x:")]
            parent = rng.choice(of_x) if of_x and rng.random() < 0.4 else None
            self.made += 3
            self.versions.append([Post(f"x:{self.made - i}", "x:77", parent) for i in (2, 1, 0)])
            self.posts += self.versions[-1]
        versions = rng.choice(self.versions[-3:])
        at = rng.randrange(len(versions))
        self._time()
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(
            microseconds=self.now // self.grain * self.grain)
        tweet = {"id": versions[at].id[2:], "author_id": "77", "text": f"version {at}",
                 "created_at": moment.isoformat(timespec="milliseconds") + "Z",
                 "edit_history_tweet_ids": [post.id[2:] for post in versions[:at + 1]]}
        if versions[at].parent:
            tweet["referenced_tweets"] = [{"type": "quoted", "id": versions[at].parent.id[2:]}]
        if rng.random() < 0.4:
            return self._version_retweet(tweet)
        versions[at].is_published = True
        return {"data": tweet}

    def _version_retweet(self, tweet):
        """A retweet of that version, with what X includes of it or with its id alone."""
        self.made += 1
        versions = tweet.pop("edit_history_tweet_ids")
        retweet = {**tweet, "id": str(self.made), "author_id": "78", "text": "RT",
                   "referenced_tweets": [{"type": "retweeted", "id": tweet["id"]}]}
        shown = {"id": tweet["id"], "author_id": "77", "edit_history_tweet_ids": versions}
        includes = {"includes": {"tweets": [shown]}} if self.rng.random() < 0.6 else {}
        return {"data": retweet, **includes}

    def _did(self):
        dids = [user for user in self.users if user.startswith("bsky:")]
        return self.rng.choice([*dids, "bsky:did:plc:nobody"])

    def _identity(self):
        user, handle = self._did(), self.rng.choice(HANDLES)
        if user in self.handles:
            self.handles[user] = handle
            self.seen_handles.setdefault(user, set()).add(fold(handle))
        return {"did": user[5:], "time_us": 1, "kind": "identity", "identity": {"handle": handle}}

    def _account(self):
        if self.rng.random() < 0.5:
            return self._post()
        status = self.rng.choice(("deleted", "takendown", "suspended", "deactivated"))
        time = self.rng.choice((1, self.now, self.now - self.rng.randrange(HOUR)))
        return {"did": self._did()[5:], "time_us": time, "kind": "account",
                "account": {"active": False, "status": status}}

    def _duplicate(self):
        if not self.events:
            return self._post()
        old = self.rng.choice(self.events)
        if self.rng.random() < 0.5:
            return old
        return {**old, "time": self._time(), "mentions": [{"id": "n:u0"}], "hashtags": ["twice"]}

    def _junk(self):
        message = Message(self)
        itself = self._new_id()
        # An empty array in the first line would be one of the whole file, without a message.
        return self.rng.choice((
            "{", "[]" if self.lines else "{", '{"id":"n:junk"}',
            '{"id":"n:junk","time":"yesterday","author":{"id":"n:u0"}}',
            {"id": itself, "time": self.now // 1000, "author": message.user(self.users[0]),
             "quote_of": {"id": itself}}))
