#!/usr/bin/python3
"""The oracle against mini streams whose results were worked out by hand."""
import json
import sys
import unittest

sys.dont_write_bytecode = True

from oracle import Oracle, lower, span_of, time_of  # noqa: E402

NOON = 1772452800000  # 2026-03-02T12:00:00Z
MINUTE, HOUR = 60_000, 3_600_000


def line(an_id, author, at=0, followers=None, handle=None, **fields):
    user = {"id": author, "followers": followers, "handle": handle}
    return json.dumps({"id": an_id, "time": NOON + at,
                       "author": {k: v for k, v in user.items() if v is not None}, **fields})


def post(an_id, author, at=0, **fields):
    return line(an_id, author, at, **fields)


def retweet(an_id, author, of, owner=None, at=0, **fields):
    return line(an_id, author, at, retweet_of=ref(of, owner), **fields)


def quote(an_id, author, of, owner=None, at=0, **fields):
    return line(an_id, author, at, quote_of=ref(of, owner), **fields)


def reply(an_id, author, to, owner=None, at=0, **fields):
    return line(an_id, author, at, reply_to=ref(to, owner), **fields)


def deletion(an_id, author="a"):
    return line(an_id, author, deleted=True)


def ref(an_id, owner):
    return {"id": an_id, "author": {"id": owner}} if owner else {"id": an_id}


def content(*lines, **options):
    oracle = Oracle(**options)
    for each in lines:
        oracle.feed(each)
    return oracle.content()


