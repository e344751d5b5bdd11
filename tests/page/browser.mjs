// The page in a real browser, served by the real daemon. Run by tests/system/page.sh.
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { Daemon, PATIENCE_MS, cascade, installPackages, launchBrowser, load, post, until } from "./lab.mjs";
import { HOSTILE } from "./hostile.mjs";
import { assert, equal, runAll, test } from "./tap.mjs";

const PAGE = "page";
const MOST_BYTES = 45 * 1024;
const SIZES = [[320, 640], [768, 1024], [1440, 900], [2560, 1440]];

const missing = installPackages();
if (missing) {
  console.log(missing);
  process.exit(77);
}
const browser = await launchBrowser();
const daemon = await Daemon.make({
  more: "windows = {5m, 1h, 24h}\nalert \"viral\" { min_size = 10 levels = {1} }\n" +
    "campaign \"garden\" { words = {garden} rivals = {bread} }\ncampaign \"quiet\" { words = {wordthatnoonewrites} rivals = {norwordofrivals} }" });
const contexts = [];
const faults = [];     // errors in the console, and exceptions
let isCutOff = false;  // the daemon is away on purpose

async function newContext(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB",
    ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  contexts.push(context);
  return context;
}

async function open(where = "/", options = {}, context = null) {
  const page = await (context ?? await newContext(options)).newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !isCutOff) {
      faults.push(`${where}: ${message.text()} ${message.location().url}`);
    }
  });
  page.on("pageerror", (error) => faults.push(`${where}: ${error.stack}`));
  await page.goto(daemon.url + where);
  return page;
}

const isLive = (page) => page.waitForSelector("html[data-feed=live]");
const rowsOf = (page, kind = "people") => page.$$eval(`.rows.${kind} .row:not(.empty) .name`,
  (names) => names.map((name) => name.textContent));
const board = (page, metric) => page.click(`nav a[data-metric=${metric}]`);
const until1 = (page, what, text) =>
  page.waitForFunction(([selector, sought]) => document.querySelector(selector)?.textContent.includes(sought),
    [what, text]);

// The first cascade: two carriers, of whom the first brings four people and the second two.
const [root, ...reshares] = [...cascade("ann", "The garden learned to whistle", ["bob"], 4)];
const second = post("cat", { of: root, via: root });
reshares.push(second, post("dan", { of: root, via: second }), post("eve", { of: root, via: second }));
await daemon.push([root, ...reshares]);
const cascadeUrl = "/cascade/" + encodeURIComponent(root.id);

await until("the tree of the cascade is known", async () =>
  (await fetch(`${daemon.url}/api/v1/cascades/${encodeURIComponent(root.id)}/tree`)).ok);

test("boards show people in their order and move", async () => {
  const page = await open();
  await isLive(page);
  await until("bob is first", async () => (await rowsOf(page))[0] === "@bob");
  equal((await rowsOf(page)).slice(0, 2), ["@bob", "@cat"]);
  const more = [0, 1, 2, 3, 4, 5].map((number) => post(`fay-${number}`, { of: root, via: second }));
  await daemon.push(more);
  await until("cat is first", async () => (await rowsOf(page))[0] === "@cat");
  equal(await page.textContent(".rows.people .row .value"), "8");
});

test("counters and windows have addresses, and the page shows what they name", async () => {
  const page = await open("/?metric=influence&window=5m");
  await until("ann is first", async () => (await rowsOf(page))[0] === "@ann");
  equal(await page.textContent("#windows [aria-current]"), "5m");
  await page.click("#windows a[data-window='24h']");
  await page.waitForFunction(() => location.search.includes("window=24h"));
  assert(page.url().includes("metric=influence"), page.url());
  await page.goBack();
  await until1(page, "#windows [aria-current]", "5m");
});

test("a click opens the cascade with its text, curve and carriers", async () => {
  const page = await open();
  await page.click(".rising .name:has-text('ann')");
  await until1(page, "h1", "The garden learned to whistle");
  assert(decodeURIComponent(page.url()).endsWith(root.id), page.url());
  await page.waitForSelector(".curve .line", { state: "attached" });
  await page.waitForSelector(".lists .row:has-text('@cat')");
  await page.goBack();
  await page.waitForSelector(".home");
});

test("the tree of a cascade is drawn", async () => {
  const page = await open(cascadeUrl);
  const nodes = (await daemon.read(`/api/v1/cascades/${encodeURIComponent(root.id)}/tree`)).shown;
  await page.waitForSelector(`canvas[data-nodes="${nodes}"]`);
  const inked = await page.$eval("canvas.tree", (canvas) => canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0));
  assert(inked, "the tree is not drawn");
});

