// The cascades that rise in the window: text, size, speed, growth, what is likely.
import { element, drawing, section, setText, setAttribute } from "./dom.js";
import { clean, nameOf, networkLetter } from "./text.js";
import { count, duration, figure } from "./format.js";
import { cascadeUrl } from "./answers.js";
import { mark, showMark } from "./boards.js";
import { tallest } from "./scale.js";
import { Hold } from "./hold.js";

const WIDTH = 240;
const HEIGHT = 40;
const AHEAD = 1.35; // the line reaches so far beyond the age of the post while there is a forecast

function slot() {
  const parts = {
    name: element("a", { class: "name" }, element("bdi")),
    meta: element("span", { class: "meta" }),
    network: element("span", { class: "network" }),
    text: element("p", { class: "post" }, element("bdi")),
    size: element("strong"),
    likely: element("span", { class: "estimate" }),
    speed: element("span", { class: "value" }),
    line: drawing("path", { class: "line" }),
    now: drawing("path", { class: "now" }),
    band: drawing("path", { class: "band" }),
    likelyMark: drawing("path", { class: "likely" }),
    via: element("bdi", { class: "via" }),
  };
  const growth = drawing("svg", { class: "growth", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true",
    preserveAspectRatio: "none" }, parts.band, parts.likelyMark, parts.now, parts.line);
  const row = element("li", { class: "card empty" },
    element("div", { class: "by" }, parts.network, parts.name, parts.meta), parts.text,
    element("div", { class: "figures" }, parts.size, parts.likely, parts.speed), growth, parts.via);
  return { ...parts, row, id: null };
}

export function likelyWords({ forecast, forecast_low: low, forecast_high: high }) {
  if (!Number.isFinite(forecast)) return "";
  if (!Number.isFinite(low) || !Number.isFinite(high)) return `likely ${count(forecast)}`;
  return `likely ${count(low)} to ${count(high)}`;
}

export class Rising {
  // clock: gives the time of the stream in ms; that of a replay is not today's.
  constructor(rows, clock = () => null) {
    this.clock = clock;
    this.slots = Array.from({ length: rows }, slot);
    this.note = element("p", { class: "note" });
    this.list = element("ol", { class: "cards" }, ...this.slots.map((each) => each.row));
    this.waiting = element("span", { class: "waiting" });
    this.mark = mark();
    this.root = section("Rising", { kind: "board rising", beside: [this.mark, this.waiting] }, this.list,
      this.note);
    this.hold = new Hold(this);
  }

  cover(sentence) {
    showMark(this.mark, sentence);
  }

  show(answer) {
    const entries = (answer?.entries ?? []).slice(0, this.slots.length);
    const now = this.clock() ?? answer?.as_of_ms;
    if (this.hold.isActive && this.slots[0].id !== null) {
      this.hold.keep(answer, entries, (each, entry) => this.fillSlot(each, entry, now));
      return;
    }
    this.hold.release();
    setText(this.note, !answer ? "Not available." : entries.length ? "" : "Nothing yet.");
    this.note.classList.toggle("alone", !entries.length);
    this.slots.forEach((each, index) => this.fillSlot(each, entries[index], now));
  }

  fillSlot(each, entry, now) {
    each.id = entry?.id ?? null;
    each.row.classList.toggle("empty", !entry);
    if (!entry) {
      setAttribute(each.name, "href", null);
      for (const part of [each.name, each.text]) setText(part.firstChild, "");
      for (const part of [each.meta, each.network, each.size, each.likely, each.speed, each.via]) {
        setText(part, "");
      }
      return;
    }
    const size = entry.size ?? entry.value;
    setText(each.name.firstChild, nameOf(entry.handle, entry.author ?? entry.id));
    setAttribute(each.name, "href", cascadeUrl(entry.id));
    setText(each.network, networkLetter(entry.network ?? entry.id));
    const age = (now - entry.root_ms) / 1000;
    setText(each.meta, Number.isFinite(age) ? `${duration(age)} ago` : "");
    setText(each.text.firstChild, clean(entry.text, 180) || "(no text seen)");
    setText(each.size, `${count(size)} now`);
    setText(each.likely, likelyWords(entry));
    setText(each.speed, Number.isFinite(entry.speed) ? `${figure(entry.speed)}/min` : "");
    const via = entry.via ? `via ${nameOf(entry.via.handle, entry.via.id)}` +
      (Number.isFinite(entry.via.value) ? ` (${figure(entry.via.value)})` : "") : "";
    const stage = clean(entry.stage, 40).replaceAll("_", " ");
    setText(each.via, [stage, via].filter(Boolean).join(" \u00b7 "));
    this.fillGrowth(each, entry, age);
  }

  // Observed: a solid line that rises at each reshare. The forecast: a light band with a dashed line.
  fillGrowth(each, entry, age) {
    const { forecast, forecast_low: low, forecast_high: high, growth = [] } = entry;
    const size = growth.at(-1)?.[1] ?? 0;
    const now = Math.max(age || 0, growth.at(-1)?.[0] ?? 0, 1);
    const hasBand = [forecast, low, high].every(Number.isFinite);
    const end = now * (hasBand ? AHEAD : 1);
    const most = Math.max(1, tallest({ size, forecast, high }));
    const x = (at) => ((Math.min(at, end) / end) * WIDTH).toFixed(1);
    const y = (value) => (HEIGHT - 1 - (Math.min(value, most) / most) * (HEIGHT - 3)).toFixed(1);
    const steps = growth.map(([at, value]) => `H${x(at)}V${y(value)}`).join("");
    setAttribute(each.line, "d", growth.length ? `M0,${y(0)}${steps}H${x(now)}` : null);
    setAttribute(each.now, "d", hasBand ? `M${x(now)},0V${HEIGHT}` : null);
    setAttribute(each.band, "d", hasBand
      ? `M${x(now)},${y(size)}L${WIDTH},${y(high)}V${y(Math.max(low, size))}Z` : null);
    setAttribute(each.likelyMark, "d", hasBand
      ? `M${x(now)},${y(size)}L${WIDTH},${y(Math.max(forecast, size))}` : null);
  }
}
