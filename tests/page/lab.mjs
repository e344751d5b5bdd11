// What the tests in a browser need: packages of npm, a Redis, a daemon with its page, a browser.
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";

export const PATIENCE_MS = Number(process.env.PAGE_PATIENCE_MS ?? 90000); // deadlines allow for a busy machine
const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const PACKAGES = path.join(ROOT, "build/page-packages");
const TOKEN = "a-token-of-our-own";

const endings = [];
const atEnd = (ending) => endings.push(ending);
process.on("exit", () => {
  while (endings.length) endings.pop()();
});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => process.exit(143));

// Installs what package-lock.json names. null, or why the packages are not there. Two tests may do
// so at the same time: the folder gets its name when it is complete.
export function installPackages() {
  const files = ["package.json", "package-lock.json"].map((name) => path.join(ROOT, "tests/page", name));
  const hash = createHash("sha256").update(fs.readFileSync(files[1])).digest("hex");
  const mark = path.join(PACKAGES, "installed");
  const isThere = () => fs.existsSync(mark) && fs.readFileSync(mark, "utf8") === hash;
  if (isThere()) return null;
  fs.mkdirSync(path.dirname(PACKAGES), { recursive: true });
  const part = fs.mkdtempSync(`${PACKAGES}.`);
  files.forEach((file) => fs.copyFileSync(file, path.join(part, path.basename(file))));
  const { error, status } = spawnSync("npm", ["ci", "--silent", "--ignore-scripts", "--no-audit",
    "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000", "--prefix", part],
  { stdio: "ignore", timeout: 300000 });
  if (!error && !status && !isThere()) {
    fs.writeFileSync(path.join(part, "installed"), hash);
    fs.rmSync(PACKAGES, { recursive: true, force: true });
    fs.renameSync(part, PACKAGES);
  }
  fs.rmSync(part, { recursive: true, force: true });
  if (error?.code === "ENOENT") return "there is no npm; to run it: apt-get install npm";
  return error || status ? "npm cannot install the packages of tests/page/package-lock.json" : null;
}

export const load = (name) => createRequire(path.join(PACKAGES, "package.json"))(name);

export function folder() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "cascaded-page-"));
  atEnd(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

// The kernel ends the process if this one is killed.
export function start(command, options = {}) {
  const started = spawn("setpriv", ["--pdeathsig", "KILL", ...command], options);
  started.ended = new Promise((resolve) => started.on("exit", resolve));
  atEnd(() => started.kill("SIGKILL"));
  return started;
}

// Until claim() gives something true, and returns it.
export async function until(what, claim) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await claim();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

async function startRedis(where) {
  const socket = path.join(where, "redis.sock");
  const redis = start(["redis-server", "--port", "0", "--unixsocket", socket, "--dir", where, "--save", ""],
    { stdio: "ignore" });
  await until("redis-server answers", () => new Promise((resolve) => {
    const client = net.connect(socket, () => client.write("PING\r\n"));
    client.on("data", (data) => { client.destroy(); resolve(String(data).startsWith("+PONG")); });
    client.on("error", () => resolve(false));
  }));
  return { redis, socket };
}

export class Daemon {
  static async make({ more = "", args = [] } = {}) {
    const daemon = new Daemon();
    daemon.folder = folder();
    await daemon.startRedis();
    daemon.port = await freePort();
    daemon.url = `http://127.0.0.1:${daemon.port}`;
    daemon.args = args;
    const token = path.join(daemon.folder, "token");
    fs.writeFileSync(token, TOKEN + "\n", { mode: 0o600 });
    fs.writeFileSync(path.join(daemon.folder, "conf"), `redis { url = "unix:${daemon.socket}" }
http { listen = "127.0.0.1:${daemon.port}" token_file = "${token}" }
${more}
`);
    await daemon.start();
    return daemon;
  }

  async startRedis() {
    Object.assign(this, await startRedis(this.folder));
  }

  // The answer as Redis sends it.
  redisCommand(...words) {
    return new Promise((resolve, reject) => {
      const client = net.connect(this.socket, () => client.write(
        `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`));
      client.on("data", (data) => { client.destroy(); resolve(String(data)); });
      client.on("error", reject);
    });
  }

  async endRedis() {
    this.redis.kill("SIGKILL");
    await this.redis.ended;
    fs.rmSync(this.socket, { force: true });
  }

  async start() {
    const log = fs.openSync(path.join(this.folder, "log"), "w");
    const program = path.join(process.env.BUILD ?? path.join(ROOT, "build/dev"), "cascaded");
    this.process = start([program, "-c", path.join(this.folder, "conf"), ...this.args],
      { stdio: ["ignore", log, log] });
    fs.closeSync(log);
    await until("the daemon answers", async () => {
      if (this.process.exitCode !== null) throw new Error(this.log());
      return fetch(this.url + "/healthz").then((answer) => answer.ok, () => false);
    });
  }

  log() {
    return fs.readFileSync(path.join(this.folder, "log"), "utf8");
  }

  // setpriv is replaced by the daemon, so the signal reaches it.
  async end(signal = "SIGTERM") {
    this.process.kill(signal);
    await this.process.ended;
  }

  async push(posts) {
    const answer = await fetch(this.url + "/api/v1/posts", { method: "POST",
      headers: { Authorization: `Bearer ${TOKEN}` },
      body: posts.map((post) => JSON.stringify(post) + "\n").join("") });
    if (!answer.ok) throw new Error(`push: ${answer.status} ${await answer.text()}`);
  }

  read(where) {
    return fetch(this.url + where).then((answer) => answer.json());
  }
}

// Posts with ids of their own. A reshare is a post with `of`; `via` names the reshare it came through.
let posts = 0;
const run = randomBytes(3).toString("hex");
const person = (name) => ({ id: `app:${name}`, handle: name, followers: 10 * name.length });
export function post(author, { of = null, via = null, text = "", ...more } = {}) {
  posts += 1;
  return { id: `app:${run}-${posts}`, time: Date.now(), author: person(author), text,
    ...(of && { retweet_of: { id: of.id, author: of.author, text: of.text, time: of.time } }),
    ...(via && { via: via.id }), ...more };
}

// A post of two minutes ago and its reshares, one each second: each of `carriers` brings `each` people.
export function cascade(author, text, carriers, each) {
  const begun = Date.now() - 120000;
  const root = post(author, { text, time: begun });
  const all = [root];
  const next = () => ({ of: root, time: begun + all.length * 1000 });
  carriers.forEach((carrier) => {
    const first = post(carrier, { ...next(), via: root });
    all.push(first);
    for (let number = 0; number < each; number += 1) {
      all.push(post(`${carrier}-${number}`, { ...next(), via: first }));
    }
  });
  return all;
}

export async function launchBrowser() {
  const { chromium } = load("playwright-core");
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
  atEnd(() => browser.close().catch(() => {}));
  return browser;
}