test("a tree grows while it is shown", async () => {
  const page = await open(cascadeUrl);
  await page.waitForSelector("canvas[data-nodes]");
  const before = Number(await page.getAttribute("canvas", "data-nodes"));
  await daemon.push([post("gus", { of: root, via: second }), post("hal", { of: root, via: second })]);
  await page.waitForFunction((count) => Number(document.querySelector("canvas").dataset.nodes) >= count,
    before + 2);
});

test("a carrier that is pointed at is highlighted in the tree and on the curve", async () => {
  const page = await open(cascadeUrl);
  await page.waitForSelector("canvas[data-nodes]");
  await page.hover(".lists .row:has-text('@cat')");
  await page.waitForSelector(".curve .marks[d]", { state: "attached" });
  await page.mouse.move(5, 5);
  await page.waitForSelector(".curve .marks:not([d])", { state: "attached" });
});

test("the tree is read with the arrow keys, and as a table", async () => {
  const page = await open(cascadeUrl);
  await page.waitForSelector("canvas[data-nodes]");
  await page.focus("canvas.tree");
  const said = () => page.getAttribute("canvas.tree", "aria-valuetext");
  await page.keyboard.press("Home");
  equal(await said(), "@ann: the post");
  await page.keyboard.press("ArrowRight");
  assert(/^@bob, .* after the post, through @ann \(observed\)$/.test(await said()), await said());
  await page.keyboard.press("ArrowRight");
  assert(/^@bob-0, .* through @bob /.test(await said()), await said());
  await page.keyboard.press("ArrowDown");
  assert(/^@bob-1, /.test(await said()), await said());
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowLeft");
  assert(/^@bob, /.test(await said()), await said());
  await page.click("summary:has-text('Tree as a table')");
  const rows = await page.$$eval(".cascade details[open] tbody tr", (all) => all.map((row) =>
    [...row.children].map((cell) => cell.textContent)));
  const cat = rows.find(([who]) => who === "@cat");
  equal([cat[2], cat[3]], ["@ann", "observed"]);
  assert(Number(cat[4]) >= 2, cat);
  await page.focus("canvas.tree");
  for (const key of ["Home", "ArrowRight", "Enter"]) await page.keyboard.press(key);
  await until1(page, "h1", "@bob");
});

test("the boards can be of one network", async () => {
  const page = await open("/?metric=posts");
  await isLive(page);
  const author = { id: "bsky:did:plc:nan", handle: "nan.example" };
  const more = () => daemon.push([post("nan", { text: "hello", author })]);
  await more();
  await until("people of two networks", async () => (await rowsOf(page)).includes("@nan.example"));
  await page.selectOption("#network", { label: "Bluesky" });
  await until("only those of one", async () => (await rowsOf(page)).join() === "@nan.example");
  assert(page.url().includes("network=bsky"), page.url());
  const value = () => page.textContent(".rows.people .row:not(.empty) .value");
  const before = Number(await value());
  await more();
  await until("the new value", async () => Number(await value()) === before + 1);
  await page.selectOption("#network", "");
  await until("all people", async () => (await rowsOf(page)).length > 1);
});

test("windows that are not full are marked, with the part that was seen", async () => {
  const page = await open("/?window=24h");
  await until1(page, "#totals", "24h window ");
  await page.waitForSelector(".board:has(.people) .mark");
  const title = await page.getAttribute(".board:has(.people) .mark", "title");
  assert(/^The 24h window is \d+.% full: only .+ of it were seen\.$/.test(title), title);
  await page.goto(daemon.url + "/user/app:cat");
  await until1(page, "table.counters caption", "The 24h window is");
});

test("a rising cascade has its growth as a line", async () => {
  const page = await open();
  await page.waitForSelector(".card:not(.empty) .growth .line[d]", { state: "attached" });
});

test("a person is shown with counters, ledger and posts", async () => {
  const page = await open("/user/app:cat");
  await until1(page, "h1", "@cat");
  await until1(page, "table.counters", "carried");
  await page.waitForSelector(".board[aria-label=Ledger]");
  await page.goto(daemon.url + "/user/app:ann");
  await until1(page, ".board[aria-label='Posts that spread']", "The garden learned");
});

test("a person has the width of the page, and headings beside each other one height", async () => {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    const context = await newContext({ viewport: { width, height } });
    const page = await open("/user/app:cat", {}, context);
    await until1(page, "table.counters", "carried");
    const broken = await page.$$eval("h1, h2, .counters th, .counters td", (all) => all
      .filter((each) => each.getClientRects().length && each.offsetHeight > 44).map((each) => each.textContent));
    equal(broken, []);
    const used = await page.$eval(".lists", (lists) => lists.getBoundingClientRect().right);
    assert(used > width - 40, { width, used });
    await page.goto(daemon.url + "/");
    await page.waitForSelector(".bottom .board h2");
    const tops = await page.$$eval(".bottom > .board h2, .bottom > div > .board:first-child h2", (all) =>
      all.map((each) => Math.round(each.getBoundingClientRect().top)));
    assert(tops.length === 4 && (width < 720 || new Set(tops).size === 1), tops);
    await context.close();
  }
});