class Counting(unittest.TestCase):
    def test_a_post_naming_a_user_twice_counts_one_mention_and_none_for_its_author(self):
        named = [{"id": "n:b"}, {"id": "n:b"}, {"id": "n:a"}]
        got = content(post("n:1", "n:a", mentions=named))
        self.assertEqual(got["boards"]["mentions:1h"], [("n:b", 1)])
        self.assertEqual(got["boards"]["posts:5m"], [("n:a", 1)])
        self.assertEqual(got["meta"], {"clock_ms": NOON, "posts": 1, "interactions": 1,
                                       "duplicates": 0})

    def test_names_and_hashtags_are_found_in_the_text(self):
        got = content(post("n:1", "n:a", text="hi @Bob and @bob: #ČAJ #čaj #7 a@mail"))
        self.assertEqual(got["boards"]["mentions:1h"], [("n:@bob", 1)])
        self.assertEqual(got["boards"]["hashtags:1h"], [("čaj", 1)])
        self.assertEqual(got["handles"], {"n:bob": "n:@bob"})

    def test_a_retweet_gives_its_author_retweets_reach_and_influence_once_per_person(self):
        got = content(post("n:1", "n:a"), retweet("n:2", "n:b", "n:1", followers=50),
                      retweet("n:3", "n:b", "n:1", followers=70))
        self.assertEqual(got["users"]["n:a"], {
            "network": "n", "last_seen": str(NOON), "reach:5m": "50", "reach:1h": "50",
            "reach:24h": "50"} | {f"{metric}:{window}": "1" for window in ("5m", "1h", "24h")
                                  for metric in ("posts", "retweets", "influence")})
        self.assertEqual(got["meta"]["duplicates"], 1)
        self.assertEqual(got["meta"]["posts"], 2)

    def test_a_person_carries_those_whose_first_reshare_came_through_theirs(self):
        got = content(post("n:1", "n:a"), quote("n:2", "n:b", "n:1"), retweet("n:3", "n:c", "n:2"),
                      retweet("n:4", "n:d", "n:1", via="n:3"), retweet("n:5", "n:d", "n:1", via="n:2"),
                      retweet("n:6", "n:e", "n:1", via="n:2"), retweet("n:7", "n:f", "n:1", via="n:6"),
                      retweet("n:8", "n:g", "n:1", via="n:1"))
        self.assertEqual(got["boards"]["carried:1h"], [("n:b", 2), ("n:e", 1)])
        self.assertEqual(got["boards"]["translated:1h"], [("n:b", 2)])
        self.assertEqual(got["cascades"]["n:1"]["observed_share"], "0.8333333333")

    def test_what_is_carried_is_taken_back_with_the_child_and_moves_with_the_act(self):
        lines = (post("n:1", "n:a"), retweet("n:2", "n:b", "n:1"), retweet("n:3", "n:c", "n:1"),
                 quote("n:4", "n:c", "n:1", via="n:2"), retweet("n:5", "n:d", "n:4"))
        self.assertEqual(content(*lines)["boards"].get("carried:1h"), None)
        lines += (deletion("n:3"),)
        self.assertEqual(content(*lines)["boards"]["carried:1h"], [("n:b", 1), ("n:c", 1)])
        lines += (deletion("n:2"),)
        self.assertEqual(content(*lines)["boards"]["carried:1h"], [("n:b", 1), ("n:c", 1)])
        lines += (deletion("n:4"),)
        self.assertEqual(content(*lines)["boards"]["carried:1h"], [("n:c", 1)])
        lines += (deletion("n:5"),)
        self.assertEqual(content(*lines)["boards"].get("carried:1h"), None)

    def test_carrying_ones_own_post_counts_for_no_one(self):
        got = content(post("n:1", "n:a"), retweet("n:2", "n:a", "n:1"),
                      quote("n:3", "n:a", "n:1"), reply("n:4", "n:a", "n:1"))
        self.assertEqual(got["cascades"], {})
        self.assertEqual(got["boards"]["posts:1h"], [("n:a", 3)])
        self.assertEqual(set(got["boards"]), {"posts:5m", "posts:1h", "posts:24h"})
        self.assertEqual(got["meta"]["posts"], 4)
        self.assertEqual(got["meta"]["interactions"], 0)

    def test_a_retweet_of_a_quote_counts_upward(self):
        got = content(post("n:1", "n:a"), quote("n:2", "n:b", "n:1", followers=10),
                      retweet("n:3", "n:c", "n:2", "n:b", followers=5))
        self.assertEqual(got["boards"]["influence:1h"], [("n:a", 2), ("n:b", 1)])
        self.assertEqual(got["boards"]["reach:1h"], [("n:a", 10), ("n:b", 5)])
        self.assertEqual(got["boards"]["cascades:1h"], [("n:1", 1), ("n:2", 1)])
        top, below = got["cascades"]["n:1"], got["cascades"]["n:2"]
        self.assertEqual((top["size"], top["quotes"], top["amplifiers"], top["reach"]),
                         ("2", "1", "2", "15"))
        self.assertEqual((below["size"], below["parent"], below["velocity_5m"]),
                         ("1", "n:1", "0.2"))

    def test_via_carriers_are_credited_up_to_an_unknown_one(self):
        got = content(post("n:1", "n:a"), retweet("n:2", "n:b", "n:1", via="n:lost"),
                      retweet("n:3", "n:c", "n:1", via="n:2"),
                      retweet("n:4", "n:d", "n:1", via="n:3"))
        self.assertEqual(got["boards"]["influence:1h"], [("n:a", 3), ("n:b", 2), ("n:c", 1)])

    def test_an_unknown_author_leaves_the_count_to_the_cascade_alone(self):
        got = content(retweet("n:2", "n:b", "n:1"), reply("n:3", "n:b", "n:1"))
        self.assertEqual(got["users"].keys(), {"n:b"})
        self.assertNotIn("author", got["cascades"]["n:1"])
        self.assertEqual(got["cascades"]["n:1"]["replies"], "1")
        self.assertEqual(got["meta"]["interactions"], 2)


