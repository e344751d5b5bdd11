"""The invented world as the lines of X: the v1.1 stream and the v2 filtered stream.

X shows no path: a retweet names the original, wherever it was seen. Texts carry HTML entities,
and positions count code points of the text with its entities.
"""
import json
import time as clock

from wires import Wire, escape, iso, shown
from world import Tag, User

SNOWFLAKE_EPOCH = 1288834974657
TEXT_MAX = 140
SOURCES = ("Web App", "for the Pocket", "for the Tablet")


def snowflake(event):
    return str((event.time - SNOWFLAKE_EPOCH << 22) | event.number & 0x3fffff)


def account(user):
    """Accounts made before 2013 have short ids, as in life."""
    return str(20_000_000 + user.number * 7 if user.number % 3 else
               1_000_000_000_000_000_000 + (user.number << 20))


def text_and_entities(post, start=0):
    """The text, and [first, last, part] for each mention and hashtag in it."""
    pieces, places, at = [], [], start
    for part in post.parts:
        piece = escape(shown(part))
        if isinstance(part, (User, Tag)):
            places.append((at, at + len(piece), part))
        pieces.append(piece)
        at += len(piece) + 1
    return " ".join(pieces), places


class X1(Wire):
    """Statuses of v1.1 as the streaming API writes them, about 5 to 6 kB for a retweet."""

    name, newline = "x1", "\r\n"

    def __init__(self):
        self.accounts = {}  # user number -> the JSON object of the user

    def user_id(self, user):
        return "x:" + account(user)

    def event_id(self, event):
        return "x:" + snowflake(event)

    def _user(self, user):
        if user.number not in self.accounts:
            self.accounts[user.number] = self._new_user(user)
        return self.accounts[user.number]

    def _new_user(self, user):
        number, token = account(user), f"{user.token:030x}"
        images = "http://img.example/profile_images/"
        picture = f"{images}{number}/{token[:8]}_normal.jpg"
        theme = "http://img.example/images/themes/theme1/bg.png"
        words = f"{user.name} writes about ferries, bakeries and the weather. Opinions are mine."
        return {
            "id": int(number), "id_str": number, "name": user.name, "screen_name": user.handle,
            "location": user.host.split(".")[0].capitalize(),
            "url": f"https://{user.host}/~{user.handle}", "description": words,
            "translator_type": "none", "protected": False, "verified": False,
            "followers_count": user.followers, "friends_count": 80 + user.number % 400,
            "listed_count": user.followers // 90, "favourites_count": user.number * 13 % 9000,
            "statuses_count": 12 + user.number % 5000,
            "created_at": "Tue Apr 03 08:10:59 +0000 2012", "utc_offset": None,
            "time_zone": None, "geo_enabled": False, "lang": None, "contributors_enabled": False,
            "is_translator": False, "profile_background_color": "C0DEED",
            "profile_background_image_url": theme,
            "profile_background_image_url_https": theme.replace("http:", "https:"),
            "profile_background_tile": False, "profile_link_color": "1DA1F2",
            "profile_sidebar_border_color": "C0DEED", "profile_sidebar_fill_color": "DDEEF6",
            "profile_text_color": "333333", "profile_use_background_image": True,
            "profile_image_url": picture,
            "profile_image_url_https": picture.replace("http:", "https:"),
            "profile_banner_url": f"https://img.example/profile_banners/{number}/{token[:10]}",
            "default_profile": True, "default_profile_image": False, "following": None,
            "follow_request_sent": None, "notifications": None}

    def _entities(self, places):
        """Entities from [first, last, part] rows."""
        tags = [{"text": part, "indices": [first, last]} for first, last, part in places
                if isinstance(part, Tag)]
        named = [{"screen_name": part.handle, "name": part.name, "id": int(account(part)),
                  "id_str": account(part), "indices": [first, last]}
                 for first, last, part in places if isinstance(part, User)]
        return {"hashtags": tags, "urls": [], "user_mentions": named, "symbols": []}

    def _head(self, event):
        """What every status has."""
        number, source = snowflake(event), SOURCES[event.author.number % 3]
        written = clock.gmtime(event.time // 1000)
        return {
            "created_at": clock.strftime("%a %b %d %H:%M:%S +0000 %Y", written),
            "id": int(number), "id_str": number, "text": "",
            "source": f'<a href="http://client.example/{source.split()[-1].lower()}" '
                      f'rel="nofollow">Chirper {source}</a>',
            "truncated": False, "in_reply_to_status_id": None,
            "in_reply_to_status_id_str": None, "in_reply_to_user_id": None,
            "in_reply_to_user_id_str": None, "in_reply_to_screen_name": None,
            "user": self._user(event.author), "geo": None, "coordinates": None, "place": None,
            "contributors": None, "is_quote_status": False, "quote_count": 0, "reply_count": 0,
            "retweet_count": 0, "favorite_count": 0,
            "entities": {"hashtags": [], "urls": [], "user_mentions": [], "symbols": []},
            "favorited": False, "retweeted": False, "filter_level": "low",
            "lang": event.author.lang}

    def _text(self, post):
        """text and entities; a long text is cut and stands in full in extended_tweet."""
        text, places = text_and_entities(post)
        if len(text) <= TEXT_MAX:
            return {"text": text, "entities": self._entities(places)}
        cut = cut_text(text, TEXT_MAX - 30)
        url = f"https://t.example/{post.number:010}"
        link = {"url": url, "indices": [len(cut) + 2, len(cut) + 2 + len(url)],
                "expanded_url": f"https://chirp.example/i/web/status/{snowflake(post)}",
                "display_url": "chirp.example/i/web/status/1…"}
        entities = self._entities([place for place in places if place[1] <= len(cut)])
        full = {"full_text": text, "display_text_range": [0, len(text)],
                "entities": self._entities(places)}
        return {"text": f"{cut}… {url}", "truncated": True,
                "display_text_range": [0, TEXT_MAX], "extended_tweet": full,
                "entities": entities | {"urls": [link]}}

    def _status(self, post, depth=0):
        status = self._head(post) | self._text(post)
        status |= {"quote_count": post.quotes, "reply_count": post.replies,
                   "retweet_count": post.retweets, "favorite_count": post.retweets * 3}
        if post.reply:
            to, whom = snowflake(post.reply), post.reply.author
            status |= {"in_reply_to_status_id": int(to), "in_reply_to_status_id_str": to,
                       "in_reply_to_user_id": int(account(whom)),
                       "in_reply_to_user_id_str": account(whom),
                       "in_reply_to_screen_name": whom.handle}
        return status | self._quoted(post, depth) if post.quote else status

    def _quoted(self, post, depth):
        """The quoted status; of a quote inside a quote only the id is shown."""
        number = snowflake(post.quote)
        url = f"https://chirp.example/{post.quote.author.handle}/status/{number}"
        fields = {"is_quote_status": True, "quoted_status_id": int(number),
                  "quoted_status_id_str": number}
        if depth == 0:
            fields |= {"quoted_status": self._status(post.quote, 1),
                       "quoted_status_permalink": {"url": f"https://t.example/{number[-10:]}",
                                                   "expanded": url, "display": url[8:30] + "…"}}
        return fields

    def post(self, post):
        return self._line(self._status(post), post.time)

    def retweet(self, retweet):
        of = retweet.of
        lead = f"RT @{of.author.handle}: "
        text, places = text_and_entities(of, len(lead))
        cut = cut_text(lead + text, TEXT_MAX)
        places = [(3, len(lead) - 2, of.author)] + [p for p in places if p[1] <= len(cut)]
        status = self._head(retweet) | {
            "text": cut if len(cut) == len(lead + text) else cut[:TEXT_MAX - 1] + "…",
            "retweeted_status": self._status(of), "entities": self._entities(places)}
        if of.quote:
            status |= self._quoted(of, 0)
        return self._line(status, retweet.time)

    def deletion(self, deletion):
        event = deletion.of
        number, user = snowflake(event), account(event.author)
        status = {"id": int(number), "id_str": number, "user_id": int(user), "user_id_str": user}
        return write({"delete": {"status": status, "timestamp_ms": str(deletion.time)}})

    def idle(self, idle):
        lines = [""]
        if idle.number % 8 == 0:
            lines.append(write({"limit": {"track": idle.number, "timestamp_ms": str(idle.time)}}))
        return lines

    def _line(self, status, time):
        return write(status | {"timestamp_ms": str(time)})


class X(X1):
    """Both wires of the one network, every other line each; deletions as in v1.1."""

    name = "x"

    def __init__(self):
        super().__init__()
        self.v2 = X2()

    def post(self, post):
        return self.v2.post(post) if post.number % 2 else super().post(post)

    def retweet(self, retweet):
        return self.v2.retweet(retweet) if retweet.number % 2 else super().retweet(retweet)


class X2(Wire):
    """Objects of the filtered stream with the usual expansions. It reports no deletions."""

    name, newline = "x2", "\r\n"

    def user_id(self, user):
        return "x:" + account(user)

    def event_id(self, event):
        return "x:" + snowflake(event)

    def _user(self, user):
        return {"id": account(user), "username": user.handle, "name": user.name,
                "created_at": "2012-04-03T08:10:59.000Z", "verified": False, "protected": False,
                "description": f"{user.name} writes about ferries, bakeries and the weather.",
                "profile_image_url": f"https://img.example/{account(user)}_normal.jpg",
                "public_metrics": {"followers_count": user.followers,
                                   "following_count": 80 + user.number % 400,
                                   "tweet_count": 12 + user.number % 5000,
                                   "listed_count": user.followers // 90}}

    def _tweet(self, event):
        number = snowflake(event)
        return {"id": number, "edit_history_tweet_ids": [number],
                "author_id": account(event.author), "conversation_id": number,
                "created_at": iso(event.time // 1000 * 1000), "lang": event.author.lang,
                "possibly_sensitive": False, "reply_settings": "everyone"}

    def _entities(self, places):
        named = [{"start": first, "end": last, "username": part.handle, "id": account(part)}
                 for first, last, part in places if isinstance(part, User)]
        tags = [{"start": first, "end": last, "tag": part} for first, last, part in places
                if isinstance(part, Tag)]
        both = {"mentions": named, "hashtags": tags}
        return {name: rows for name, rows in both.items() if rows}

    def _post(self, post):
        text, places = text_and_entities(post)
        tweet = self._tweet(post) | {
            "text": text, "conversation_id": snowflake(post.root),
            "public_metrics": {"retweet_count": post.retweets, "reply_count": post.replies,
                               "like_count": post.retweets * 3, "quote_count": post.quotes}}
        refs = [{"type": kind, "id": snowflake(of)} for kind, of in
                (("quoted", post.quote), ("replied_to", post.reply)) if of]
        if refs:
            tweet["referenced_tweets"] = refs
        if post.reply:
            tweet["in_reply_to_user_id"] = account(post.reply.author)
        if places:
            tweet["entities"] = self._entities(places)
        return tweet

    def _message(self, data, posts, users):
        people = {user.number: user for user in users}
        message = {"data": data, "includes": {"users": list(map(self._user, people.values()))}}
        if posts:
            message["includes"]["tweets"] = list(map(self._post, posts))
        rules = [{"id": "1620041380532740096", "tag": "sample"}]
        return dump_plain(message | {"matching_rules": rules})

    def post(self, post):
        posts = [of for of in (post.quote, post.reply) if of]
        users = [post.author] + post.mentions + [of.author for of in posts]
        return self._message(self._post(post), posts, users)

    def retweet(self, retweet):
        of = retweet.of
        lead = f"RT @{of.author.handle}: "
        text, places = text_and_entities(of, len(lead))
        cut = cut_text(lead + text, TEXT_MAX)
        places = [(3, len(lead) - 2, of.author)] + [p for p in places if p[1] <= len(cut)]
        data = self._tweet(retweet) | {
            "text": cut if len(cut) == len(lead + text) else cut[:TEXT_MAX - 1] + "…",
            "entities": self._entities(places),
            "public_metrics": {"retweet_count": of.retweets, "reply_count": 0, "like_count": 0,
                               "quote_count": 0},
            "referenced_tweets": [{"type": "retweeted", "id": snowflake(of)}]}
        return self._message(data, [of], [retweet.author, of.author] + of.mentions)

    def deletion(self, _):
        return None

    def idle(self, _):
        return [""]


def cut_text(text, length):
    """At most so many characters, never ending inside an entity such as &amp;."""
    cut = text[:length]
    entity = cut.rfind("&", max(0, length - 5))
    whole = len(cut) == len(text) or entity < 0 or ";" in cut[entity:]
    return cut if whole else cut[:entity]


def write(message):
    """JSON as v1.1 writes it: ASCII only, with / and < escaped."""
    text = json.dumps(message, separators=(",", ":"))
    return text.replace("/", "\\/").replace("<", "\\u003c").replace(">", "\\u003e")


def dump_plain(message):
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
