// What the page says about its data: their age, the posts, the sources. In words.
import { element, setText } from "./dom.js";
import { clean } from "./text.js";
import { clock, count, date, duration, figure } from "./format.js";
import { feedState } from "./feed.js";

const REPLAY_MS = 600000; // a stream this far behind is a recording

// The state of the feed for the head of the page: "live, 0.3 s old", or since when there are no data.
export function feedSentence({ status, pausedAt }) {
  const { state, dataAt } = feedState();
  if (state === "stale") return `No data since ${clock(dataAt)}. Trying again.`;
  if (pausedAt) return `Paused at ${clock(pausedAt)}`;
  if (state !== "live" || !status) return "Connecting";
  const age = Math.max(0, Date.now() - dataAt) / 1000;
  return age < 1 ? "live" : `live, ${duration(age)} old`;
}

function sourceWords(sources) {
  if (!sources?.length) return "no live sources";
  const live = sources.filter((each) => each.state === "live").length;
  return `${live} of ${sources.length} ${sources.length === 1 ? "source" : "sources"} live`;
}

// "21,604 posts · 498/s · 3 of 3 sources live"
export function totalsSentence(status) {
  if (!status) return "\u00a0";
  if (!status.posts) {
    const first = status.sources?.[0];
    return "No posts yet. " +
      (first ? `Sources: ${clean(first.name, 40)} ${clean(first.state, 40)}.` : "No live sources.");
  }
  const words = [`${count(status.posts)} posts`, `${figure(status.posts_per_s)}/s`,
    sourceWords(status.sources)];
  if (Math.abs(status.as_of_ms - status.clock_ms) > REPLAY_MS) {
    words.push(`replay of ${date(status.clock_ms)}`);
  }
  if (status.complete === false) words.push("windows not yet full, or posts missing");
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
    this.root = element("section", { class: "board", "aria-label": "Sources" },
      element("div", { class: "heading" }, element("h2", {}, "Sources")),
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
    setText(this.note, !sources.length ? "No live sources: a replay, or pushed posts." :
      more > 0 ? `and ${more} more` : "");
  }

  words({ state, lag_ms: lag, gap }) {
    const words = [clean(state, 60)];
    if (Number.isFinite(lag)) words.push(`${duration(lag / 1000)} behind`);
    if (gap) words.push(typeof gap === "string" ? clean(gap, 120) : "some posts are missing");
    return words.join(", ");
  }
}
