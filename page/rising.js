// The cascades that rise in the window: text, size, speed, what is likely.
import { element, drawing, setText, setAttribute } from "./dom.js";
import { clean, nameOf, networkLetter } from "./text.js";
import { count, duration, figure } from "./format.js";
import { cascadeUrl } from "./answers.js";
import { Hold } from "./hold.js";

const WIDTH = 240;

function slot() {
  const parts = {
    name: element("a", { class: "name" }, element("bdi")),
    meta: element("span", { class: "meta" }),
    network: element("span", { class: "network" }),
    text: element("p", { class: "post" }, element("bdi")),
    size: element("strong"),
    likely: element("span", { class: "estimate" }),
    speed: element("span", { class: "value" }),
    done: drawing("path", { class: "done" }),
    band: drawing("path", { class: "band" }),
    likelyMark: drawing("path", { class: "likely" }),
    via: element("bdi", { class: "via" }),
  };
  const range = drawing("svg", { class: "range", viewBox: `0 0 ${WIDTH} 8`, "aria-hidden": "true",
    preserveAspectRatio: "none" }, parts.band, parts.done, parts.likelyMark);
  const row = element("li", { class: "card empty" },
    element("div", { class: "by" }, parts.network, parts.name, parts.meta), parts.text,
    element("div", { class: "figures" }, parts.size, parts.likely, parts.speed), range, parts.via);
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
    this.root = element("section", { class: "board rising", "aria-label": "Rising" },
      element("div", { class: "heading" }, element("h2", {}, "Rising"), this.waiting), this.list,
      this.note);
    this.hold = new Hold(this);
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
    this.fillRange(each, size, entry);
  }

  // Observed: a solid bar. The forecast: a light band with a dashed line at the middle.
  fillRange(each, size, { forecast, forecast_low: low, forecast_high: high }) {
    const hasBand = [forecast, low, high].every(Number.isFinite);
    const most = Math.max(size, hasBand ? Math.min(high, size * 4) : size) || 1;
    const x = (value) => ((Math.min(value, most) / most) * WIDTH).toFixed(1);
    setAttribute(each.done, "d", `M0,1H${x(size)}V7H0Z`);
    setAttribute(each.band, "d", hasBand ? `M${x(Math.max(low, size))},1H${x(high)}V7H${x(Math.max(low, size))}Z` : null);
    setAttribute(each.likelyMark, "d", hasBand ? `M${x(size)},4H${x(forecast)}` : null);
  }
}
