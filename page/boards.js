// A board on the screen: a fixed number of rows that never move. A person who climbs appears in
// another row, and the row slides there from where the person was, by a transform: the layout of
// the page does not shift. While the pointer or the focus is inside, the order holds.
import { element, drawing, section, setText, setAttribute, isStill } from "./dom.js";
import { capital, clean, nameOf, networkLetter } from "./text.js";
import { figure, movement } from "./format.js";
import { Hold } from "./hold.js";
import { cascadeUrl, userUrl } from "./answers.js";

const SLIDE_MS = 180;
const TRAIL = 24; // values in the line of a row, one each two seconds
const TRAIL_MS = 2000;
const LEAST_TRAIL = 4;

export const boardName = (metric, window) => (window === "all" ? metric : `${metric}:${window}`);

function slot(hasTrail) {
  const parts = {
    rank: element("span", { class: "rank" }),
    move: element("span", { class: "move" }),
    network: element("span", { class: "network" }),
    name: element("a", { class: "name" }, element("bdi")),
    why: element("bdi", { class: "why" }),
    value: element("span", { class: "value" }),
    trail: hasTrail ? drawing("polyline") : null,
  };
  const trail = hasTrail
    ? drawing("svg", { class: "trail", viewBox: "0 0 48 16", "aria-hidden": "true" }, parts.trail)
    : null;
  const row = element("li", { class: "row empty" }, parts.rank, parts.move, parts.network,
    parts.name, parts.why, parts.value, trail);
  return { row, id: null, ...parts };
}

// The hatched mark of figures that are incomplete.
export const mark = () => element("span", { class: "mark", role: "img", hidden: true });
export function showMark(node, sentence) {
  node.hidden = !sentence;
  setAttribute(node, "title", sentence);
  setAttribute(node, "aria-label", sentence);
}

export class Board {
  constructor({ title, kind, rows, hasTrail = false, hasAuthor = true }) {
    Object.assign(this, { kind, hasAuthor });
    this.slots = Array.from({ length: rows }, () => slot(hasTrail));
    this.list = element("ol", { class: `rows ${kind}` }, ...this.slots.map((each) => each.row));
    this.waiting = element("span", { class: "waiting" });
    this.mark = mark();
    this.note = element("p", { class: "note" });
    this.root = section(title, { beside: [this.mark, this.waiting] }, this.list, this.note);
    this.trails = new Map();
    this.hold = new Hold(this);
  }

  // Shows an answer of /api/v1/top. null: there is no such board.
  show(answer) {
    const entries = (answer?.entries ?? []).slice(0, this.slots.length);
    this.remember(entries);
    if (this.hold.isActive && this.slots.some((each) => each.id !== null)) {
      this.hold.keep(answer, entries, (each, entry) => setText(each.value, figure(entry.value)));
      return;
    }
    this.hold.release();
    setText(this.note, !answer ? "Not available." : entries.length ? "" : "Nothing yet.");
    this.note.classList.toggle("alone", !entries.length);
    const before = new Map(this.slots.map((each, index) => [each.id, index]));
    this.slots.forEach((each, index) => {
      this.fillSlot(each, entries[index]);
      const from = before.get(each.id);
      if (each.id !== null && from !== undefined && from !== index) this.slide(each, from - index);
    });
  }

  // Why the figures are lower bounds; empty: they are complete.
  cover(sentence) {
    showMark(this.mark, sentence);
  }

  fillSlot(each, entry) {
    each.id = entry?.id ?? null;
    each.row.classList.toggle("empty", !entry);
    if (!entry) {
      for (const part of [each.rank, each.move, each.network, each.why, each.value]) {
        setText(part, "");
      }
      setText(each.name.firstChild, "");
      each.name.removeAttribute("href");
      each.trail?.removeAttribute("points");
      return;
    }
    setText(each.rank, String(entry.rank));
    setText(each.move, "previous_rank" in entry ? movement(entry.rank, entry.previous_rank) : "");
    setText(each.value, figure(entry.value));
    setText(each.why, clean(entry.why, 160));
    this.fillName(each, entry);
    if (each.trail) setAttribute(each.trail, "points", this.points(entry.id));
  }

  fillName(each, entry) {
    if (this.kind === "hashtags") {
      setText(each.name.firstChild, "#" + clean(entry.id, 60));
      return;
    }
    const isPost = this.kind === "cascades";
    const name = nameOf(entry.handle, entry.author ?? entry.id);
    const text = isPost ? clean(entry.text, 120) : "";
    setText(each.name.firstChild, !text ? name : this.hasAuthor ? `${name} ${text}` : text);
    setAttribute(each.name, "href", isPost ? cascadeUrl(entry.id) : userUrl(entry.id));
    setAttribute(each.name, "title", clean(isPost ? entry.id : entry.name || entry.id, 200));
    setText(each.network, networkLetter(entry.network ?? entry.id));
  }

  slide(each, rows) {
    if (isStill() || !each.row.animate) return;
    const height = each.row.offsetHeight;
    each.row.animate([{ transform: `translateY(${rows * height}px)` }, { transform: "none" }],
      { duration: SLIDE_MS, easing: "ease-out" });
  }

  // Keeps the values of the people of the board, for the lines.
  remember(entries) {
    if (!this.slots[0]?.trail) return;
    const now = performance.now();
    const kept = new Map();
    for (const { id, value } of entries) {
      const trail = this.trails.get(id) ?? { at: -TRAIL_MS, values: [] };
      if (now - trail.at >= TRAIL_MS) {
        trail.at = now;
        trail.values.push(value);
        if (trail.values.length > TRAIL) trail.values.shift();
      }
      kept.set(id, trail);
    }
    this.trails = kept;
  }

  points(id) {
    const values = this.trails.get(id)?.values ?? [];
    if (values.length < LEAST_TRAIL) return null;
    const low = Math.min(...values);
    const range = Math.max(...values) - low || 1;
    const step = 46 / (TRAIL - 1);
    const first = 47 - step * (values.length - 1);
    return values.map((value, index) =>
      `${(first + step * index).toFixed(1)},${(14 - ((value - low) / range) * 12).toFixed(1)}`).join(" ");
  }
}

// The choice of a counter above a board of people, as links.
export class MetricTabs {
  // offered: the names of counters.
  constructor(page, offered) {
    Object.assign(this, { page, offered });
    this.root = element("nav", { class: "tabs", "aria-label": "Counter of people" });
  }

  get metric() {
    const sought = this.page.parameter("metric");
    return this.offered.includes(sought) ? sought : this.offered[0];
  }

  render() {
    const names = this.offered.join();
    if (names !== this.names) {
      this.names = names;
      this.root.replaceChildren(...this.offered.map((metric) =>
        element("a", { "data-metric": metric }, capital(metric))));
    }
    for (const link of this.root.children) {
      setAttribute(link, "href", this.page.urlWith({ metric: link.dataset.metric }));
      setAttribute(link, "aria-current", link.dataset.metric === this.metric ? "true" : null);
    }
  }
}
