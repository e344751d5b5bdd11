// The daemon's answers over HTTP.
const PATIENCE_MS = 8000;

// For a path. Half a surrogate pair, for which encodeURIComponent throws, becomes U+FFFD.
const encode = (part) => encodeURIComponent(String(part).replace(/\p{Surrogate}/gu, "\uFFFD"));

export const path = (...parts) => "/api/v1/" + parts.map(encode).join("/");
export const cascadeUrl = (id) => "/cascade/" + encode(id);
export const userUrl = (id) => "/user/" + encode(id);
export const campaignUrl = (name) => "/campaign/" + encode(name);

// {status, data}: status is 0 if there was no answer, and data is null unless the answer is JSON.
export async function ask(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return { status: answer.status, data: await answer.json().catch(() => null) };
  } catch {
    return { status: 0, data: null };
  }
}

// The data of an answer with 200, else null.
export async function read(url) {
  const answer = await ask(url);
  return answer.status === 200 ? answer.data : null;
}
