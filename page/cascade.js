// One cascade: its text and figures, the growth curve and the tree under the same time axis, and
// the carriers, who are highlighted in both.
import { element, section, setText, table } from "./dom.js";
import { clean, nameOf, networkLetter } from "./text.js";
import { clock, count, date, duration, figure } from "./format.js";
import { path, read, ask, userUrl } from "./answers.js";
import { Curve } from "./curve.js";
import { Tree } from "./tree.js";
import { alertReasons, alertPost } from "./alerts.js";
import { likelyWords } from "./rising.js";

const REFRESH_MS = 2000;
const LEFT = 56;
const RIGHT = 40;
const AHEAD = 1.6; // the axis reaches so far beyond the age of the post while there is a forecast
const TABLE_ROWS = 24;

function figures(cascade, age) {
  const words = [`${count(cascade.size)} reshares`, `${count(cascade.amplifiers)} people`,
    `reach ${count(cascade.reach)}`, `${figure(cascade.velocity_5m)}/min`,
    `${duration(age)} old`, clean(cascade.stage ?? cascade.state, 40).replaceAll("_", " ")];
  if (Number.isFinite(cascade.depth)) words.push(`depth ${count(cascade.depth)}`);
  return words.filter(Boolean).join(" \u00b7 ");
}

function people(title, list, words) {
  if (!list?.length) return section(title, {}, element("p", { class: "note" }, "None seen."));
  return section(title, {}, element("ol", { class: "rows" }, ...list.slice(0, 10).map((person) =>
    element("li", { class: "row", "data-id": person.id },
      element("a", { class: "name", href: userUrl(person.id) },
        element("bdi", {}, nameOf(person.handle, person.id))),
      element("span", { class: person.observed === false ? "why estimate" : "why" },
        words(person))))));
}

// At most TABLE_ROWS points, the first and the last among them.
function growthTable({ growth = [], ...cascade }) {
  const step = Math.max(1, Math.ceil(growth.length / TABLE_ROWS));
  const chosen = growth.filter((_, index) => index % step === 0 || index === growth.length - 1);
  const likely = likelyWords(cascade);
  return table(["after the post", "reshares"], [...chosen.map(([age, size]) => [duration(age), count(size)]),
    ...(likely ? [["in the end", element("span", { class: "estimate" }, likely)]] : [])]);
}

function fillTable(details, table) {
  details.replaceChildren(details.firstChild, table);
}

export class CascadeView {
  constructor(id, page) {
    Object.assign(this, { id, page, isLinear: false, curve: new Curve(),
      tree: new Tree((person) => page.go(userUrl(person))) });
    this.tree.root.hidden = true;
    this.heading = element("h1", { class: "post", tabindex: "-1" }, element("bdi", {}, "\u00a0"));
    this.by = element("p", { class: "by" });
    this.figures = element("p", { class: "figures" }, "\u00a0");
    this.toggle = element("button", { type: "button", onclick: () => this.switchScale() },
      "Linear time");
    this.table = element("details", { class: "table" }, element("summary", {}, "Growth as a table"));
    this.treeTable = element("details", { class: "table" }, element("summary", {}, "Tree as a table"));
    this.lists = element("div", { class: "lists" });
    this.charts = element("div", { class: "charts" }, this.curve.svg, this.tree.root);
    this.root = element("article", { class: "cascade" }, this.heading, this.by, this.figures,
      element("div", { class: "tools" }, this.toggle,
        element("button", { type: "button", onclick: () => this.saveDrawing() }, "Save curve as SVG"),
        element("a", { href: path("cascades", id), download: "cascade.json" }, "JSON"),
        element("a", { href: `${path("cascades", id)}/tree`, download: "tree.json" }, "Tree as JSON")),
      this.charts, this.table, this.treeTable, this.lists);
    this.lists.addEventListener("pointerover", (event) => this.onPoint(event));
    this.lists.addEventListener("focusin", (event) => this.onPoint(event));
    this.lists.addEventListener("pointerleave", () => this.highlight(null));
    this.observer = new ResizeObserver(() => this.draw());
  }

