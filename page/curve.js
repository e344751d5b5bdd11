// The growth curve of a cascade as SVG: what was observed is solid, the forecast is a dashed line
// with a band, from now on.
import { drawing, setText, setAttribute } from "./dom.js";
import { count, duration } from "./format.js";
import { sizeTicks, tallest, timeScale, timeTicks } from "./scale.js";

const HEIGHT = 260;
const TOP = 16;
const BOTTOM = 24;

export class Curve {
  constructor(label = "Growth, read with the arrow keys") {
    this.svg = drawing("svg", { class: "curve", tabindex: "0", role: "slider",
      "aria-label": label, "aria-valuemin": "0" });
    this.cursor = -1;
    this.svg.addEventListener("keydown", (event) => this.onKey(event));
    this.svg.addEventListener("pointermove", (event) => this.point(event));
  }

  // growth: [[age in seconds, size], …]; low, forecast and high may be absent.
  show(shown, { width, end, left, right, isLinear }) {
    Object.assign(this, { shown, width });
    const last = shown.growth.at(-1) ?? [0, 0];
    this.most = Math.max(4, tallest({ ...shown, size: last[1] })) * 1.08;
    this.x = timeScale({ end, left, right, isLinear });
    this.y = (size) => HEIGHT - BOTTOM - (Math.min(size, this.most) / this.most) *
      (HEIGHT - TOP - BOTTOM);
    this.reading = drawing("text", { class: "reading", y: TOP - 4, x: left + 8 });
    this.hair = drawing("path", { class: "hair" });
    this.marks = drawing("path", { class: "marks" });
    this.svg.replaceChildren(this.axes(end, left, right, isLinear), this.behind(end),
      drawing("path", { class: "line", d: this.line() }), this.marks, this.hair, this.reading);
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${HEIGHT}`);
    setAttribute(this.svg, "height", HEIGHT);
    setAttribute(this.svg, "aria-valuemax", Math.max(0, shown.growth.length - 1));
    this.move(this.cursor < 0 ? shown.growth.length - 1 : this.cursor, this.cursor >= 0);
  }

  words(age, size) {
    return `${count(size)} reshares ${duration(age)} after the post`;
  }

  // Drawn behind the line: what is likely.
  behind(end) {
    return this.band(end);
  }

  line() {
    let path = "";
    for (const [age, size] of this.shown.growth) {
      const [x, y] = [this.x(age).toFixed(1), this.y(size).toFixed(1)];
      path += path ? `H${x}V${y}` : `M${x},${y}`;
    }
    return path && `${path}H${this.x(this.shown.now).toFixed(1)}`;
  }

  band(end) {
    const { now, growth, low, forecast, high } = this.shown;
    const group = drawing("g", { class: "forecast" });
    if (!Number.isFinite(forecast)) return group;
    const size = growth.at(-1)?.[1] ?? 0;
    const from = `M${this.x(now)},${this.y(size)}`;
    const right = this.x(end);
    if (Number.isFinite(low) && Number.isFinite(high)) {
      group.append(drawing("path", { class: "band",
        d: `${from}L${right},${this.y(high)}V${this.y(Math.max(low, size))}Z` }));
    }
    group.append(drawing("path", { class: "likely", d: `${from}L${right},${this.y(forecast)}` }));
    return group;
  }

  axes(end, left, right, isLinear) {
    const group = drawing("g", { class: "axes", "aria-hidden": "true" });
    for (const size of sizeTicks(this.most)) {
      group.append(drawing("path", { d: `M${left},${this.y(size)}H${right}` }),
        drawing("text", { x: left - 8, y: this.y(size) + 4, "text-anchor": "end" }, count(size)));
    }
    group.append(drawing("path", { class: "base", d: `M${left},${this.y(0)}H${right}` }));
    let taken = -Infinity;
    for (const [age, text] of timeTicks(end, isLinear)) {
      const x = this.x(age);
      if (x - taken < 48 || x > right - 16) continue;
      taken = x;
      group.append(drawing("path", { d: `M${x},${this.y(0)}v4` }),
        drawing("text", { x, y: HEIGHT - 6, "text-anchor": "middle" }, text));
    }
    return group;
  }

  // Marks these ages on the line; none: [].
  mark(ages) {
    setAttribute(this.marks, "d", ages.map((age) =>
      `M${this.x(age).toFixed(1)},${TOP}V${this.y(0)}`).join("") || null);
  }

  move(index, isShown = true) {
    const { growth } = this.shown;
    if (!growth.length) return;
    const at = Math.min(Math.max(index, 0), growth.length - 1);
    const [age, size] = growth[at];
    const text = this.words(age, size, at);
    setAttribute(this.svg, "aria-valuenow", at);
    setAttribute(this.svg, "aria-valuetext", text);
    if (!isShown) return;
    this.cursor = at;
    setText(this.reading, text);
    setAttribute(this.hair, "d", `M${this.x(age)},${this.y(0)}V${this.y(size)}`);
  }

  onKey(event) {
    const from = this.cursor < 0 ? this.shown.growth.length - 1 : this.cursor;
    const to = { ArrowLeft: from - 1, ArrowDown: from - 1, ArrowRight: from + 1, ArrowUp: from + 1,
      Home: 0, End: this.shown.growth.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(to);
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.width;
    const index = this.shown.growth.findLastIndex(([age]) => this.x(age) <= x);
    this.move(index);
  }
}
