// The list of campaigns, where there are some.
import { element, setAttribute, setText } from "./dom.js";
import { clean } from "./text.js";
import { count } from "./format.js";
import { campaignUrl, path, read } from "./answers.js";

const EVERY_MS = 3000;

export class Campaigns {
  constructor() {
    this.list = element("ol", { class: "rows" });
    this.root = element("section", { class: "board", "aria-label": "Campaigns", hidden: true },
      element("div", { class: "heading" }, element("h2", {}, "Campaigns")), this.list);
    this.asked = -EVERY_MS;
  }

  // Rows for the names of the status at once, their figures when they were read.
  async show({ campaigns = [] }, window) {
    const names = campaigns.join();
    if (names !== this.names) {
      this.names = names;
      this.root.hidden = !campaigns.length;
      this.rows = campaigns.map((name) => {
        const value = element("span", { class: "value" }, "\u00a0");
        this.list.append(element("li", { class: "row" }, element("a", { class: "name" },
          element("bdi", {}, clean(name, 80))), value));
        return { name, value, link: this.list.lastChild.firstChild };
      });
      this.list.replaceChildren(...this.rows.map(({ link }) => link.parentNode));
    }
    this.rows.forEach(({ name, link }) => setAttribute(link, "href", campaignUrl(name)));
    const now = performance.now();
    if (!campaigns.length || (window === this.window && now - this.asked < EVERY_MS)) return;
    Object.assign(this, { window, asked: now });
    const answer = await read(path("campaigns"));
    for (const { name, value } of this.rows) {
      const found = answer?.campaigns.find((each) => each.name === name);
      setText(value, found ? `${count(found[`posts:${window}`])} posts, ${count(found[`people:${window}`])} people` : "");
    }
  }
}
