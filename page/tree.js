// Draws the tree of a cascade on a canvas. Observed edges are solid, estimated ones dashed.
import { layOut, branchOf } from "./tree_layout.js";
import { element, setText } from "./dom.js";
import { clean, nameOf } from "./text.js";
import { count, duration } from "./format.js";
import { timeScale } from "./scale.js";

const MOST_HEIGHT = 640;
const LEAST_HEIGHT = 96;
const ROW = 9; // pixels of a row, as long as all fit
const PAD = 12;
const NEAR = 14; // pixels

export class Tree {
  constructor() {
    this.canvas = element("canvas", { class: "tree", role: "img" });
    this.said = element("p", { class: "reading" }, "\u00a0");
    this.root = element("div", {}, this.canvas, this.said);
    this.answer = null;
    this.layout = null;
    this.shine = []; // nodes of the carrier that is pointed at
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => setText(this.said, this.summary()));
  }

  // An answer of /api/v1/cascades/<id>/tree, with times as ages in seconds.
  show(answer) {
    this.answer = answer;
    this.layout = layOut(answer);
    this.canvas.setAttribute("aria-label", this.summary());
    setText(this.said, this.summary());
  }

  summary() {
    const { nodes, shown, observed = [] } = this.answer;
    const seen = observed.slice(1).reduce((sum, each) => sum + (each ? 1 : 0), 0);
    return `Tree of ${count(nodes - 1)} reshares` +
      (shown < nodes ? `, the earliest ${count(shown - 1)} shown` : "") +
      `: ${count(seen)} paths observed (solid), the others estimated (dashed).`;
  }

  // Draws for this width and axis. Returns the milliseconds it took.
  draw({ width, end, left, right, isLinear }) {
    if (!this.answer) return 0;
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

  // Highlights the branches of the nodes of a carrier; none: [].
  highlight(id) {
    const ids = id ? this.answer?.id ?? [] : [];
    const found = [];
    ids.forEach((each, node) => { if (each === id) found.push(node); });
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

  describe(node) {
    const who = nameOf(this.answer.handle?.[node], this.answer.id?.[node]);
    const age = duration(Number(this.answer.time[node]));
    return node ? `${clean(who, 60)}, ${age} after the post` : `${clean(who, 60)}: the post`;
  }
}
