"""The first ten of the board of influence, from Redis. Needs python3-redis; the argument is its URL."""
import sys
import redis

client = redis.from_url(sys.argv[1], decode_responses=True)
board = client.zrevrange("cascaded:top:influence:1h", 0, 9, withscores=True)
for rank, (person, value) in enumerate(board, 1):
    handle = client.hget(f"cascaded:user:{person}", "handle")
    print(rank, f"@{handle}" if handle else person, int(value))