class Time(unittest.TestCase):
    def test_a_window_covers_its_sixty_steps_and_not_one_more(self):
        # 5m has steps of 5 s; NOON is the first moment of one.
        for at, scores in ((5 * MINUTE - 1, [("n:a", 2)]), (5 * MINUTE, [("n:a", 1)])):
            got = content(post("n:1", "n:a"), post("n:2", "n:a", at))
            self.assertEqual(got["boards"]["posts:5m"], scores)

    def test_a_late_event_counts_in_the_windows_that_still_hold_its_step(self):
        got = content(post("n:1", "n:a"), post("n:2", "n:b", -2 * HOUR))
        self.assertEqual(got["boards"]["posts:1h"], [("n:a", 1)])
        self.assertEqual(got["boards"]["posts:24h"], [("n:a", 1), ("n:b", 1)])

    def test_a_bad_time_becomes_the_clock(self):
        got = content(post("n:1", "n:a"), line("n:2", "n:a", -NOON), wall_ms=NOON)
        self.assertEqual(got["boards"]["posts:5m"], [("n:a", 2)])
        got = content(post("n:1", "n:a"), post("n:2", "n:a", 60_001), wall_ms=NOON)
        self.assertEqual(got["meta"]["clock_ms"], NOON)

    def test_a_cascade_closes_after_six_hours_and_leaves_when_its_windows_are_empty(self):
        stream = [post("n:1", "n:a"), retweet("n:2", "n:b", "n:1")]
        for at, state in ((6 * HOUR - 1, "open"), (6 * HOUR, "closed"), (24 * HOUR, None)):
            cascades = content(*stream, post("n:9", "n:z", at))["cascades"]
            self.assertEqual(cascades.get("n:1", {}).get("state"), state)

    def test_the_memory_of_a_retweet_ends_with_its_cascade(self):
        stream = [retweet("n:2", "n:b", "n:1"), retweet("n:3", "n:b", "n:1", at=24 * HOUR)]
        self.assertEqual(content(*stream)["meta"]["duplicates"], 0)
        self.assertEqual(content(*stream, windows=["7d"])["meta"]["duplicates"], 1)

    def test_times_are_read_in_every_form(self):
        for text in ("2026-03-02T12:00:00Z", "2026-03-02t12:00:00.000z", NOON,
                     "2026-03-02 13:30:00.0000009+01:30", "2026-03-02T07:00:00-0500"):
            self.assertEqual(time_of(text), NOON * 1000)
        self.assertEqual(span_of("90s"), 90_000_000)


class Undoing(unittest.TestCase):
    STREAM = [post("n:1", "n:a"), retweet("n:2", "n:b", "n:1", followers=7)]

    def test_an_undone_retweet_takes_everything_back_and_may_come_again(self):
        got = content(*self.STREAM, deletion("n:2"))
        self.assertEqual(got["boards"].keys(), {"posts:5m", "posts:1h", "posts:24h"})
        self.assertEqual(got["cascades"], {})
        got = content(*self.STREAM, deletion("n:2"), deletion("n:2"),
                      retweet("n:3", "n:b", "n:1", followers=9))
        self.assertEqual(got["boards"]["reach:1h"], [("n:a", 9)])
        self.assertEqual(got["meta"]["interactions"], 2)
        self.assertEqual(got["meta"]["duplicates"], 0)

    def test_a_deleted_id_stays_a_duplicate(self):
        got = content(*self.STREAM, deletion("n:2"), self.STREAM[1])
        self.assertEqual(got["meta"]["duplicates"], 1)
        self.assertNotIn("retweets:1h", got["boards"])

    def test_a_deleted_root_hides_its_cascade_but_its_author_keeps_the_retweets(self):
        got = content(*self.STREAM, deletion("n:1"), retweet("n:3", "n:c", "n:1"))
        self.assertEqual(got["cascades"], {})
        self.assertNotIn("cascades:1h", got["boards"])
        self.assertEqual(got["boards"]["retweets:1h"], [("n:a", 2)])
        self.assertNotIn("posts:1h", got["boards"])

    def test_an_event_that_is_no_longer_remembered_cannot_be_undone(self):
        got = content(*self.STREAM, post("n:5", "n:z"), deletion("n:2"), dedupe=1)
        self.assertEqual(got["boards"]["retweets:1h"], [("n:a", 1)])

    def test_a_retweet_of_bluesky_is_remembered_as_long_as_the_longest_window(self):
        stream = post("n:1", "n:a"), retweet("bsky:2", "n:b", "n:1", "n:a"), post("n:3", "n:z")
        got = content(*stream, deletion("bsky:2"), dedupe=1)
        self.assertNotIn("retweets:1h", got["boards"])
        for hours, duplicates in ((24, 1), (25, 0)):
            got = content(*stream, post("n:4", "n:z", hours * HOUR), post("bsky:2", "n:c"),
                          dedupe=1)
            self.assertEqual(got["meta"]["duplicates"], duplicates)


