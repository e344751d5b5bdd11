"""What a Redis holds, to be compared."""


def everything(client, but=()):
    """All hashes, sorted sets and strings, as the client gives them: key -> value."""
    found = {}
    for key in client.scan_iter(count=1000):
        if key not in but:
            kind = client.type(key)
            kind = kind.decode() if isinstance(kind, bytes) else kind
            found[key] = (client.hgetall(key) if kind == "hash" else
                          client.zrange(key, 0, -1, withscores=True) if kind == "zset" else
                          client.get(key))
    return found


def boards_and_hashes(client):
    """Leaderboards, users and cascades in the form of expected_keys() in fold_matches_oracle.py.
    The client decodes."""
    found = {}
    for key in client.scan_iter(match="cascaded:*", count=1000):
        short = key.removeprefix("cascaded:")
        if short.startswith("top:"):
            rows = client.zrange(key, 0, -1, withscores=True)
            found[short] = {member: f"{score:.17g}" for member, score in rows}
        elif short.startswith(("user:", "cascade:")):
            found[short] = client.hgetall(key)
    return found