test("what is not in memory is said in words", async () => {
  isCutOff = true; // an answer of 404 is an error in the console
  const page = await open("/user/app:no-one-at-all");
  await until1(page, "p.by", "not in memory");
  await page.goto(daemon.url + "/cascade/app:nothing");
  await until1(page, "h1", "not in memory");
  await page.fill("#search-words", "@no-one-at-all");
  await page.press("#search-words", "Enter");
  await until1(page, "#search-answer", "No one called @no-one-at-all is in memory.");
  isCutOff = false;
});

test("search finds a handle and an id", async () => {
  const page = await open();
  await page.fill("#search-words", "app:@cat");
  await page.press("#search-words", "Enter");
  await until1(page, "h1", "@cat");
  await page.fill("#search-words", "app:ann");
  await page.press("#search-words", "Enter");
  await until1(page, "h1", "@ann");
});

test("an alert arrives with its reasons and is announced", async () => {
  const page = await open();
  await isLive(page);
  await daemon.push(cascade("kim", "Bread bridges hold", ["lou"], 12));
  await until1(page, ".alert:not(.empty)", "@kim");
  await until1(page, ".alert:not(.empty) .why", "size");
  await until1(page, "#announcement", "viral: @kim");
  equal(await page.getAttribute("#announcement", "aria-live"), "polite");
});

test("a page that has lost the daemon says so, and comes back with it", async () => {
  const page = await open();
  await isLive(page);
  isCutOff = true;
  const begun = Date.now();
  await daemon.end("SIGKILL");
  await until1(page, "#state", "No data since");
  console.log(`# stale ${Date.now() - begun} ms after the daemon was killed`);
  await page.waitForSelector("html[data-feed=stale]");
  await daemon.start();
  const again = Date.now();
  await isLive(page);
  console.log(`# live ${Date.now() - again} ms after the daemon answered`);
  await daemon.push([post("ivy", { text: "back again #returned" })]);
  await until("the new hashtag", async () => (await rowsOf(page, "hashtags")).includes("#returned"));
  isCutOff = false;
  await daemon.push([root, ...reshares]); // it keeps no state, so it counts them again
});

test("a daemon that hangs is noticed, and its return as well", async () => {
  const page = await open();
  await isLive(page);
  const begun = Date.now();
  daemon.process.kill("SIGSTOP");
  await until1(page, "#state", "No data since");
  console.log(`# stale ${Date.now() - begun} ms after SIGSTOP`);
  daemon.process.kill("SIGCONT");
  await isLive(page);
});

test("a Redis that is gone or hangs is shown, and so is its return", async () => {
  const page = await open();
  await isLive(page);
  await until("people", async () => (await rowsOf(page)).length > 1);
  const ways = [["killed", () => daemon.endRedis(), () => daemon.startRedis()],
    ["stopped", () => daemon.redis.kill("SIGSTOP"), () => daemon.redis.kill("SIGCONT")]];
  for (const [what, end, again] of ways) {
    const begun = Date.now();
    await end();
    await page.waitForSelector("html[data-feed=stale]");
    console.log(`# stale ${Date.now() - begun} ms after Redis was ${what}`);
    assert(/^No data since \d\d:\d\d:\d\d\. Trying again\.$/.test(await page.textContent("#state")),
      await page.textContent("#state"));
    await until1(page, "#totals", "Redis does not answer.");
    assert((await rowsOf(page)).length > 1, "the boards are gone");
    const other = await open(); // which has seen nothing before
    await other.waitForSelector("html[data-feed=stale]");
    await until("its boards", async () => (await rowsOf(other)).length > 1);
    await other.close();
    const back = Date.now();
    await again();
    await isLive(page);
    console.log(`# live ${Date.now() - back} ms after its return`);
    const tag = `redis${what}`;
    await until("the new hashtag", async () => {
      await daemon.push([post("ivy", { text: `#${tag}` })]).catch(() => {}); // no room for a moment
      return (await rowsOf(page, "hashtags")).includes(`#${tag}`);
    });
  }
});

test("eight tabs stay live over one connection", async () => {
  const context = await newContext();
  const pages = [];
  let connections = 0;
  context.on("request", (request) => {
    if (request.url().includes("/api/v1/events")) connections += 1;
  });
  for (let number = 0; number < 8; number += 1) pages.push(await open("/", {}, context));
  await Promise.all(pages.map(isLive));
  console.log(`# ${connections} connections were opened`);
  assert(connections <= 3, `${connections} connections`);
  await pages[0].close(); // the leader
  const tag = `tabs${Date.now()}`;
  let pushes = 0; // each by another person: none of them becomes the first of a board
  await until("all tabs follow", async () => {
    pushes += 1;
    await daemon.push([post(`tab${pushes}`, { text: `#${tag}` })]);
    const seen = await Promise.all(pages.slice(1).map((page) => rowsOf(page, "hashtags")));
    return seen.every((names) => names.some((name) => name.startsWith("#tabs")));
  });
});

