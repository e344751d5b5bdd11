"""The invented world as the lines of Bluesky's Jetstream, of Mastodon and of native posts.

A wire has a name and five methods: `post`, `retweet`, `deletion` and `idle` give the text of one
message each (idle: a list of them), `names` what follows a post or retweet. user_id and event_id
are the ids the daemon knows them by.
"""
import datetime
import json

from world import Retweet, Tag, User

BASE32 = "234567abcdefghijklmnopqrstuvwxyz"


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def iso(ms, digits=3):
    """RFC 3339 with so many digits of a second."""
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03}000"[:digits + 1] + "Z"


def base32(number, length):
    return "".join(BASE32[number >> 5 * i & 31] for i in reversed(range(length)))


def shown(part):
    """A part of a post as people read it."""
    if isinstance(part, User):
        return "@" + part.handle
    return "#" + part if isinstance(part, Tag) else part


class Wire:
    def names(self, _):
        """Messages with the handles of people who are new, where posts have no handles."""
        return []


class Native(Wire):
    """One line per event, ids as app:p7 and app:u7."""

    name, newline = "post", "\n"

    def user_id(self, user):
        return f"app:u{user.number}"

    def event_id(self, event):
        return f"app:p{event.number}"

    def _user(self, user):
        return {"id": self.user_id(user), "handle": user.handle, "followers": user.followers}

    def _ref(self, post):
        return {"id": self.event_id(post), "author": self._user(post.author)}

    def post(self, post):
        line = {"id": self.event_id(post), "time": iso(post.time),
                "author": self._user(post.author), "text": " ".join(map(shown, post.parts)),
                "lang": post.author.lang}
        if post.quote:
            line["quote_of"] = self._ref(post.quote)
        if post.reply:
            line["reply_to"] = self._ref(post.reply)
        named = [{"id": self.user_id(user), "handle": user.handle} for user in post.mentions]
        return dump(line | {"mentions": named, "hashtags": post.tags})

    def retweet(self, retweet):
        line = {"id": self.event_id(retweet), "time": iso(retweet.time),
                "author": self._user(retweet.author), "retweet_of": self._ref(retweet.of)}
        if retweet.via:
            line["via"] = self.event_id(retweet.via)
        return dump(line)

    def deletion(self, deletion):
        event = deletion.of
        return dump({"id": self.event_id(event), "time": iso(deletion.time),
                     "author": {"id": self.user_id(event.author)}, "deleted": True})

    def idle(self, _):
        return [""]


class Jetstream(Wire):
    """Version 1 of the wire: no followers, no handles in posts, the path of a repost in `via`.

    On Bluesky a handle is sent when it changes. Here it is also sent after the first post or
    repost in which a person appears.
    """

    name, newline = "jetstream", "\n"

    def __init__(self):
        self.named = set()  # numbers of users

    def handle(self, user):
        return user.handle.replace("_", "-") + ".example"

    def did(self, user):
        return "did:plc:" + base32(user.token, 24)

    def user_id(self, user):
        return "bsky:" + self.did(user)

    def event_id(self, event):
        return "bsky:" + self._uri(event)

    def _rkey(self, event):
        return base32(event.time * 1000 << 10 | event.number & 1023, 13)

    def _collection(self, event):
        return "app.bsky.feed." + ("repost" if isinstance(event, Retweet) else "post")

    def _uri(self, event):
        return f"at://{self.did(event.author)}/{self._collection(event)}/{self._rkey(event)}"

    def _cid(self, event):
        return "bafyrei" + base32((event.author.token << 140) ^ (event.number << 40), 52)

    def _strong(self, event):
        return {"cid": self._cid(event), "uri": self._uri(event)}

    def _commit(self, event, time, operation, record=None):
        commit = {"rev": base32(time * 1000 << 10, 13), "operation": operation,
                  "collection": self._collection(event), "rkey": self._rkey(event)}
        if record:
            commit |= {"record": {"$type": self._collection(event)} | record,
                       "cid": self._cid(event)}
        return dump({"did": self.did(event.author), "time_us": time * 1000, "kind": "commit",
                     "commit": commit})

    def post(self, post):
        record = {"createdAt": iso(post.time - 137), "langs": [post.author.lang]}
        if post.quote:
            record["embed"] = {"$type": "app.bsky.embed.record",
                               "record": self._strong(post.quote)}
        if post.reply:
            record["reply"] = {"parent": self._strong(post.reply),
                               "root": self._strong(post.root)}
        record["text"], facets = self._text(post)
        if facets:
            record["facets"] = facets
        return self._commit(post, post.time, "create", record)

    def _text(self, post):
        """The text and its facets, which count bytes of UTF-8."""
        text, facets = b"", []
        for part in post.parts:
            text += b" " if text else b""
            piece = ("@" + self.handle(part) if isinstance(part, User) else shown(part)).encode()
            if isinstance(part, User):
                feature = {"$type": "app.bsky.richtext.facet#mention", "did": self.did(part)}
            elif isinstance(part, Tag):
                feature = {"$type": "app.bsky.richtext.facet#tag", "tag": part}
            else:
                feature = None
            if feature:
                index = {"byteStart": len(text), "byteEnd": len(text) + len(piece)}
                facets.append({"features": [feature], "index": index})
            text += piece
        return text.decode(), facets

    def retweet(self, retweet):
        record = {"createdAt": iso(retweet.time - 137), "subject": self._strong(retweet.of)}
        if retweet.via:
            record["via"] = self._strong(retweet.via)
        return self._commit(retweet, retweet.time, "create", record)

    def deletion(self, deletion):
        return self._commit(deletion.of, deletion.time, "delete")

    def names(self, event):
        people = [event.author] + ([] if isinstance(event, Retweet) else event.mentions)
        new = {user.number: user for user in people if user.number not in self.named}
        self.named |= set(new)
        return [self._identity(user, event.number, event.time) for user in new.values()]

    def _identity(self, user, number, time):
        did = self.did(user)
        what = {"did": did, "handle": self.handle(user), "seq": 31_500_000_000 + number,
                "time": iso(time)}
        return dump({"did": did, "time_us": time * 1000, "kind": "identity", "identity": what})

    def idle(self, idle):
        return [self._identity(idle.user, idle.number, idle.time)]


