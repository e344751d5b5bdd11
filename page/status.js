// What the page says about its data: their age, the posts, the sources. In words.
import { element, section, setText } from "./dom.js";
import { clean } from "./text.js";
import { age, clock, count, date, duration, figure, minute, percent } from "./format.js";
import { feedState } from "./feed.js";

const REPLAY_MS = 600000; // a stream this far behind is a recording

// The state of the feed for the head of the page: "live, 0.3 s old", or since when there are no data.
export function feedSentence({ status, pausedAt }) {
  const { state, dataAt } = feedState();
  if (state === "stale") return `No data since ${clock(dataAt)}. Trying again.`;
  if (pausedAt) return `Paused at ${clock(pausedAt)}`;
  if (state !== "live" || !status) return "Connecting";
  return `live, ${age(Math.max(0, Date.now() - dataAt) / 1000)} old`;
}

const endOf = (gap) => (Number.isFinite(gap.to_ms) ? `Between ${minute(gap.from_ms)} and ${minute(gap.to_ms)}`
  : `Since ${minute(gap.from_ms)}`);

// "Between 10:02 and 10:09 some posts of bluesky are missing.", for each source with a gap.
export function gapSentences(status, from = -Infinity) {
  return (status?.sources ?? []).filter(({ gap }) => gap && (gap.to_ms ?? Infinity) > from)
    .map(({ name, gap }) => `${endOf(gap)} some posts of ${clean(name, 40)} are missing.`);
}

// Why the figures of a window are lower bounds: "The 24h window is 3 % full: only 40 min were
// seen."; empty if they are complete.
export function coverageSentence(status, window) {
  const rows = status?.coverage ?? [];
  const row = rows.find((each) => each.window === window);
  if (!row) return window === "all" ? gapSentences(status).join(" ") : "";
  if (row.complete) return "";
  const words = row.seen_ms < row.length_ms ? [`The ${window} window is ${
    percent(row.seen_ms / row.length_ms)} full: only ${duration(row.seen_ms / 1000)} of it were seen.`] : [];
  words.push(...gapSentences(status, status.clock_ms - row.length_ms));
  return words.join(" ") || "Some posts are missing: the figures are lower bounds.";
}

function sourceWords(sources) {
  if (!sources?.length) return "no live sources";
  const live = sources.filter((each) => each.state === "live").length;
  return `${live} of ${sources.length} ${sources.length === 1 ? "source" : "sources"} live`;
}

// "21,604 posts · 498/s · 3 of 3 sources live"
export function totalsSentence(status) {
  if (!status) return "\u00a0";
  if (status.redis?.state === "down") {
    return "Redis does not answer. These figures are those of the last time it did.";
  }
  if (!status.posts) {
    const sources = (status.sources ?? []).slice(0, 3)
      .map(({ name, state }) => `${clean(name, 40)} ${clean(state, 40)}`);
    return "No posts yet. " + (sources.length ? `Sources: ${sources.join(", ")}.` : "No live sources.");
  }
  const words = [`${count(status.posts)} posts`, `${figure(status.posts_per_s)}/s`,
    sourceWords(status.sources)];
  if (Math.abs(status.as_of_ms - status.clock_ms) > REPLAY_MS) {
    words.push(`replay of ${date(status.clock_ms)}`);
  }
  const filling = (status.coverage ?? []).filter((each) => each.seen_ms < each.length_ms)
    .map((each) => `${each.window} window ${percent(each.seen_ms / each.length_ms)} full`);
  words.push(...filling.slice(-1), ...gapSentences(status).slice(0, 1)
    .map((each) => each.slice(0, -1)));
  if (status.complete === false && words.length === 3) words.push("some posts are missing");
  return words.join(" \u00b7 ");
}

// The section "Sources".
export class Sources {
  constructor(rows = 6) {
    this.slots = Array.from({ length: rows }, () => {
      const name = element("bdi");
      const words = element("span", { class: "why" });
      return { name, words, row: element("li", { class: "row empty" }, name, words) };
    });
    this.note = element("p", { class: "note" });
    this.root = section("Sources", {},
      element("ol", { class: "rows sources" }, ...this.slots.map((each) => each.row)), this.note);
  }

  show(status) {
    const sources = status?.sources ?? [];
    this.slots.forEach((slot, index) => {
      const source = sources[index];
      slot.row.classList.toggle("empty", !source);
      setText(slot.name, clean(source?.name, 40));
      setText(slot.words, source ? this.words(source) : "");
    });
    const more = sources.length - this.slots.length;
    this.note.classList.toggle("alone", !sources.length);
    setText(this.note, !sources.length ? "No live sources: a replay, or pushed posts." :
      more > 0 ? `and ${more} more` : "");
  }

  words({ state, lag_ms: lag, gap }) {
    const words = [clean(state, 60)];
    if (Number.isFinite(lag)) words.push(`${duration(lag / 1000)} behind`);
    if (gap) words.push(`posts missing ${endOf(gap).toLowerCase()}`);
    return words.join(", ");
  }
}