test("the order holds while the pointer is inside, and the changes are counted", async () => {
  const page = await open("/?metric=posts");
  await isLive(page);
  await until("people", async () => (await rowsOf(page)).length > 2);
  await page.hover(".rows.people .row .name");
  const before = await rowsOf(page);
  await daemon.push(Array.from({ length: 30 }, () => post("zoe", { text: "hello" })));
  await until1(page, ".waiting", "change");
  equal((await rowsOf(page))[0], before[0]);
  await page.mouse.move(5, 5);
  await until("zoe is first", async () => (await rowsOf(page))[0] === "@zoe");
});

test("Pause holds everything", async () => {
  const page = await open("/?metric=posts");
  await isLive(page);
  await page.click("#pause");
  await until1(page, "#state", "Paused at");
  const before = await rowsOf(page);
  await daemon.push(Array.from({ length: 40 }, () => post("yan", { text: "hello" })));
  await page.waitForTimeout(1500);
  equal(await rowsOf(page), before);
  await page.click("#pause");
  await until("yan is shown", async () => (await rowsOf(page)).includes("@yan"));
});

test("everything can be done with the keyboard", async () => {
  const page = await open();
  await isLive(page);
  await until("people", async () => (await rowsOf(page)).length > 1);
  await page.keyboard.press("/");
  equal(await page.evaluate(() => document.activeElement.id), "search-words");
  await page.keyboard.press("Escape");
  await page.keyboard.press("b");
  await page.keyboard.press("ArrowDown");
  const chosen = await page.evaluate(() => document.activeElement.textContent);
  equal(chosen, (await rowsOf(page))[1]);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert(outline !== "none", "the focus is not visible");
  await page.keyboard.press("Enter");
  await until1(page, "h1", chosen);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".home");
  await page.keyboard.press("3");
  await until1(page, "#windows [aria-current]", "24h");
  await page.keyboard.press("p");
  await until1(page, "#state", "Paused");
  await page.keyboard.press("p");
  await page.keyboard.press("?");
  assert(await page.isVisible("dialog.keys"), "no list of keys");
  await page.keyboard.press("Escape");
  await page.goto(daemon.url + cascadeUrl);
  await page.focus(".curve");
  await page.waitForSelector(".curve .line", { state: "attached" });
  const last = await page.getAttribute(".curve", "aria-valuetext");
  await page.keyboard.press("Home");
  assert(last !== await page.getAttribute(".curve", "aria-valuetext"), "the curve is not read");
});

test("nothing moves for those who prefer reduced motion", async () => {
  const context = await newContext({ reducedMotion: "reduce" });
  await context.addInitScript(() => {
    window.animated = 0;
    const { animate } = Element.prototype;
    Element.prototype.animate = function count(...rest) { window.animated += 1; return animate.apply(this, rest); };
  });
  const page = await open("/?metric=posts", {}, context);
  await isLive(page);
  await daemon.push(Array.from({ length: 90 }, () => post("xia", { text: "hello" })));
  await until("xia is first", async () => (await rowsOf(page))[0] === "@xia");
  equal(await page.evaluate(() => window.animated), 0);
});

