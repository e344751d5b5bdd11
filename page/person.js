// One person: what they carried, the ledger with its sentence, and the counters of all windows.
import { element, section, setText, table } from "./dom.js";
import { clean, nameOf, networkLetter } from "./text.js";
import { count, date, figure } from "./format.js";
import { ask, cascadeUrl, path } from "./answers.js";
import { mark, showMark } from "./boards.js";
import { coverageSentence } from "./status.js";

const METRICS = ["carried", "translated", "influence", "retweets", "quotes", "replies", "mentions",
  "reach", "posts"];
const REFRESH_MS = 3000;

function counters(user, windows, status) {
  const sentences = windows.map((window) => coverageSentence(status, window));
  const head = windows.map((window, index) => {
    const sign = mark();
    showMark(sign, sentences[index]);
    return element("span", {}, sign, window);
  });
  const made = table(["Counter", ...head], METRICS.map((metric) =>
    [metric, ...windows.map((window) => count(user[`${metric}:${window}`] ?? 0))]),
  "Counters", ...sentences.filter(Boolean).map((each) => element("span", {}, each)));
  made.className = "counters";
  return made;
}

function ledger(carrier) {
  if (!carrier) {
    return section("Ledger", {}, element("p", { class: "note" }, "No reshares of this person are in the ledger."));
  }
  return section("Ledger", {}, element("p", { class: "sentence" }, element("bdi", {}, clean(carrier.why, 300))),
    element("dl", {}, ...["people", "acts", "rate", "next", "best", "head_start", "early", "tries",
      "estimated"].filter((name) => carrier[name] !== undefined).flatMap((name) =>
      [element("dt", {}, name.replace("_", " ")), element("dd", {}, figure(Number(carrier[name])))])));
}

function posts(list) {
  if (!list?.length) return section("Posts that spread", {}, element("p", { class: "note" }, "None in memory."));
  return section("Posts that spread", {}, element("ol", { class: "rows" }, ...list.slice(0, 10).map((post) => {
    const id = typeof post === "string" ? post : post.id;
    return element("li", { class: "row" },
      element("a", { class: "name", href: cascadeUrl(id) },
        element("bdi", {}, clean(post.text, 120) || clean(id, 60))),
      element("span", { class: "value" }, count(post.size)));
  })));
}

export class PersonView {
  constructor(id, page) {
    Object.assign(this, { id, page });
    this.heading = element("h1", { tabindex: "-1" }, element("bdi", {}, "\u00a0"));
    this.about = element("p", { class: "by" }, "\u00a0");
    this.lists = element("div", { class: "lists" });
    this.root = element("article", { class: "person" }, this.heading, this.about, this.lists);
  }

  async start() {
    await this.refresh();
    this.timer = setInterval(() => this.page.isLive() && this.refresh(), REFRESH_MS);
  }

  stop() {
    clearInterval(this.timer);
  }

  async refresh() {
    const { status, data } = await ask(path("users", this.id));
    if (status === 200) {
      const text = JSON.stringify(data);
      if (text !== this.newest && !this.lists.matches(":focus-within")) this.render(data);
      this.newest = text;
    } else if (status && !this.newest) {
      setText(this.heading.firstChild, nameOf(null, this.id));
      setText(this.about, "This person is not in memory.");
    }
  }

  render(user) {
    const name = nameOf(user.handle, this.id);
    document.title = name;
    setText(this.heading.firstChild, name);
    this.about.replaceChildren(
      element("span", { class: "network" }, networkLetter(user.network ?? this.id)),
      element("bdi", {}, clean(user.name, 80)),
      ` \u00b7 ${count(Number(user.followers))} followers \u00b7 last seen ${
        date(typeof user.last_seen === "string" ? Date.parse(user.last_seen) : user.last_seen)}`);
    const windows = this.page.status?.windows ?? [...new Set(Object.keys(user)
      .filter((key) => key.includes(":")).map((key) => key.split(":")[1]))];
    const own = windows.map((window) => `${window}: ${count(user[`carried:${window}`] ?? 0)}`);
    this.lists.replaceChildren(
      section("Carried", {},
        element("p", { class: "sentence" }, `People who came through ${name}: ${own.join(", ")}.`),
        counters(user, windows, this.page.status)),
      ledger(user.carrier), posts(user.cascades));
  }
}