class Mastodon(Wire):
    """Statuses, one a line; deletions as in the WebSocket form, keep-alives as in SSE."""

    name, newline = "mastodon", "\n"

    def _url(self, user):
        return f"https://{user.host}/users/{user.handle}"

    def _uri(self, event):
        tail = "/activity" if isinstance(event, Retweet) else ""
        return f"{self._url(event.author)}/statuses/{self._local_id(event)}{tail}"

    def _local_id(self, event):
        return str((event.time << 16) | event.number & 0xffff)

    def user_id(self, user):
        return "masto:" + self._url(user)

    def event_id(self, event):
        return "masto:" + self._uri(event)

    def _account(self, user):
        url, number = self._url(user), str(109_000_000_000_000_000 + user.number)
        picture = f"https://{user.host}/avatars/original/missing.png"
        return {
            "id": number, "username": user.handle, "acct": f"{user.handle}@{user.host}",
            "display_name": user.name, "locked": False, "bot": False, "discoverable": True,
            "indexable": False, "group": False, "created_at": "2023-01-05T00:00:00.000Z",
            "note": f"<p>{user.name} likes ferries and tea.</p>", "url": url, "uri": url,
            "avatar": picture, "avatar_static": picture, "header": picture,
            "header_static": picture, "followers_count": user.followers,
            "following_count": 80 + user.number % 400, "statuses_count": 12 + user.number % 5000,
            "last_status_at": "2026-03-01", "hide_collections": None, "noindex": False,
            "emojis": [], "roles": [], "fields": []}

    def _html(self, part):
        if isinstance(part, User):
            return (f'<span class="h-card" translate="no"><a href="{self._url(part)}" '
                    f'class="u-url mention">@<span>{part.handle}</span></a></span>')
        if isinstance(part, Tag):
            return (f'<a href="https://lantern.example/tags/{part}" class="mention hashtag" '
                    f'rel="tag">#<span>{part}</span></a>')
        return escape(part)

    def _status(self, event, depth=0):
        status = {
            "id": self._local_id(event), "created_at": iso(event.time), "in_reply_to_id": None,
            "in_reply_to_account_id": None, "sensitive": False, "spoiler_text": "",
            "visibility": "public", "language": None, "uri": self._uri(event),
            "url": self._uri(event), "replies_count": 0, "reblogs_count": 0,
            "favourites_count": 0, "quotes_count": 0, "edited_at": None, "content": "",
            "reblog": None, "account": self._account(event.author), "media_attachments": [],
            "mentions": [], "tags": [], "emojis": [], "quote": None, "card": None, "poll": None}
        if isinstance(event, Retweet):
            return status | {"reblog": self._status(event.of)}
        if event.reply:
            author = self._account(event.reply.author)
            status |= {"in_reply_to_id": self._local_id(event.reply),
                       "in_reply_to_account_id": author["id"]}
        if event.quote:
            status["quote"] = self._quote(event.quote, depth)
        return status | {
            "language": event.author.lang, "replies_count": event.replies,
            "reblogs_count": event.retweets, "quotes_count": event.quotes,
            "content": f"<p>{' '.join(map(self._html, event.parts))}</p>",
            "mentions": [self._mention(user) for user in event.mentions],
            "tags": [{"name": tag.lower(), "url": f"https://lantern.example/tags/{tag.lower()}"}
                     for tag in event.tags]}

    def _quote(self, post, depth):
        """Whole below the status itself, only the id below that, as servers send it."""
        if depth == 0:
            return {"state": "accepted", "quoted_status": self._status(post, 1)}
        return {"state": "accepted", "quoted_status_id": self._local_id(post)}

    def _mention(self, user):
        account = self._account(user)
        return {name: account[name] for name in ("id", "username", "url", "acct")}

    def post(self, post):
        return dump(self._status(post))

    def retweet(self, retweet):
        return dump(self._status(retweet))

    def deletion(self, deletion):
        return dump({"stream": ["public"], "event": "delete",
                     "payload": self._local_id(deletion.of)})

    def idle(self, _):
        return [":thump"]


def escape(text):
    """The three characters that X and HTML write as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