test("the layout does not shift while boards change", async () => {
  for (const [width, height] of SIZES) {
    const context = await newContext({ viewport: { width, height } });
    await context.addInitScript(() => {
      window.shift = 0;
      window.shifted = [];
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
        window.shift += entry.value;
        window.shifted.push(...entry.sources.map((each) => [each.node?.outerHTML?.slice(0, 120),
          each.previousRect, each.currentRect]));
      })).observe({ type: "layout-shift", buffered: true });
    });
    const page = await open("/?metric=posts", {}, context);
    await isLive(page);
    const name = `wes${width}`;
    await daemon.push(Array.from({ length: 120 + width / 20 }, () => post(name, { text: "hi #choir" })));
    await until(`${name} is first`, async () => (await rowsOf(page))[0] === `@${name}`);
    await daemon.push(cascade(`vic${width}`, "A new alert", ["una"], 14));
    await until1(page, ".alert:not(.empty)", `@vic${width}`);
    // A number at the right that gains a digit counts as a shift of its text, of about 0.0001.
    const [shift, shifted] = await page.evaluate(() => [window.shift, window.shifted]);
    assert(shift < 0.001, { width, shift, shifted });
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px is too narrow`);
  }
});

test("axe finds nothing serious at four sizes, in light and dark", async () => {
  const axe = load("axe-core").source;
  const bad = [];
  for (const colorScheme of ["light", "dark"]) {
    const context = await newContext({ colorScheme, bypassCSP: true });
    const page = await open("/", {}, context);
    const chosen = [...SIZES.flatMap((size) => ["/", cascadeUrl].map((where) => [size, where])),
      ...["/user/app:cat", "/campaign/garden", "/?wall", "/embed/board/influence/1h"].map((where) => [SIZES[2], where])];
    for (const [[width, height], where] of chosen) {
      await page.setViewportSize({ width, height });
      await page.goto(daemon.url + where);
      await isLive(page);
      await page.waitForFunction(() => document.querySelector("main").textContent.includes("@"));
      await page.waitForFunction(() =>
        document.getAnimations().every((each) => each.effect.getTiming().duration > 1000));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() =>
        window.axe.run(document, { resultTypes: ["violations"] }));
      for (const { id, impact, nodes: [first] } of violations) {
        if (["serious", "critical"].includes(impact)) {
          bad.push([colorScheme, width, where, id, first.html.slice(0, 160), first.failureSummary]);
        }
      }
    }
  }
  equal(bad, []);
});

// What can be passed to the browser.
const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, "?");

function hostileAnswer(kind, words, window) {
  const entries = words.map((text, index) => ({ rank: index + 1, id: `app:${index}-${text}`, value: 100 - index,
    previous_rank: null, handle: text, name: text, author: text, text, network: text, stage: text, why: text,
    root_ms: Date.now(), size: 5, via: { id: text, handle: text, value: 3 } }));
  return { board: kind, window, as_of_ms: Date.now(), complete: true, entries };
}

test("two hundred hostile texts do not run and do not break the layout", async () => {
  const context = await newContext({ viewport: { width: 1024, height: 768 } });
  let words = [];
  let name = "";
  await context.route("**/api/v1/top/**", (route) => {
    const [, kind, window] = /top\/([^/]+)\/([^/?]+)/.exec(route.request().url());
    return route.fulfill({ json: hostileAnswer(kind, words, window) });
  });
  await context.route("**/api/v1/events**", (route) => route.abort());
  await context.route("**/api/v1/alerts**", (route) => route.fulfill({ json: words.map((text, index) => ({
    id: `viral:${text}:${index}`, rule: text, time: text, why: [text, text], author: { id: text, handle: text },
    cascade: { handle: text, text } })) }));
  await context.route("**/api/v1/cascades/**", (route) => route.fulfill({ json: route.request().url().endsWith("tree")
    ? { nodes: 3, shown: 3, parent: [null, 0, name], time: [0, 1, 2], observed: [1, 0, 1], id: [name, name, name] }
    : { author: name, handle: name, text: name, network: name, created_ms: 1, last_ms: 2, size: 2, state: name,
      stage: name, growth: [[0, 0], [1, 2]], top_carriers: [{ id: name, handle: name, people: 1 }], top_amplifiers: [] } }));
  await context.route("**/api/v1/campaigns/**", (route) => route.fulfill({ json: { name, before: {}, entries: [{
    rank: 1, id: name, handle: name, name, people: 1, why: name, done_ms: 1 }], start_ms: 0, width_ms: 60000,
    posts: [1], acts: [1], joined: [1], classes: [{ name: name || "x", people: 1, from_ms: 0, until_ms: 60000 }] } }));
  await context.route("**/api/v1/users/**", (route) => route.fulfill({ json: { handle: name, name, network: name,
    followers: 1, last_seen: name, carrier: { why: name, people: name }, cascades: [{ id: name, text: name, size: 1 }] } }));
  isCutOff = true; // the feed is cut off
  const page = await open("/", {}, context);
  const check = async (what) => {
    const found = await page.evaluate(() => {
      const heights = (selector) => [...new Set([...document.querySelectorAll(selector)]
        .map((each) => each.offsetHeight))];
      return { ran: window.ran ?? null, wide: document.documentElement.scrollWidth - innerWidth,
        made: document.querySelectorAll("main :is(script,img,iframe,object,embed,style,link,base," +
          "form,input,math,meta)").length,
        rows: heights(".home .row:not(.empty)"), cards: heights(".card:not(.empty)") };
    });
    assert(found.ran === null && found.made === 0 && found.wide <= 0 && found.rows.length <= 1 &&
      found.cards.length <= 1, { ...found, what: what.map((each) => each.slice(0, 80)) });
  };
  for (let begin = 0; begin < HOSTILE.length; begin += 20) {
    words = HOSTILE.slice(begin, begin + 20);
    await page.goto(daemon.url + "/");
    await page.waitForSelector(".card:not(.empty)");
    await page.waitForSelector(".rows.people .row:not(.empty)");
    await check(words);
  }
  for (let begin = 0; begin < HOSTILE.length; begin += 5) {
    words = HOSTILE.slice(begin, begin + 5);
    await page.evaluate(async (answer) => {
      const { Rising } = await import("/page/rising.js");
      window.cards ??= new Rising(5);
      document.querySelector("main").replaceChildren(window.cards.root);
      window.cards.show(answer);
    }, hostileAnswer("cascades", words.map(wellFormed), "1h"));
    await check(words);
  }
  for (const text of HOSTILE.filter((each) => each.length > 2)) {
    name = text;
    await page.evaluate(async (id) => {
      const { CascadeView } = await import("/page/cascade.js");
      const { PersonView } = await import("/page/person.js");
      const { CampaignView } = await import("/page/campaign.js");
      const state = { status: { windows: ["1h"], campaigns: [id] }, window: "1h", isLive: () => false,
        parameter: () => null, urlWith: () => "/" };
      const views = [new CascadeView(id, state), new PersonView(id, state), new CampaignView(id, state)];
      document.querySelector("main").replaceChildren(...views.map((view) => view.root));
      await Promise.all(views.map((view) => view.start()));
      views.forEach((view) => view.stop());
    }, wellFormed(text));
    await check([text]);
  }
  isCutOff = false;
});

const figureOf = (page, name, column) =>
  page.$$eval("table.counters tr", (rows, [sought, index]) =>
    [...rows.find((row) => row.cells[0].textContent === sought)?.cells ?? []][index]?.textContent, [name, column]);

test("a campaign is shown with figures, growth, boards and people, and follows", async () => {
  const page = await open("/");
  await isLive(page);
  await page.click(".board[aria-label=Campaigns] a:has-text('garden')");
  await until1(page, "h1", "garden");
  await until1(page, ".campaign .by", "Last 1h:");
  await until("the boards of the campaign", async () => (await rowsOf(page)).includes("@bob"));
  assert(!(await rowsOf(page)).includes("@lou"), "a person of another campaign");
  await page.waitForSelector(".curve .line[d]", { state: "attached" });
  await page.waitForSelector(".growing td, .campaign .scroll table:has-text('Innovators')");
  await until1(page, ".suggestion:not([hidden])", "people came through");
  const before = Number(await figureOf(page, "posts", 3));
  await daemon.push([post("joy", { text: "my garden #plot" })]);
  await until("the figure of the hour", async () => Number(await figureOf(page, "posts", 3)) === before + 1);
  await until("its hashtag", async () => (await rowsOf(page, "hashtags")).includes("#plot"));
  assert(/\d+.%/.test(await figureOf(page, "share of voice", 2)), "no share of voice");
  await page.keyboard.press("3");
  await page.waitForFunction(() => location.pathname === "/campaign/garden" && location.search.includes("window=24h"));
  await until1(page, ".campaign .by", "Last 24h:");
  await page.click("nav a[data-metric=posts]");
  await until("people by posts", async () => (await rowsOf(page)).includes("@joy"));
  await page.goto(daemon.url + "/campaign/quiet");
  await until1(page, ".campaign", "Nobody has taken part yet.");
  assert(await page.isVisible("tr:has-text('share of voice')"), "no share of a campaign whose rivals are quiet");
  isCutOff = true; // an answer of 404 is an error in the console
  await page.goto(daemon.url + "/campaign/gardn");
  await until1(page, ".campaign .by", "There is no campaign of this name. There are: garden, quiet.");
  isCutOff = false;
});

test("an empty board of a narrow page is a line, and has all its rows once it has one", async () => {
  for (const [width, isLine] of [[390, true], [1440, false]]) {
    const page = await open("/campaign/quiet", { viewport: { width, height: 844 } });
    await until1(page, ".board .note.alone", "Nothing yet.");
    const height = await page.$eval(".board:has(> .note.alone)", (board) => board.offsetHeight);
    assert(isLine ? height < 160 : height > 240, `${height} px high on ${width} px`);
    await page.goto(daemon.url + "/campaign/garden");
    await page.waitForFunction(() => document.querySelector(".rows.people .row:not(.empty)")?.offsetHeight === 32);
    await page.close();
  }
});

test("a button copies the name and the reason, with the keyboard, and says so", async () => {
  const context = await newContext();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await open("/campaign/garden", {}, context);
  await page.waitForSelector(".suggestion:not([hidden]) button");
  const button = page.locator(".suggestion:has-text('@cat') button");
  equal(await button.getAttribute("aria-label"), "Copy @cat and the reason");
  await button.focus();
  await page.keyboard.press("Enter");
  await until1(page, ".copied", "Copied: @cat (app:cat): observed: ");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert(/^@cat \(app:cat\): observed: .* people came through .*; estimated: /.test(copied), copied);
  equal(await page.getAttribute(".copied", "role"), "status");
  await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("no")); });
  await page.click("button[aria-label='Copy @bob and the reason']");
  await until1(page, ".copied", "Copied: @bob (app:bob): ");
  assert((await page.evaluate(() => navigator.clipboard.readText())).startsWith("@bob "), "not copied");
});

test("the list of people keeps its order and the focus while a button is in use", async () => {
  const page = await open("/campaign/garden");
  const names = () => page.$$eval(".suggestion:not([hidden]) .name", (all) => all.map((each) => each.textContent));
  const label = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.waitForSelector(".suggestion:not([hidden]) button");
  const before = await names();
  await page.focus("button[aria-label='Copy @bob and the reason']");
  await daemon.push(cascade("pam", "A garden for everybody", ["quin"], 20));
  await until1(page, ".board[aria-label='Whom to talk to'] .waiting", "change");
  equal(await names(), before);
  equal(await label(), "Copy @bob and the reason");
  await page.focus("#pause");
  await until("quin is first", async () => (await names())[0] === "@quin");
  const all = Number(/Show all (\d+)/.exec(await page.textContent(".board[aria-label='Whom to talk to'] > button"))[1]);
  equal((await names()).length, 12);
  await page.focus(".board[aria-label='Whom to talk to'] > button");
  await page.keyboard.press("Enter");
  await until("all people", async () => (await names()).length >= all);
  equal(await label(), `Copy ${(await names())[12]} and the reason`);
});

test("a mark of cascadectl is shown, and an alert leads to its campaign", async () => {
  const page = await open("/campaign/garden");
  await page.waitForSelector(".suggestion:not([hidden])");
  assert(!(await page.isVisible(".suggestion .done:has-text('Talked to')")), "marked before");
  await daemon.redisCommand("HSET", "cascaded:campaign:garden:done", "app:cat", "1790000000000");
  await page.waitForSelector(".suggestion:has-text('@cat') .done:has-text('Talked to on 21 Sep')");
  await page.goto(daemon.url + "/");
  await isLive(page);
  await daemon.push(cascade("gil", "A garden of alerts", ["hugo"], 12));
  await page.click(".alert:has-text('@gil') a:has-text('garden')");
  await until1(page, "h1", "garden");
});

test("dates that are written from right to left do not turn the words around them", async () => {
  const page = await open("/campaign/garden", { locale: "ar-EG" });
  await page.waitForSelector(".campaign .scroll td:has-text('\u2068')");
  const other = await open("/campaign/garden");
  await other.waitForSelector(".campaign .scroll table:has-text('Innovators')");
  assert(!(await other.textContent("main")).includes("\u2068"), "isolated in English, too");
});

test("hostile posts that were really pushed do not run", async () => {
  await daemon.push(HOSTILE.map((text, index) => post("bad", { text: `${text} #bad`,
    author: { id: `app:bad${index}`, handle: text.slice(0, 40), name: text.slice(0, 60) } })));
  const bait = post("bad", { text: HOSTILE[0] });
  await daemon.push([bait, ...HOSTILE.slice(0, 30).map((text, index) =>
    post("bad", { of: bait, author: { id: `app:worse${index}`, handle: text } }))]);
  const page = await open("/?metric=posts");
  await isLive(page);
  await page.waitForSelector(".alert:not(.empty):has-text('@bad')");
  await page.goto(daemon.url + "/cascade/" + encodeURIComponent(bait.id));
  await until1(page, "h1", HOSTILE[0]);
  equal(await page.evaluate(() => window.ran ?? null), null);
  equal(await page.$$eval("main script, main img", (found) => found.length), 0);
});

