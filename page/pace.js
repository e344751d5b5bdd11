// Newest answers of boards, shown at most twice a second, and not at all while paused.
import { on, want } from "./feed.js";
import { path, read } from "./answers.js";
import { boardName } from "./boards.js";

const EVERY_MS = 500;
const LIMIT = 20;

export class Pace {
  constructor() {
    this.shown = new Map(); // name -> {metric, window, boards}
    this.fresh = new Map(); // name -> answer
    this.isPaused = false;
    this.last = -EVERY_MS;
    this.off = [on("top", (answer) => this.receive(answer)), on("snapshot", () => this.fetchAll())];
  }

  stop() {
    this.off.forEach((each) => each());
    clearTimeout(this.timer);
    this.shown.clear();
  }

  // Which boards show what: [[board, metric, window], …]. Replaces what was chosen before.
  choose(chosen) {
    this.shown = new Map();
    for (const [board, metric, window] of chosen) {
      const name = boardName(metric, window);
      const entry = this.shown.get(name) ?? { metric, window, boards: [] };
      entry.boards.push(board);
      this.shown.set(name, entry);
    }
    want(this.shown.keys());
    return this.fetchAll();
  }

  async fetchAll() {
    await Promise.all([...this.shown].map(async ([name, { metric, window, boards }]) => {
      const answer = await read(`${path("top", metric, window)}?limit=${LIMIT}`);
      if (answer) this.receive(answer);
      else if (this.shown.has(name)) boards.forEach((board) => board.show(null));
    }));
  }

  receive(answer) {
    const name = boardName(answer.board, answer.window);
    if (!this.shown.has(name)) return;
    this.fresh.set(name, answer);
    if (this.timer || this.isPaused) return;
    const wait = Math.max(0, this.last + EVERY_MS - performance.now());
    this.timer = setTimeout(() => this.flush(), wait);
  }

  flush() {
    this.timer = 0;
    if (this.isPaused) return;
    this.last = performance.now();
    for (const [name, answer] of this.fresh) {
      this.shown.get(name)?.boards.forEach((board) => board.show(answer));
    }
    this.fresh.clear();
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    if (!isPaused) this.flush();
  }
}