def shape(got, post="n:1"):
    """observed_share, depth, breadth and virality of a post's cascade, None if absent."""
    names = ("observed_share", "depth", "breadth", "virality")
    return tuple(got["cascades"][post].get(name) for name in names)


class Trees(unittest.TestCase):
    PATH = [retweet("n:2", "n:b", "n:1"), retweet("n:3", "n:c", "n:1", via="n:2"),
            retweet("n:4", "n:d", "n:1", via="n:3"), retweet("n:5", "n:e", "n:1", via="n:4")]

    def test_a_star_has_a_share_and_no_shape_and_a_path_of_five_has_both(self):
        star = [retweet(f"n:{i}", f"n:u{i}", "n:1") for i in range(2, 6)]
        self.assertEqual(shape(content(*star)), ("0", None, None, None))
        self.assertEqual(shape(content(*self.PATH)), ("0.75", "4", "1", "2"))

    def test_a_quote_and_what_comes_through_it_hang_in_the_trees_above(self):
        got = content(quote("n:2", "n:b", "n:1"), retweet("n:3", "n:c", "n:2"),
                      retweet("n:4", "n:d", "n:2"), retweet("n:5", "n:e", "n:1"))
        self.assertEqual(shape(got), ("0.75", "2", "2", "1.8"))
        self.assertEqual(shape(got, "n:2"), ("0", None, None, None))

    def test_a_child_waits_for_its_parent_but_not_for_ever(self):
        early = retweet("n:3", "n:c", "n:1", via="n:2")
        late = retweet("n:2", "n:b", "n:1", at=5 * MINUTE)
        self.assertEqual(shape(content(early)), (None, None, None, None))
        self.assertEqual(shape(content(early, late)), ("0.5", "2", "1", "1.333333333"))
        got = content(early, post("n:9", "n:z", 10 * MINUTE), late)
        self.assertEqual(shape(got), ("0", None, None, None))

    def test_an_undone_retweet_stays_on_the_path_of_what_came_through_it(self):
        self.assertEqual(shape(content(*self.PATH, deletion("n:3"))),
                         ("0.6666666667", "4", "1", "2.333333333"))
        self.assertEqual(shape(content(*self.PATH, deletion("n:5"))),
                         ("0.6666666667", "3", "1", "1.666666667"))

    def test_quotes_of_oneself_are_passed_over_but_not_more_than_eight(self):
        thread = [quote("n:1", "n:b", "n:0", "n:a")]
        thread += [quote(f"n:{i}", "n:b", f"n:{i - 1}", "n:b") for i in range(2, 14)]
        carried = [retweet(f"n:r{i}", f"n:c{i}", f"n:{i}") for i in range(1, 14)]
        self.assertEqual(shape(content(*thread, *carried[:8]), "n:0"),
                         ("1", "2", "8", "1.8"))
        self.assertEqual(shape(content(*thread, *carried), "n:0")[:3],
                         ("0.6428571429", "2", "8"))

    def test_two_that_claim_to_have_come_through_each_other_do_not(self):
        got = content(retweet("n:2", "n:b", "n:1", via="n:3"),
                      retweet("n:3", "n:c", "n:1", via="n:2"))
        self.assertEqual(shape(got), ("0.5", "2", "1", "1.333333333"))