test("a tree of ten thousand nodes is drawn", async () => {
  const page = await open();
  const times = await page.evaluate(async () => {
    const { Tree } = await import("/page/tree.js");
    const count = 10000;
    const tree = new Tree();
    document.querySelector("main").append(tree.root);
    const parent = Array.from({ length: count }, (_, node) => (node ? Math.floor((node * 7919) % node / 2) : null));
    const answer = { nodes: count, shown: count, parent, time: parent.map((_, node) => node),
      observed: parent.map((_, node) => node % 3), person: parent.map((_, node) => `app:${node}`) };
    const took = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const begun = performance.now();
      tree.show(answer);
      tree.draw({ width: 1200, end: count, left: 56, right: 1160, isLinear: false });
      tree.context.getImageData(0, 0, 1, 1); // until it is painted
      took.push(performance.now() - begun);
    }
    return took;
  });
  console.log(`# drawn in ${times.map((each) => each.toFixed(0)).join(", ")} ms`);
  assert(Math.min(...times) < 3000, times); // on any machine; 200 ms is the aim on this one
});

test("the wall shows three boards, turns, and keeps its number of elements", async () => {
  const page = await open("/?wall", { viewport: { width: 1920, height: 1080 } });
  await isLive(page);
  await page.waitForSelector(".wall .row:not(.empty)");
  const count = () => page.evaluate(() => document.querySelectorAll("*").length);
  const visible = () => page.$$eval(".wall .board", (all) =>
    all.filter((each) => each.offsetParent).map((each) => each.getAttribute("aria-label")));
  equal((await visible()).length, 3);
  assert(!(await page.isVisible("header")), "the wall has controls");
  const letters = () => page.$eval(".wall", (wall) => getComputedStyle(wall).fontSize);
  equal(await letters(), "48px");
  await page.setViewportSize({ width: 3840, height: 2160 });
  equal(await letters(), "96px");
  await page.setViewportSize({ width: 1920, height: 1080 });
  const before = [await count(), await visible()];
  await daemon.push(cascade("tom", "An alert for the wall", ["sue"], 15));
  await until1(page, ".wall-alert:not([hidden])", "@tom");
  equal((await visible()).length, 2);
  await page.waitForFunction((first) => {
    const shown = [...document.querySelectorAll(".wall .board")].find((each) => each.offsetParent);
    return shown && shown.getAttribute("aria-label") !== first;
  }, before[1][0]);
  equal(await count(), before[0]);
});

