// The newest alerts, each with its reasons.
import { element, section, setText, setAttribute, isStill } from "./dom.js";
import { clean, nameOf } from "./text.js";
import { minute } from "./format.js";
import { campaignUrl, cascadeUrl, userUrl } from "./answers.js";

const MOST_CAMPAIGNS = 2;
const REPEATED = /^(.+?):(.+):(\d+)$/s; // <rule>:<post id>:<level>

export const alertAuthor = (alert) =>
  nameOf(alert.author?.handle ?? alert.cascade?.handle, alert.author?.id ?? alert.cascade?.author);
export const alertReasons = (alert) =>
  (Array.isArray(alert.why) ? alert.why : []).slice(0, 4).map((why) => clean(why, 120)).join(", ");
const isNewcomer = (alert) => alert.type === "campaign.newcomer";
const alertUrl = (alert) =>
  isNewcomer(alert) ? userUrl(alert.author?.id ?? "") : cascadeUrl(alertPost(alert));
// Ids begin with the network, as in "x:12".
const alertNetwork = (alert) =>
  isNewcomer(alert) ? (alert.author?.id ?? "").split(":")[0] : alert.cascade?.network;
export const alertPost = (alert) => alert.cascade?.id ?? REPEATED.exec(alert.id ?? "")?.[2] ?? "";

function showCampaigns(box, names) {
  const shown = (Array.isArray(names) ? names : []).slice(0, MOST_CAMPAIGNS);
  if (box.dataset.names === shown.join()) return;
  box.dataset.names = shown.join();
  box.replaceChildren(...shown.flatMap((name) => [" in ", element("a", { href: campaignUrl(name) },
    element("bdi", {}, clean(name, 40)))]));
}

function slot() {
  const parts = {
    time: element("time"),
    rule: element("span", { class: "rule" }),
    name: element("a", { class: "name" }, element("bdi")),
    campaigns: element("span", { class: "meta" }),
    why: element("p", { class: "why" }),
    text: element("p", { class: "post" }, element("bdi")),
  };
  return { ...parts, id: null, row: element("li", { class: "alert empty" },
    element("div", {}, parts.time, parts.rule, parts.name, parts.campaigns), parts.why, parts.text) };
}

export class Alerts {
  constructor(rows, announcer = null) {
    this.announcer = announcer;
    this.slots = Array.from({ length: rows }, slot);
    this.note = element("p", { class: "note" });
    this.list = [];
    this.root = section("Alerts", { kind: "board alerts" },
      element("ol", { class: "rows" }, ...this.slots.map((each) => each.row)), this.note);
  }

  // The answer of /api/v1/alerts, newest first. From now on alerts of other networks are left out.
  show(answer, network = "") {
    this.network = network;
    this.list = answer.filter((alert) => this.isOf(alert)).slice(0, this.slots.length);
    this.render();
  }

  isOf(alert) {
    return !this.network || alertNetwork(alert) === this.network;
  }

  add(alert) {
    if (!this.isOf(alert) || this.list.some((each) => each.id === alert.id)) return;
    this.list = [alert, ...this.list].slice(0, this.slots.length);
    this.render();
    if (this.announcer) {
      setText(this.announcer, `Alert ${clean(alert.rule, 40)}: ${alertAuthor(alert)}, ` +
        alertReasons(alert));
    }
    const { row } = this.slots[0];
    if (!isStill()) row.animate?.([{ opacity: 0 }, { opacity: 1 }], { duration: 400 });
  }

  render() {
    this.slots.forEach((each, index) => {
      const alert = this.list[index];
      each.row.classList.toggle("empty", !alert);
      setText(each.time, alert ? minute(Date.parse(alert.time)) : "");
      setText(each.rule, clean(alert?.rule, 40));
      setText(each.name.firstChild, alert ? alertAuthor(alert) : "");
      setAttribute(each.name, "href", alert ? alertUrl(alert) : null);
      showCampaigns(each.campaigns, alert?.campaigns);
      setText(each.why, alert ? alertReasons(alert) : "");
      setText(each.text.firstChild, clean(alert?.cascade?.text, 160));
    });
    setText(this.note, this.list.length ? "" : "No alerts yet.");
    this.note.classList.toggle("alone", !this.list.length);
  }
}
