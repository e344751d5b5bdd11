#!/usr/bin/env python3
"""The baseline: what a user would write instead, the mentions and retweets of X v1.1 NDJSON
counted into Redis. Sorted sets per minute, pipelined; no sliding windows, no duplicates
noticed, no boards, nothing safe against a crash.

usage: baseline.py POSTS.ndjson REDIS_UNIX_SOCKET
"""
import json
import sys
import time
from email.utils import parsedate_to_datetime

import redis

BATCH = 2000


def count(pipe, post):
    """Queues what one post changes; returns how many commands that is."""
    minute = int(parsedate_to_datetime(post["created_at"]).timestamp()) // 60
    root = post.get("retweeted_status")
    if root:
        pipe.zincrby(f"base:retweets:{minute}", 1, root["user"]["id_str"])
        pipe.hincrby(f"base:cascade:{root['id_str']}", "size", 1)
        return 2
    mentions = post["entities"]["user_mentions"]
    for mention in mentions:
        pipe.zincrby(f"base:mentions:{minute}", 1, mention["id_str"])
    return len(mentions)


def main(path, socket):
    pipe = redis.Redis(unix_socket_path=socket).pipeline(transaction=False)
    posts = queued = 0
    wall, cpu = time.perf_counter(), time.process_time()
    with open(path, "rb") as lines:
        for line in lines:
            try:
                queued += count(pipe, json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
            posts += 1
            if queued >= BATCH:
                pipe.execute()
                queued = 0
    pipe.execute()
    print(json.dumps({"posts": posts, "cpu_s": time.process_time() - cpu,
                      "wall_s": time.perf_counter() - wall}))


main(*sys.argv[1:])