test("another site can show a board in a frame, but not the page", async () => {
  const site = http.createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(`<iframe src="${daemon.url}/embed/board/influence/1h" width=480 height=400></iframe>`);
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  const page = await (await newContext()).newPage();
  await page.goto(`http://localhost:${site.address().port}/`);
  const frame = await (await page.waitForSelector("iframe")).contentFrame();
  await frame.waitForSelector("html[data-feed=live]");
  await frame.waitForSelector(".row:not(.empty) .name:has-text('@')");
  equal(await frame.$$eval(".row:not(.empty) .name", (names) =>
    names.every((name) => name.target === "_top" && name.getAttribute("href").startsWith("/user/"))), true);
  site.close();
  const { headers } = await fetch(daemon.url + "/");
  assert(/frame-ancestors 'none'/.test(headers.get("content-security-policy")), "the page may be framed");
});

test("the first board can be read without a script", async () => {
  const page = await open("/", { javaScriptEnabled: false });
  assert((await page.textContent("#first-board")).includes("@"), "no board in the page itself");
});

test("no module has to wait for another one to be fetched", () => {
  const read = (name) => fs.readFileSync(path.join(PAGE, name), "utf8");
  const needed = (name, all = new Set()) => {
    for (const [, other] of read(name).matchAll(/ from "\.\/([\w.]+)"/g)) {
      if (!all.has(other)) needed(other, all.add(other));
    }
    return all;
  };
  for (const [page, script] of [["index.html", "main.js"], ["embed.html", "embed.js"]]) {
    const named = [...read(page).matchAll(/"modulepreload" href="\/page\/([\w.]+)"/g)].map(([, name]) => name);
    equal(named.sort(), [...needed(script)].sort());
  }
  const first = needed("main.js");
  const others = [...read("main.js").matchAll(/^ {2}\w+: \["\w+View", (.+)\],$/gm)];
  equal(others.length, 4);
  for (const [, names] of others) {
    const [view, ...parts] = JSON.parse(`[${names}]`).map((name) => name + ".js");
    equal(parts.sort(), [...needed(view)].filter((name) => !first.has(name)).sort());
  }
});