class Pages(unittest.TestCase):
    POSTS = [post("n:1", "n:a"), quote("n:2", "n:b", "n:1", "n:a", at=1000),
             retweet("n:3", "n:c", "n:2", "n:b", at=2000),
             retweet("n:4", "n:d", "n:2", "n:b", at=2000)]

    def test_the_posts_of_one_array_count_in_the_order_of_time(self):
        right = content(*self.POSTS)
        self.assertEqual(right["boards"]["influence:5m"], [("n:a", 3), ("n:b", 2)])
        for order in ((3, 2, 1, 0), (1, 3, 0, 2), (0, 1, 2, 3)):
            array = f"[{','.join(self.POSTS[i] for i in order)}]"
            self.assertEqual(content(array)["boards"], right["boards"])

    def test_of_posts_of_the_same_time_the_last_is_the_oldest_if_the_newest_come_first(self):
        same = [post("n:1", "n:a"), quote("n:2", "n:b", "n:1", "n:a"),
                retweet("n:3", "n:c", "n:2", "n:b")]
        later = post("n:9", "n:z", at=1000)
        right = content(*same, later)
        self.assertEqual(content(f"[{','.join([later, *same[::-1]])}]")["boards"], right["boards"])
        self.assertEqual(content(f"[{','.join([*same, later])}]")["boards"], right["boards"])

    def test_the_documents_of_one_line_count_like_lines(self):
        right = content(*self.POSTS)
        for sign in ("", " ", ",", " , "):
            self.assertEqual(content(sign.join(self.POSTS)), right)
            arrays = sign.join(f"[{post}]" for post in self.POSTS)
            self.assertEqual(content(arrays), right)
            self.assertEqual(content(f"[{arrays.replace('][', '],[').replace('] [', '],[')}]"),
                             right)
        # The order of time is that within each document.
        late = content(self.POSTS[1] + self.POSTS[0])
        self.assertEqual(late, content(self.POSTS[1], self.POSTS[0]))

    def test_a_deletion_in_an_array_keeps_its_place(self):
        got = content(f"[{self.POSTS[1]},{self.POSTS[0]},{deletion('n:2')},{self.POSTS[2]}]")
        self.assertEqual(got["boards"]["posts:5m"], [("n:a", 1)])
        got = content(f"[{deletion('n:2')},{self.POSTS[1]},{self.POSTS[0]}]")
        self.assertEqual(got["boards"]["posts:5m"], [("n:a", 1), ("n:b", 1)])

    def test_a_page_of_x_names_the_authors_of_what_it_includes(self):
        root = {"id": "1", "author_id": "7", "text": "one", "created_at": "2026-03-02T12:00:00Z"}
        shared = {"id": "2", "author_id": "8", "text": "RT", "created_at": "2026-03-02T12:00:01Z",
                  "referenced_tweets": [{"type": "retweeted", "id": "1"}]}
        got = content(json.dumps({"data": [shared], "includes": {"tweets": [root]}}))
        self.assertEqual(got["boards"]["retweets:5m"], [("x:7", 1)])
        got = content(json.dumps({"data": [shared, root]}))
        self.assertEqual(got["boards"]["retweets:5m"], [("x:7", 1)])


class References(unittest.TestCase):
    def test_a_bad_one_refuses_the_post_but_for_the_path_of_a_retweet(self):
        for bad in (False, 0, "", [], {}, "n:1"):
            for name in ("retweet_of", "quote_of", "reply_to"):
                self.assertEqual(content(post("n:2", "n:b", **{name: bad})), content())
            shared = retweet("n:2", "n:b", "n:1", "n:a")
            if bad != "n:1":
                self.assertEqual(content(f'{shared[:-1]}, "via": {json.dumps(bad)}}}'),
                                 content(shared))


class Names(unittest.TestCase):
    def test_a_handle_belongs_to_the_latest_to_claim_it(self):
        got = content(post("n:1", "n:a", handle="Ann"), post("n:2", "n:b", handle="ann"))
        self.assertEqual(got["handles"], {"n:ann": "n:b"})
        got = content(post("n:1", "n:a", handle="Ann"), post("n:2", "n:b", text="@ann"))
        self.assertEqual(got["handles"], {"n:ann": "n:a"})

    def test_boards_put_the_greater_first_and_then_the_smaller_id(self):
        got = content(post("n:1", "n:é"), post("n:2", "n:z"), post("n:3", "n:z"),
                      post("n:4", "n:a"), top=2)
        self.assertEqual(got["boards"]["posts:1h"], [("n:z", 2), ("n:a", 1)])

    def test_lower_case_keeps_the_number_of_characters(self):
        self.assertEqual(lower("İΣΟΦΌΣ ẞ"), "iσοφόσ ß")


if __name__ == "__main__":
    unittest.main()