  async start() {
    this.observer.observe(this.charts);
    await this.refresh();
    this.timer = setInterval(() => this.page.isLive() && this.refresh(), REFRESH_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.observer.disconnect();
  }

  async refresh() {
    if (this.isAsking) return;
    this.isAsking = true;
    const { status, data } = await ask(path("cascades", this.id));
    if (status === 200) {
      const isNew = JSON.stringify(data) !== this.newest;
      this.newest = JSON.stringify(data);
      if (isNew) {
        this.cascade = data;
        const tree = await read(`${path("cascades", this.id)}/tree`);
        this.tree.root.hidden = !tree?.parent;
        this.treeTable.hidden = !tree?.parent;
        if (tree?.parent) {
          this.tree.show(this.aged(tree));
          fillTable(this.treeTable, this.tree.table());
        }
        this.render(data);
        this.draw();
      }
    } else if (status && !this.cascade) {
      setText(this.heading.firstChild, "This cascade is not in memory.");
      setText(this.figures, "It was never seen, or its window has passed.");
      this.charts.hidden = true;
    }
    this.isAsking = false;
  }

  // Times of the tree as ages: the answer may carry milliseconds since 1970 or seconds since the root.
  aged(tree) {
    const root = Number(tree.time?.[0]) || 0;
    return root < 1e11 ? tree : { ...tree, time: tree.time.map((at) => (at - root) / 1000) };
  }

  get age() {
    const { created_ms: created, last_ms: last } = this.cascade;
    const now = this.page.status?.clock_ms ?? last;
    const grown = this.cascade.growth?.at(-1)?.[0] ?? 0;
    return Math.max(grown, ((this.cascade.state === "closed" ? last : now) - created) / 1000 || 0, 1);
  }

  render(cascade) {
    document.title = `${nameOf(cascade.handle, cascade.author)}: ${clean(cascade.text, 60)}`;
    setText(this.heading.firstChild, clean(cascade.text, 500) || "(no text seen)");
    this.by.replaceChildren(element("span", { class: "network" }, networkLetter(cascade.network ?? this.id)),
      element("a", { href: userUrl(cascade.author) },
        element("bdi", {}, nameOf(cascade.handle, cascade.author))),
      ` \u00b7 ${date(cascade.created_ms)}`);
    setText(this.figures, figures(cascade, this.age));
    const likely = likelyWords(cascade);
    if (likely) {
      this.figures.append(" \u00b7 ", element("span", { class: "estimate" }, likely));
      if (cascade.supercritical) this.figures.append(" \u00b7 ", element("span", { class: "warm" },
        "each reshare brings more than one other"));
    }
    fillTable(this.table, growthTable(cascade));
    if (!this.lists.matches(":focus-within") && !this.lists.matches(":hover")) this.renderLists(cascade);
  }

  async renderLists(cascade) {
    const answer = await read(path("alerts") + "?limit=100");
    const alerts = (Array.isArray(answer) ? answer : answer?.alerts ?? [])
      .filter((alert) => alertPost(alert) === this.id).slice(0, 5);
    const alertList = section("Alerts of it", {},
      ...(alerts.length ? [element("ol", { class: "rows" }, ...alerts.map((alert) =>
        element("li", { class: "row" }, element("span", {}, clock(Date.parse(alert.time))),
          element("span", { class: "rule" }, clean(alert.rule, 40)),
          element("span", { class: "why" }, alertReasons(alert)))))]
        : [element("p", { class: "note" }, "None so far.")]));
    this.lists.replaceChildren(
      people("Carriers", cascade.top_carriers, (person) => person.observed === false
        ? `about ${figure(person.people)} came through them`
        : `${figure(person.people)} of ${count(cascade.size)} came through them`),
      people("Amplifiers", cascade.top_amplifiers, (person) => `${count(person.followers)} followers`),
      alertList);
  }

  get axis() {
    const hasForecast = Number.isFinite(this.cascade?.forecast) && this.cascade.state !== "closed";
    const width = this.charts.clientWidth;
    return { width, end: this.age * (hasForecast ? AHEAD : 1), left: LEFT, right: width - RIGHT,
      isLinear: this.isLinear };
  }

  draw() {
    if (!this.cascade || !this.charts.clientWidth) return;
    const { growth = [], forecast, forecast_low: low, forecast_high: high } = this.cascade;
    this.curve.show({ growth, forecast, low, high, now: this.age }, this.axis);
    this.tree.draw(this.axis);
  }

  switchScale() {
    this.isLinear = !this.isLinear;
    setText(this.toggle, this.isLinear ? "Logarithmic time" : "Linear time");
    this.draw();
  }

  onPoint(event) {
    this.highlight(event.target.closest("[data-id]")?.dataset.id ?? null);
  }

  highlight(id) {
    if (id === this.pointed) return;
    this.pointed = id;
    const nodes = this.tree.highlight(id);
    this.tree.draw(this.axis);
    this.curve.mark(nodes.map((node) => Number(this.tree.answer.time[node]) || 0));
  }

  saveDrawing() {
    const copy = this.curve.svg.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    // The colours come from the style sheet, which the file does not have.
    const drawn = this.curve.svg.querySelectorAll("path, text");
    copy.querySelectorAll("path, text").forEach((node, index) => {
      const style = getComputedStyle(drawn[index]);
      for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size",
        "font-family", "fill-opacity"]) node.setAttribute(name, style.getPropertyValue(name));
    });
    const link = element("a", { download: "cascade.svg", href: URL.createObjectURL(
      new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}