test("the controls in the head keep their places on every page", async () => {
  const page = await open("/");
  const places = () => page.$$eval("#search, #pause", (all) =>
    all.map((each) => Object.values(each.getBoundingClientRect().toJSON()).map(Math.round)));
  const before = await places();
  await page.goto(daemon.url + cascadeUrl);
  await page.waitForSelector(".curve .line", { state: "attached" });
  equal(await places(), before);
});

const sentBytes = (where) => new Promise((resolve, reject) => {
  http.get(daemon.url + where, { headers: { "Accept-Encoding": "gzip" } }, (answer) => {
    let size = 0;
    equal([answer.statusCode, answer.headers["content-encoding"]], [200, "gzip"]);
    answer.on("data", (data) => { size += data.length; }).on("end", () => resolve(size)).on("error", reject);
  });
});

test("page, styles and scripts are at most 45 kB compressed", async () => {
  const names = fs.readdirSync(PAGE).filter((name) => !/^(openapi\.json|index\.html|embed\.html)$/.test(name));
  const sizes = await Promise.all(["/", "/embed/board/influence/1h", ...names.map((name) => `/page/${name}`)]
    .map(sentBytes));
  const all = sizes.reduce((sum, size) => sum + size);
  console.log(`# ${all} bytes`);
  assert(all <= MOST_BYTES, `${all} bytes`);
});

test("nothing was reported in the console of any page", async () => {
  equal(faults, []);
});

const hasPassed = await runAll(() => Promise.all(contexts.splice(0).map((context) => context.close())));
await browser.close();
process.exit(hasPassed ? 0 : 1);
