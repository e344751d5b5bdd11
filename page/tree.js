// Draws the tree of a cascade on a canvas. Observed edges are solid, estimated ones dashed. The
// arrow keys go to the parent, the first child and the neighbours; Enter opens the person.
import { layOut, branchOf, neighbour } from "./tree_layout.js";
import { element, setAttribute, setText, table } from "./dom.js";
import { clean, nameOf } from "./text.js";
import { count, duration } from "./format.js";
import { timeScale } from "./scale.js";

const MOST_HEIGHT = 640;
const LEAST_HEIGHT = 96;
const ROW = 9; // pixels of a row, as long as all fit
const PAD = 12;
const NEAR = 14; // pixels
const TABLE_ROWS = 24;
const KEYS = { ArrowLeft: "parent", ArrowRight: "child", ArrowUp: "previous", ArrowDown: "next",
  Home: "root", End: "last" };

export class Tree {
  // onOpen: called with the id of a person.
  constructor(onOpen = () => {}) {
    this.onOpen = onOpen;
    this.canvas = element("canvas", { class: "tree", tabindex: "0", role: "slider", "aria-valuemin": "0" });
    this.cursor = -1; // the node that was reached with the keyboard
    this.said = element("p", { class: "reading" }, "\u00a0");
    this.root = element("div", {}, this.canvas, this.said);
    this.answer = null;
    this.layout = null;
    this.shine = []; // nodes of the carrier that is pointed at
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => setText(this.said, this.summary()));
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.addEventListener("blur", () => this.move(-1));
  }

  // An answer of /api/v1/cascades/<id>/tree, with times as ages in seconds.
  show(answer) {
    this.answer = answer;
    this.layout = layOut(answer);
    this.cursor = Math.min(this.cursor, this.layout.row.length - 1);
    setAttribute(this.canvas, "aria-label", `${this.summary()} Read with the arrow keys.`);
    setAttribute(this.canvas, "aria-valuemax", Math.max(0, this.layout.row.length - 1));
    this.showWords();
  }

  // What is at the cursor, or what the tree is.
  showWords() {
    setText(this.said, this.cursor < 0 ? this.summary() : this.describe(this.cursor));
    setAttribute(this.canvas, "aria-valuenow", Math.max(0, this.cursor));
    setAttribute(this.canvas, "aria-valuetext", this.describe(Math.max(0, this.cursor)));
  }

  move(node) {
    if (!this.answer || node === this.cursor) return;
    this.cursor = node;
    this.showWords();
    if (this.axis) this.draw(this.axis);
  }

  onKey(event) {
    if (!this.answer || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && this.cursor >= 0) {
      const person = this.answer.person?.[this.cursor];
      if (person) this.onOpen(person);
    } else if (KEYS[event.key]) {
      this.move(this.cursor < 0 ? 0 : neighbour(this.layout, this.cursor, KEYS[event.key]));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // The nodes with the most children.
  table() {
    const { parents } = this.layout;
    const brought = new Int32Array(parents.length);
    for (let node = 1; node < parents.length; node += 1) brought[parents[node]] += 1;
    const chosen = [...brought.keys()].filter((node) => brought[node] || !node)
      .sort((a, b) => brought[b] - brought[a] || a - b).slice(0, TABLE_ROWS);
    const head = ["person", "after the post", "came through", "path", "brought directly"];
    const cells = (node) => [this.who(node), node ? duration(Number(this.answer.time[node])) : "the post",
      node ? this.who(parents[node]) : "", node ? this.path(node) : "", count(brought[node])];
    return table(head, chosen.map((node) => cells(node).map((text) => element("bdi", {}, text))),
      "Those through whom most came");
  }

  summary() {
    const { nodes, shown, observed = [] } = this.answer;
    const seen = observed.slice(1).reduce((sum, each) => sum + (each ? 1 : 0), 0);
    return `Tree of ${count(nodes - 1)} reshares` +
      (shown < nodes ? `, the earliest ${count(shown - 1)} shown` : "") +
      `: ${count(seen)} paths observed (solid), the others estimated (dashed).`;
  }

  // Draws for this width and axis. Returns the milliseconds it took.
  draw(axis) {
    if (!this.answer) return 0;
    const { width, end, left, right, isLinear } = axis;
    this.axis = axis;
    const begun = performance.now();
    const { rows } = this.layout;
    const height = Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, rows * ROW + 2 * PAD));
    const ratio = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    this.canvas.style.height = `${height}px`;
    this.x = timeScale({ end, left, right, isLinear });
    this.step = (height - 2 * PAD) / Math.max(1, rows - 1);
    this.context = this.canvas.getContext("2d");
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
    this.paint();
    const took = performance.now() - begun;
    this.canvas.dataset.nodes = this.layout.row.length;
    this.canvas.dataset.drawnIn = took.toFixed(1);
    return took;
  }

  at(node) {
    return [this.x(Number(this.answer.time[node]) || 0), PAD + this.layout.row[node] * this.step];
  }

  edge(path, node) {
    const [x, y] = this.at(node);
    const [px, py] = this.at(this.layout.parents[node]);
    path.moveTo(px, py);
    path.lineTo(px, y);
    path.lineTo(Math.max(x, px), y);
  }

  paint() {
    const style = getComputedStyle(this.canvas);
    const color = (name) => style.getPropertyValue(name).trim();
    const { row, isWedged, parents } = this.layout;
    const bright = branchOf(parents, this.shine);
    const solid = new Path2D();
    const dashed = new Path2D();
    const shining = new Path2D();
    const dots = new Path2D();
    const size = Math.max(1.5, Math.min(4, this.step * 0.6));
    for (let node = 0; node < row.length; node += 1) {
      if (isWedged[node]) continue;
      if (node) this.edge(this.answer.observed?.[node] ? solid : dashed, node);
      if (node && bright[node]) this.edge(shining, node);
      const [x, y] = this.at(node);
      dots.rect(x - size / 2, y - size / 2, size, size);
    }
    const stroke = (path, colour, dash, lineWidth) => {
      Object.assign(this.context, { strokeStyle: color(colour), lineWidth });
      this.context.setLineDash(dash);
      this.context.stroke(path);
    };
    stroke(dashed, "--grey-2", [2, 3], 1);
    stroke(solid, "--grey-1", [], 1);
    stroke(shining, "--accent", [], 2);
    this.context.fillStyle = color("--ink");
    this.context.fill(dots);
    this.paintWedges(color, bright);
    if (this.cursor >= 0) {
      const [x, y] = this.at(this.cursor);
      this.context.beginPath();
      this.context.arc(x, y, 6, 0, 2 * Math.PI);
      this.context.strokeStyle = color("--accent");
      this.context.lineWidth = 2;
      this.context.stroke();
    }
  }

  paintWedges(color, bright) {
    const { wedges } = this.layout;
    const { context, step } = this;
    context.font = `11px ${getComputedStyle(this.canvas).fontFamily}`;
    context.textBaseline = "middle";
    context.setLineDash([]);
    let lowest = -Infinity;
    for (const { parent, row, from, to, count: leaves } of wedges) {
      const [px, py] = this.at(parent);
      const y = PAD + row * step;
      const half = Math.max(1.5, Math.min(6, step * 0.45));
      const [left, right] = [Math.max(px, this.x(from)), Math.max(px + 3, this.x(to))];
      context.beginPath();
      context.moveTo(px, py);
      context.lineTo(px, y);
      context.lineTo(left, y);
      context.lineTo(right, y - half);
      context.lineTo(right, y + half);
      context.lineTo(left, y);
      context.strokeStyle = context.fillStyle = color(bright[parent] ? "--accent" : "--grey-1");
      context.stroke();
      context.fill();
      if (y - lowest >= 11) { // labels do not overlap
        lowest = y;
        context.fillStyle = color("--ink");
        context.fillText(count(leaves), right + 4, y);
      }
    }
  }

  // Highlights the branches of the nodes of a person; none: null.
  highlight(id) {
    const people = id ? this.answer?.person ?? [] : [];
    const found = [];
    people.forEach((each, node) => { if (each === id) found.push(node); });
    this.shine = found;
    return found;
  }

  point(event) {
    if (!this.x) return;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = -1;
    let least = NEAR * NEAR;
    for (let node = 0; node < this.layout.row.length; node += 1) {
      if (this.layout.isWedged[node]) continue;
      const [nx, ny] = this.at(node);
      const far = (nx - x) ** 2 + (ny - y) ** 2;
      if (far < least) [least, best] = [far, node];
    }
    setText(this.said, best < 0 ? this.summary() : this.describe(best));
  }

  who(node) {
    const { handle, person } = this.answer;
    return clean(nameOf(handle?.[node], person?.[node]), 60);
  }

  path(node) {
    return this.answer.observed?.[node] ? "observed" : "estimated";
  }

  describe(node) {
    if (!node) return `${this.who(0)}: the post`;
    return `${this.who(node)}, ${duration(Number(this.answer.time[node]))} after the post, through ${
      this.who(this.layout.parents[node])} (${this.path(node)})`;
  }
}
