// Measures the page in a browser and prints figures; nothing passes or fails:
//
//   BUILD=build/release node tests/page/measure.mjs [minutes of the wall]
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Daemon, cascade, folder, installPackages, launchBrowser, post, until } from "./lab.mjs";

const OPENINGS = 12;
const UPDATES = 20;
const SAMPLE_MS = 5000;
const SETTLED_MS = 60000; // before that, scripts are compiled and caches fill
const minutes = Number(process.argv[2] ?? 5);

const missing = installPackages();
if (missing) {
  console.error(missing);
  process.exit(77);
}
const browser = await launchBrowser();
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const spread = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1].toFixed(0)} ms, longest ${sorted.at(-1).toFixed(0)} ms`;
};

// From the start of the navigation to the first paint, which shows the board of the HTML, and to a row
// that the script has filled.
async function measureOpening(daemon) {
  const times = { paint: [], script: [] };
  for (let number = 0; number < OPENINGS; number += 1) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.goto(daemon.url + "/");
    times.script.push(await page.evaluate(() => new Promise((resolve) => {
      const look = () => document.querySelector(".rows.people .row:not(.empty) .value")?.textContent
        ? resolve(performance.now()) : requestAnimationFrame(look);
      look();
    })));
    times.paint.push(await page.evaluate(() => performance.getEntriesByType("paint")[0].startTime));
    await context.close();
  }
  console.log(`opening, ${OPENINGS} times, goal 500: to the board in the HTML ${spread(times.paint)}; ` +
    `to boards by the script ${spread(times.script)}`);
}

// From the answer to a push, when the counters have changed, to the new value on the page.
async function measureUpdates(daemon) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const all = cascade("ann", "The garden learned to whistle", ["bob"], 4);
  const times = [];
  await daemon.push(all);
  await page.goto(daemon.url + "/?metric=retweets");
  await page.waitForSelector("html[data-feed=live]");
  for (let number = 0; number < UPDATES; number += 1) {
    await wait(Math.random() * 1000);
    const value = Number(await page.textContent(".rows.people .row .value"));
    await daemon.push([post(`fay-${number}`, { of: all[0] })]);
    const begun = performance.now();
    await page.waitForFunction((before) =>
      Number(document.querySelector(".rows.people .row .value").textContent) > before, value);
    times.push(performance.now() - begun);
  }
  await page.close();
  console.log(`change of a counter to the page, ${UPDATES} times: ${spread(times)} (goal: 1000)`);
}

// The slope of a line through the points, by least squares.
function slope(points) {
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  return points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) /
    points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

async function measureWall(daemon) {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable");
  await page.goto(daemon.url + "/?wall");
  await page.waitForSelector(".wall .row:not(.empty)");
  await wait(SETTLED_MS);
  const figure = async (name) =>
    (await client.send("Performance.getMetrics")).metrics.find((each) => each.name === name).value;
  const points = [];
  const elements = new Set();
  let busy = 0;
  const begun = performance.now();
  while (performance.now() - begun < minutes * 60000) {
    const before = await figure("ProcessTime"); // of the processor
    await wait(SAMPLE_MS);
    busy += await figure("ProcessTime") - before;
    await client.send("HeapProfiler.collectGarbage");
    points.push([(performance.now() - begun) / 3600000,
      (await client.send("Runtime.getHeapUsage")).usedSize / (1 << 20)]);
    elements.add(await page.evaluate(() => document.querySelectorAll("*").length));
  }
  await page.close();
  for (let at = 0; at < points.length; at += 12) console.log(`# ${points[at][1].toFixed(3)} MiB`);
  console.log(`wall, ${minutes} minutes: heap ${points.at(-1)[1].toFixed(2)} MiB, slope ` +
    `${slope(points).toFixed(2)} MiB an hour (goal: 1); ${[...elements].join(" or ")} elements; ` +
    `${(100000 * busy / (SAMPLE_MS * points.length)).toFixed(1)} % of a core (goal: 10)`);
}

const live = await Daemon.make();
await measureUpdates(live);
await live.end();
const sample = path.join(folder(), "sample.ndjson");
fs.writeFileSync(sample, spawnSync("python3", ["conf/sample/generate.py", "--format", "mixed", "--posts",
  "60000", "--seed", "1", "--minutes", "240"], { maxBuffer: 1 << 30 }).stdout);
const daemon = await Daemon.make({ more: "alert \"viral\" { min_size = 20 levels = {1, 3, 10} }",
  args: ["--speed", Math.floor(220 / (minutes + 2)), "--stay", sample] });
await until("there are boards", async () => (await daemon.read("/api/v1/status")).posts > 1000);
await measureOpening(daemon);
await measureWall(daemon);
await browser.close();
process.exit(0);
