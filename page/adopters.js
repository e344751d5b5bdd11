// How a campaign grew: the people who took part so far, with Rogers' classes by their first act in
// it, and the posts of each span of time as bars. Everything is in tables, too.
import { drawing, element, section, setText, table } from "./dom.js";
import { Curve } from "./curve.js";
import { count, date, day, duration } from "./format.js";
import { capital } from "./text.js";

const LEFT = 56;
const RIGHT = 16;
const BARS = 0.3; // of the height
const ABOVE = 16;
const BELOW = 236;
const TABLE_ROWS = 24;
const LETTER = 6.6; // px
const MONTHS = 300 * 86400; // s: a shorter course needs no year

const seconds = (ms) => ms / 1000;

export class Adopters extends Curve {
  constructor() {
    super("People who took part, read with the arrow keys");
    this.legend = element("p", { class: "note" });
    this.classes = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Rogers' classes" });
    this.details = element("details", { class: "table" }, element("summary", {}, "Growth as a table"));
    this.box = element("div", { class: "chart" }, this.svg);
    this.note = element("p", { class: "note" });
    this.root = section("How it grew", {}, this.note, this.box, this.legend, this.classes, this.details);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.box);
  }

  stop() {
    this.observer.disconnect();
  }

  // course: the answer of /api/v1/campaigns/<name>/course.
  put(course) {
    this.course = course;
    const isEmpty = !course?.joined?.length;
    for (const part of [this.box, this.legend, this.classes, this.details]) part.hidden = isEmpty;
    setText(this.note, isEmpty ? "Nobody has taken part yet." : "");
    if (isEmpty) return;
    const width = seconds(course.width_ms);
    const time = width * course.joined.length < MONTHS ? day : date;
    let sum = 0;
    this.points = [[0, 0], ...course.joined.map((people, index) => {
      sum += people;
      return [width * (index + 1), sum];
    })];
    setText(this.legend, `Line: people so far, ${count(sum)}. Bars: posts in ${duration(width)}, at most ${
      count(Math.max(...course.posts))}. Bands: classes of those who have joined so far, by their first act.`);
    this.classes.replaceChildren(table(["Class", "people", "from", "until"],
      course.classes.map((each) => [capital(each.name), count(each.people), time(each.from_ms),
        time(each.until_ms)]), "Rogers' classes"));
    const step = Math.ceil(course.joined.length / TABLE_ROWS);
    const chosen = this.points.slice(1).map((point, index) => [point, index])
      .filter(([, index]) => (index + 1) % step === 0 || index === course.joined.length - 1);
    this.details.replaceChildren(this.details.firstChild, table(["Until", "people", "posts"],
      chosen.map(([[age, size], index]) => [time(course.start_ms + age * 1000),
        count(size), count(course.posts.slice(0, index + 1).reduce((all, each) => all + each, 0))])));
    this.draw();
  }

  draw() {
    const width = this.box.clientWidth;
    if (!this.points || !width) return;
    const end = this.points.at(-1)[0];
    this.show({ growth: this.points, now: end }, { width, end, left: LEFT, right: width - RIGHT,
      isLinear: true });
  }

  words(age, size, at) {
    const posts = this.course.posts[at - 1] ?? 0;
    return `${date(this.course.start_ms + age * 1000)}: ${count(size)} people, ${count(posts)} posts`;
  }

  behind() {
    const { course, x } = this;
    const group = drawing("g", { "aria-hidden": "true" });
    const age = (ms) => seconds(ms - course.start_ms);
    const some = course.classes.filter(({ people }) => people > 0);
    some.forEach(({ name, from_ms: from }, index) => {
      const left = x(age(from));
      const right = x(some[index + 1] ? age(some[index + 1].from_ms) : this.points.at(-1)[0]);
      if (index % 2) group.append(drawing("path", { class: "band", d: `M${left},${ABOVE}H${right}V${BELOW}H${left}Z` }));
      if (right - left > name.length * LETTER) {
        group.append(drawing("text", { x: (left + right) / 2, y: ABOVE + 16, "text-anchor": "middle" }, name));
      }
    });
    const most = Math.max(1, ...course.posts);
    const bars = course.posts.map((posts, index) => {
      const height = (posts / most) * (BELOW - ABOVE) * BARS;
      const [left, right] = [index, index + 1].map((each) => x(seconds(course.width_ms) * each));
      return height ? `M${left.toFixed(1)},${BELOW}v${-height.toFixed(1)}H${(right - Math.min(1, (right - left) / 4)).toFixed(1)}V${BELOW}Z` : "";
    });
    group.append(drawing("path", { class: "bars", d: bars.join("") }));
    return group;
  }
}
