// Newest answers of boards, shown at most twice a second, and not at all while paused or without
// data. Boards of a network or a campaign, which the feed does not have, are asked for once a second
// instead.
import { feedState, on, want } from "./feed.js";
import { path, read } from "./answers.js";
import { boardName } from "./boards.js";

const EVERY_MS = 500;
const LIMIT = 20;

export class Pace {
  // onAnswer: called for each answer, also those that are not shown yet.
  constructor(onAnswer = null) {
    this.onAnswer = onAnswer;
    this.shown = new Map(); // name -> {metric, window, boards}
    this.fresh = new Map(); // name -> answer
    this.isPaused = false;
    this.isAsked = false;
    this.last = -EVERY_MS;
    this.off = [on("top", (answer) => this.isAsked || this.receive(answer)),
      on("snapshot", () => this.fetchAll()), on("status", () => this.isAsked && this.fetchAll()),
      on("state", ({ state }) => state === "live" && this.flush())];
  }

  stop() {
    this.off.forEach((each) => each());
    clearTimeout(this.timer);
    this.shown.clear();
  }

  // Which boards show what: [[board, metric, window], …]. Replaces what was chosen before.
  choose(chosen, { network = "", campaign = "" } = {}) {
    this.shown = new Map();
    this.fresh.clear();
    this.isNew = true;
    this.network = network;
    this.base = campaign ? ["campaigns", campaign, "top"] : ["top"];
    this.isAsked = Boolean(network || campaign);
    for (const [board, metric, window] of chosen) {
      const name = boardName(metric, window);
      const entry = this.shown.get(name) ?? { metric, window, boards: [] };
      entry.boards.push(board);
      this.shown.set(name, entry);
    }
    want(this.isAsked ? [] : this.shown.keys());
    return this.fetchAll();
  }

  async fetchAll() {
    const { shown, network, base } = this;
    const query = new URLSearchParams({ limit: LIMIT, ...(network && { network }) });
    await Promise.all([...shown].map(async ([, { metric, window, boards }]) => {
      const answer = await read(`${path(...base, metric, window)}?${query}`);
      if (shown !== this.shown) return; // others were chosen meanwhile
      if (answer) this.receive(answer);
      else boards.forEach((board) => board.show(null));
    }));
    if (this.isNew && shown === this.shown) {
      this.flush();
      this.isNew = false;
    }
  }

  receive(answer) {
    const name = boardName(answer.board, answer.window);
    if (!this.shown.has(name)) return;
    this.onAnswer?.(answer);
    this.fresh.set(name, answer);
    if (this.timer || this.isPaused) return;
    const wait = Math.max(0, this.last + EVERY_MS - performance.now());
    this.timer = setTimeout(() => this.flush(), wait);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.isPaused || (feedState().state === "stale" && !this.isNew)) return;
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
