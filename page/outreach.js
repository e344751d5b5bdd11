// Whom to talk to in a campaign, with reasons. A button for each person copies name and reason.
import { element, section, setAttribute, setText } from "./dom.js";
import { clean, nameOf, networkLetter } from "./text.js";
import { date, figure } from "./format.js";
import { userUrl } from "./answers.js";
import { Hold } from "./hold.js";
import { mark, showMark } from "./boards.js";

const ESTIMATED = "estimated: ";
const FEW = 12; // people that are shown at first

// What was observed, and what is estimated, of the sentence `why`.
function reasons(why) {
  const words = clean(why, 1500);
  const at = words.lastIndexOf(ESTIMATED);
  return at < 0 ? [words, ""] : [words.slice(0, at), words.slice(at)];
}

// On pages that are not secure browsers have no clipboard but this.
function copyBySelection(text) {
  const field = element("textarea", { readonly: true, class: "skip" });
  const before = document.activeElement;
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  before?.focus({ preventScroll: true });
  return isCopied;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

export class Outreach {
  constructor() {
    this.slots = [];
    this.list = element("ol", { class: "rows outreach" });
    this.waiting = element("span", { class: "waiting" });
    this.mark = mark();
    this.note = element("p", { class: "note" });
    this.more = element("button", { type: "button", hidden: true, onclick: () => this.showAll() });
    this.most = FEW;
    this.copied = element("p", { class: "copied", role: "status" });
    this.root = section("Whom to talk to", { beside: [this.mark, this.waiting] }, this.copied, this.list, this.more, this.note);
    this.hold = new Hold(this);
  }

  cover(sentence) {
    showMark(this.mark, sentence);
  }

  show(answer) {
    const entries = answer?.entries ?? [];
    if (this.hold.isActive && this.slots.some((each) => each.id !== null)) {
      this.hold.keep(answer, entries, (each, entry) => this.fill(each, entry));
      return;
    }
    this.hold.release();
    while (this.slots.length < entries.length) this.slots.push(this.slot());
    this.slots.forEach((each, index) => this.fill(each, entries[index]));
    this.more.hidden = entries.length <= this.most;
    setText(this.more, `Show all ${entries.length}`);
    setText(this.note, entries.length ? "" : "Nobody has a public act in this campaign yet.");
  }

  slot() {
    const parts = {
      id: null,
      rank: element("span", { class: "rank" }),
      network: element("span", { class: "network" }),
      name: element("a", { class: "name" }, element("bdi")),
      value: element("span", { class: "value" }),
      done: element("span", { class: "done" }),
      seen: element("bdi", { class: "why" }),
      likely: element("bdi", { class: "estimate" }),
      button: element("button", { type: "button", onclick: () => this.onCopy(parts) }, "Copy"),
    };
    parts.row = element("li", { class: "suggestion" }, parts.rank, parts.network, parts.name, parts.value,
      element("p", {}, parts.done, parts.seen, parts.likely), parts.button);
    this.list.append(parts.row);
    return parts;
  }

  fill(each, entry) {
    each.id = entry?.id ?? null;
    each.row.hidden = !entry || this.slots.indexOf(each) >= this.most;
    if (!entry) return;
    const [seen, likely] = reasons(entry.why);
    const name = nameOf(entry.handle, entry.id);
    each.text = `${name} (${clean(entry.id, 200)}): ${seen}${likely}`;
    setText(each.rank, String(entry.rank));
    setText(each.network, networkLetter(entry.id));
    setText(each.name.firstChild, name);
    setAttribute(each.name, "href", userUrl(entry.id));
    setAttribute(each.name, "title", clean(entry.name || entry.id, 200));
    setText(each.value, `${figure(entry.people)} people`);
    setText(each.done, Number.isFinite(entry.done_ms) ? `Talked to on ${date(entry.done_ms)}. ` : "");
    setText(each.seen, seen);
    setText(each.likely, likely);
    setAttribute(each.button, "aria-label", `Copy ${name} and the reason`);
  }

  showAll() {
    const next = this.slots[this.most];
    this.most = Infinity;
    this.slots.forEach((each) => { each.row.hidden = each.id === null; });
    this.more.hidden = true;
    next?.button.focus({ preventScroll: true });
  }

  async onCopy({ text }) {
    const isCopied = await copy(text);
    setText(this.copied, isCopied ? `Copied: ${text}` : "The browser does not let this page copy. Select the text instead.");
  }
}
