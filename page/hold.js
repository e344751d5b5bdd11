// While the pointer or the focus is inside a board, its order holds: the newest answer waits, values
// change where they are, and the number of waiting changes is shown.
import { setText } from "./dom.js";

export class Hold {
  // board: has `root`, `list`, `slots` (of which each has an id), `waiting` and show(answer).
  constructor(board) {
    this.board = board;
    this.isActive = false;
    this.pending = null;
    const begin = () => { this.isActive = true; };
    const end = () => {
      if (board.root.matches(":hover") || board.root.matches(":focus-within")) return;
      this.isActive = false;
      if (this.pending) board.show(this.pending);
    };
    board.list.addEventListener("pointerenter", begin);
    board.list.addEventListener("focusin", begin);
    board.root.addEventListener("pointerleave", end);
    board.root.addEventListener("focusout", () => setTimeout(end));
  }

  // The answer waits. update(slot, entry): for each slot whose entry is still there.
  keep(answer, entries, update) {
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    let changes = 0;
    this.pending = answer;
    this.board.slots.forEach((each, index) => {
      if ((entries[index]?.id ?? null) !== each.id) changes += 1;
      if (byId.has(each.id)) update(each, byId.get(each.id));
    });
    setText(this.board.waiting, changes ? `${changes} ${changes === 1 ? "change" : "changes"}` : "");
  }

  // An answer is shown as it is.
  release() {
    this.pending = null;
    setText(this.board.waiting, "");
  }
}
