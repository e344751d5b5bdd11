// Search by handle or id: "@ann", "masto:@ann@house.example", "bsky:at://…".
import { ask, cascadeUrl, path, userUrl } from "./answers.js";
import { clean } from "./text.js";

// {url} of what was found, or {message}.
export async function find(words) {
  const sought = words.trim();
  if (!sought) return { message: "" };
  const isId = sought.includes(":");
  const names = isId || sought.startsWith("@") ? [sought] : ["@" + sought, sought];
  for (const name of names) {
    const { status, data } = await ask(path("users", name));
    if (status === 200) return { url: userUrl(data?.id ?? name) };
    if (status === 0) return { message: "The daemon does not answer." };
  }
  const { status } = await ask(path("cascades", sought));
  if (status === 200) return { url: cascadeUrl(sought) };
  return { message: `No one called ${clean(sought, 60)} is in memory.` +
    (isId ? "" : " A handle of another network: masto:@ann@house.example") };
}
