// Makes the screenshot of the README from the sample, whose people are invented:
//
//   BUILD=build/release node tests/page/screenshot.mjs docs/page.png
//
// Japanese texts need a font, for example fonts-ipafont-gothic of Debian.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Daemon, folder, installPackages, launchBrowser, until } from "./lab.mjs";

const SPEED = 120;
const [, , out = "docs/page.png"] = process.argv;

const missing = installPackages();
if (missing) {
  console.error(missing);
  process.exit(77);
}
const sample = path.join(folder(), "sample.ndjson");
fs.writeFileSync(sample, spawnSync("python3", ["conf/sample/generate.py", "--format", "mixed", "--posts",
  "30000", "--seed", "1", "--minutes", "120"], { maxBuffer: 1 << 30 }).stdout);
const daemon = await Daemon.make({ more: "alert \"viral\" { min_size = 20 levels = {1, 3, 10} }",
  args: ["--speed", SPEED, "--stay", sample] });
const browser = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1440, height: 916 }, locale: "en-GB",
  timezoneId: "UTC", colorScheme: "light", reducedMotion: "reduce" });
await page.goto(daemon.url + "/?metric=carried");
await until("half of the sample is replayed", async () =>
  (await daemon.read("/api/v1/status")).posts > 15000);
await page.waitForTimeout(1000); // the boards follow twice a second
await page.screenshot({ path: out });
await browser.close();
process.exit(0);
