// The keyboard.
import { element } from "./dom.js";

const KEYS = [["/", "search"], ["1 to 9", "window"], ["b", "next board"],
  ["up, down", "within a board"], ["left, right", "along a growth curve, and in a tree to the parent and a child"],
  ["Enter", "open"],
  ["Esc", "back"], ["p", "pause"], ["?", "this list"]];

const dialog = element("dialog", { class: "keys", "aria-label": "Keys" },
  element("h2", {}, "Keys"),
  element("dl", {}, ...KEYS.flatMap(([key, what]) =>
    [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)])),
  element("form", { method: "dialog" }, element("button", {}, "Close")));

const linksOf = (board) =>
  [...board.querySelectorAll(".rows a[href], .cards a[href]")].filter((link) => link.textContent);

function nextBoard() {
  const boards = [...document.querySelectorAll(".board")].filter((each) => linksOf(each).length);
  const current = boards.findIndex((board) => board.contains(document.activeElement));
  const next = boards[(current + 1) % boards.length];
  if (next) linksOf(next)[0].focus();
}

// Whether there was a board to move in.
function moveInBoard(step) {
  const board = document.activeElement?.closest(".board");
  if (!board) return false;
  const links = linksOf(board);
  const current = links.indexOf(document.activeElement);
  if (current < 0) return false;
  links[Math.min(Math.max(current + step, 0), links.length - 1)].focus();
  return true;
}

export function listen({ search, onWindow, onPause, onBack }) {
  document.body.append(dialog);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.matches("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const actions = {
      "/": () => { search.focus(); search.select(); },
      b: nextBoard,
      p: onPause,
      "?": () => dialog.showModal(),
      Escape: onBack,
      ArrowDown: () => moveInBoard(1),
      ArrowUp: () => moveInBoard(-1),
    };
    const action = actions[event.key] ??
      (/^[1-9]$/.test(event.key) ? () => onWindow(Number(event.key) - 1) : null);
    if (action && action() !== false) event.preventDefault();
  });
}
