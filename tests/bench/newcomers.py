#!/usr/bin/python3
"""Writes posts of X in which nearly everybody and everything is new, to standard output.

    newcomers.py POSTS [SEED [FORMAT [START_MS LENGTH_MS]]]

FORMAT is x1 or x2: messages of the API v1.1, or of a stream of v2. Twelve minutes, however many posts.
Each is by a person of its own. Half are retweets; four of five of these are of a post that was not
retweeted before, by another new person, as in a sample of the whole stream. Of the others nearly half name
one person, three of four of these for the first time, and most of these are replies.
"""
import json
import random
import sys
import time

START = 1_700_000_000_000  # ms
LENGTH = 720_000
RETWEETS, NEW_ROOTS, MENTIONS, NEW_NAMES, REPLIES = 0.52, 0.82, 0.45, 0.75, 0.6
KNOWN_MAX = 4000


class Newcomers:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.people, self.posts = 10**9, 10**17
        self.named, self.roots = [], []

    def person(self):
        self.people += 1
        return self.people

    def pick(self, known, new):
        """A known one, or new() with that probability; the known ones are bounded."""
        chance, make = new
        if known and self.rng.random() >= chance:
            # The square makes those met first come again more often.
            return known[int(len(known) * self.rng.random() ** 2)]
        made = make()
        if len(known) < KNOWN_MAX:
            known.append(made)
        else:
            known[self.rng.randrange(KNOWN_MAX)] = made
        return made

    def profile(self, number):
        return {"id": number, "id_str": str(number), "name": f"Name {number}",
                "screen_name": f"user_{number}", "location": "somewhere", "description": "d" * 90,
                "followers_count": int(self.rng.paretovariate(0.7)), "friends_count": 300,
                "statuses_count": 4000, "created_at": "Thu Apr 06 15:24:15 +0000 2017",
                "profile_image_url_https": f"https://images.example/{number}.jpg",
                "profile_banner_url": f"https://images.example/banners/{number}"}

    def post(self, ms, text, author):
        self.posts += 1
        when = time.strftime("%a %b %d %H:%M:%S +0000 %Y", time.gmtime(ms // 1000))
        return {"created_at": when, "id": self.posts, "id_str": str(self.posts), "text": text,
                "source": "<a href=\"https://app.example\">App</a>", "truncated": False,
                "user": self.profile(author), "geo": None, "coordinates": None, "place": None,
                "entities": {"hashtags": [], "urls": [], "user_mentions": [], "symbols": []},
                "retweet_count": 0, "favorite_count": 0, "lang": "en", "timestamp_ms": str(ms)}

    def root(self, ms):
        return self.post(ms - self.rng.randrange(3_600_000), "a root " * 12, self.person())

    def message(self, ms):
        post = self.post(ms, "some words " * 7, self.person())
        if self.rng.random() < RETWEETS:
            root = self.pick(self.roots, (NEW_ROOTS, lambda: self.root(ms)))
            post["retweeted_status"] = root
            post["text"] = f"RT @{root['user']['screen_name']}: {root['text']}"
        elif self.rng.random() < MENTIONS:
            named = self.pick(self.named, (NEW_NAMES, self.person))
            post["entities"]["user_mentions"] = [
                {"id": named, "id_str": str(named), "screen_name": f"user_{named}",
                 "name": f"Name {named}", "indices": [0, 5]}]
            post["text"] = f"@user_{named} {post['text']}"
            if self.rng.random() < REPLIES:
                self.posts += 1
                post |= {"in_reply_to_user_id_str": str(named),
                         "in_reply_to_screen_name": f"user_{named}",
                         "in_reply_to_status_id_str": str(self.posts)}
        return post


def tweet(post):
    """A post of v1.1 as an object of v2, without those it names."""
    when = time.strptime(post["created_at"], "%a %b %d %H:%M:%S +0000 %Y")
    data = {"id": post["id_str"], "author_id": post["user"]["id_str"], "text": post["text"],
            "lang": post["lang"], "created_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", when),
            "edit_history_tweet_ids": [post["id_str"]],
            "public_metrics": {"retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0}}
    named = post["entities"]["user_mentions"]
    if named:
        data["entities"] = {"mentions": [
            {"start": 0, "end": 5, "username": user["screen_name"], "id": user["id_str"]} for user in named]}
    return data


def account(user):
    return {"id": user["id_str"], "username": user["screen_name"], "name": user["name"],
            "description": user["description"], "location": user["location"],
            "public_metrics": {"followers_count": user["followers_count"],
                               "following_count": user["friends_count"],
                               "tweet_count": user["statuses_count"], "listed_count": 0}}


def as_v2(post):
    data, root = tweet(post), post.get("retweeted_status")
    includes = {"users": [account(post["user"])]}
    if root:
        data["referenced_tweets"] = [{"type": "retweeted", "id": root["id_str"]}]
        includes["users"].append(account(root["user"]))
        includes["tweets"] = [tweet(root)]
    elif "in_reply_to_status_id_str" in post:
        data["referenced_tweets"] = [{"type": "replied_to", "id": post["in_reply_to_status_id_str"]}]
        data["in_reply_to_user_id"] = post["in_reply_to_user_id_str"]
    return {"data": data, "includes": includes}


def main():
    count, *more = sys.argv[1:]
    seed, form, start, length = (*more, *(1, "x1", START, LENGTH)[len(more):])
    world, start, length, count = Newcomers(int(seed)), int(start), int(length), int(count)
    for number in range(count):
        message = world.message(start + length * number // count)
        print(json.dumps(as_v2(message) if form == "x2" else message, separators=(",", ":")))


main()
