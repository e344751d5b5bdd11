// The first ten of the board of influence, from Redis. Needs redis of npm; the argument is its URL.
import { createClient } from "redis";

const client = await createClient({ url: process.argv[2] }).connect();
const board = await client.zRangeWithScores("cascaded:top:influence:1h", 0, 9, { REV: true });
for (const [index, { value: person, score }] of board.entries()) {
  const handle = await client.hGet(`cascaded:user:${person}`, "handle");
  console.log(index + 1, handle ? `@${handle}` : person, score);
}
await client.close();
