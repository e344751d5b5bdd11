// One campaign: its figures for each window beside the window before, its growth, boards, and whom to
// talk to.
import { drawing, element, section, setAttribute, setText } from "./dom.js";
import { clean } from "./text.js";
import { count, percent } from "./format.js";
import { ask, path, read } from "./answers.js";
import { Board, MetricTabs, mark, showMark } from "./boards.js";
import { Adopters } from "./adopters.js";
import { Outreach } from "./outreach.js";
import { Pace } from "./pace.js";
import { coverageSentence } from "./status.js";

// Those without a window before are numbers of different people or posts.
const FIGURES = [["posts", "posts"], ["people", "people who took part"], ["new_people", "of them, new"],
  ["known_people", "of them, known"], ["retweets", "retweets"], ["quotes", "quotes"], ["replies", "replies"],
  ["reach", "reach"], ["carried", "carried"], ["translated", "translated"], ["cascades", "cascades"],
  ["rival_posts", "posts of rivals"]];
const METRICS = ["carried", "influence", "retweets", "quotes", "replies", "reach", "posts", "translated"];
const PEOPLE = 100; // of the list
const SLOW = 5; // the list and the growth are read with one of so many answers
const BAR = 64;

// The part of the campaign in what is published by it and its rivals.
function shareCell() {
  const part = drawing("path", { class: "part" });
  const text = element("span");
  const cell = element("td", { colspan: 2, class: "share" }, drawing("svg", { viewBox: `0 0 ${BAR} 8`,
    "aria-hidden": "true" }, drawing("path", { class: "whole", d: `M0,4H${BAR}` }), part), text);
  return { cell, show: (share) => {
    setAttribute(part, "d", Number.isFinite(share) ? `M0,4H${BAR * share}` : null);
    setText(text, Number.isFinite(share) ? percent(share) : "\u2013");
  } };
}

class Figures {
  constructor() {
    this.caption = element("caption");
    this.table = element("table", { class: "counters" });
    this.root = section("Figures", {},
      element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Figures of all windows" },
        this.table));
  }

  build(windows) {
    this.names = windows.join();
    this.marks = windows.map(mark);
    this.cells = FIGURES.map(() => windows.map(() =>
      [element("td"), element("td", { class: "before" })]));
    this.shares = windows.map(shareCell);
    this.table.replaceChildren(this.caption, element("thead", {},
      element("tr", {}, element("th", { scope: "col", rowspan: 2 }, "Counter"), ...windows.map((window, index) =>
        element("th", { scope: "colgroup", colspan: 2 }, this.marks[index], window))),
      element("tr", {}, ...windows.flatMap(() => [element("th", { scope: "col" }, "now"),
        element("th", { scope: "col", class: "before" }, "before")]))),
    element("tbody", {}, ...FIGURES.map(([, title], row) => element("tr", {},
      element("th", { scope: "row" }, title), ...this.cells[row].flat())),
    element("tr", {}, element("th", { scope: "row" }, "share of voice"),
      ...this.shares.map(({ cell }) => cell))));
    this.ofRivals = [...this.table.rows].slice(-2);
  }

  show(campaign, status) {
    const windows = status?.windows ?? [];
    if (windows.join() !== this.names) this.build(windows);
    const sentences = windows.map((window) => coverageSentence(status, window));
    this.caption.replaceChildren(...sentences.filter(Boolean).map((each) => element("span", {}, each)));
    this.ofRivals.forEach((row) => { row.hidden = !campaign.has_rivals; });
    windows.forEach((window, index) => {
      showMark(this.marks[index], sentences[index]);
      FIGURES.forEach(([name], row) => {
        const [now, before] = this.cells[row][index];
        setText(now, count(campaign[`${name}:${window}`] ?? 0));
        setText(before, count(campaign.before?.[`${name}:${window}`]));
      });
      this.shares[index].show(campaign[`share:${window}`]);
    });
  }
}

export class CampaignView {
  constructor(name, page) {
    Object.assign(this, { name, page });
    this.heading = element("h1", { tabindex: "-1" }, element("bdi", {}, clean(name, 80)));
    this.about = element("p", { class: "by" }, "\u00a0");
    this.figures = new Figures();
    this.adopters = new Adopters();
    this.outreach = new Outreach();
    this.people = new Board({ title: "People", kind: "people", rows: 10 });
    this.cascades = new Board({ title: "Cascades", kind: "cascades", rows: 10 });
    this.hashtags = new Board({ title: "Hashtags", kind: "hashtags", rows: 10 });
    this.boards = [this.people, this.cascades, this.hashtags];
    this.tabs = new MetricTabs(page, METRICS);
    this.people.list.before(this.tabs.root);
    this.parts = element("div", { hidden: true },
      element("div", { class: "pair" }, this.figures.root, this.adopters.root),
      element("div", { class: "pair work" }, this.outreach.root,
        element("div", {}, ...this.boards.map((each) => each.root))));
    this.root = element("article", { class: "campaign" }, this.heading, this.about, this.parts);
    this.pace = new Pace();
    this.turn = 0;
  }

  get where() {
    return path("campaigns", this.name);
  }

  async start() {
    document.title = `${clean(this.name, 80)}: campaign`;
    await this.refresh();
    await this.choose();
  }

  stop() {
    this.pace.stop();
    this.adopters.stop();
  }

  choose() {
    const { window } = this.page;
    this.tabs.render();
    this.cover();
    return this.isThere ? this.pace.choose([[this.people, this.tabs.metric, window],
      [this.cascades, "cascades", window], [this.hashtags, "hashtags", window]], { campaign: this.name }) : null;
  }

  cover() {
    const sentence = coverageSentence(this.page.status, this.page.window);
    this.boards.forEach((each) => each.cover(sentence));
    this.outreach.cover(coverageSentence(this.page.status, "all"));
  }

  pause(isPaused) {
    this.pace.pause(isPaused);
  }

  onStatus() {
    this.cover();
    if (this.page.isLive()) this.refresh();
  }

  async refresh() {
    if (this.isAsking) return;
    this.isAsking = true;
    const { status, data } = await ask(this.where);
    if (status === 200) {
      await this.render(data);
    } else if (status && !this.isThere) {
      setText(this.about, `There is no campaign of this name. ${this.others()}`);
    }
    this.isAsking = false;
  }

  others() {
    const names = this.page.status?.campaigns ?? [];
    return names.length ? `There are: ${names.map((each) => clean(each, 80)).join(", ")}.` : "There are no campaigns.";
  }

  async render(campaign) {
    const { window, status } = this.page;
    if (this.turn % SLOW === 0) {
      const [course, people] = await Promise.all([read(`${this.where}/course`),
        read(`${this.where}/outreach?limit=${PEOPLE}`)]);
      this.adopters.put(course);
      this.outreach.show(people);
    }
    this.turn += 1;
    const of = (name) => count(campaign[`${name}:${window}`] ?? 0);
    setText(this.about, `Last ${window}: ${of("posts")} posts by and ${of("retweets")} retweets of ${
      of("people")} people, ${of("new_people")} of them new.`);
    this.figures.show(campaign, status);
    this.isThere = true;
    this.parts.hidden = false;
  }
}
