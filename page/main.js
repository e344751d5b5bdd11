// The page: its address chooses the view, the head has the window, the search and the state.
import { element, setAttribute, setText } from "./dom.js";
import { path, read } from "./answers.js";
import { feedState, on, start as startFeed } from "./feed.js";
import { feedSentence, totalsSentence } from "./status.js";
import { listen } from "./keys.js";
import { networkName } from "./text.js";
import { find } from "./search.js";
import { HomeView } from "./home.js";

const at = (id) => document.getElementById(id);
const main = at("main");
const pauseButton = at("pause");
const searchField = at("search-words");
let view = null;
let pausedAt = 0;
const MOST_NETWORKS = 20;
const OTHERS_AFTER_MS = 500;
// The other views: the class, its file, and all other files that it needs. They are fetched when
// such a view is opened, and after the first data of any view.
const OTHERS = {
  cascade: ["CascadeView", "cascade", "curve", "tree", "tree_layout"],
  user: ["PersonView", "person"],
  campaign: ["CampaignView", "campaign", "adopters", "curve", "outreach"],
  wall: ["WallView", "wall"],
};
let steps = 0; // of the history, made by this page
let shows = 0; // calls of show
const hasBoards = () => /^\/($|campaign\/)/.test(location.pathname);

const page = {
  status: null,
  announcer: at("announcement"),
  go,
  isLive: () => feedState().state === "live" && !pausedAt,
  parameter: (name) => new URLSearchParams(location.search).get(name),
  get windows() { return this.status?.windows ?? ["5m", "1h", "24h"]; },
  get window() {
    const { windows } = this;
    const sought = this.parameter("window");
    if (windows.includes(sought)) return sought;
    return windows.includes("1h") ? "1h" : windows[Math.min(1, windows.length - 1)];
  },
  get network() { return this.parameter("network") ?? ""; },
  // The address of these boards with other parameters; on a page without boards, that of the first ones.
  urlWith(changes) {
    const query = new URLSearchParams(hasBoards() ? location.search : "");
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    return `${hasBoards() ? location.pathname : "/"}?${query}`;
  },
  // An answer of /api/v1/top: offers the networks of those in it.
  noteNetworks({ board, entries }) {
    if (board !== "hashtags") entries.forEach(({ id }) => offerNetwork(id.split(":")[0]));
  },
};

// The choice appears when there are two networks.
function offerNetwork(network) {
  const choice = at("network");
  if (!network || choice.options.length > MOST_NETWORKS ||
    [...choice.options].some((each) => each.value === network)) return;
  choice.append(element("option", { value: network }, networkName(network)));
  choice.classList.toggle("unknown", choice.options.length < 3 && !page.network);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

class MissingView {
  root = element("p", { class: "note" }, "The scripts of this page cannot be fetched. Load it again.");

  start() {}

  stop() {}
}

async function otherView(kind) {
  const [name, ...files] = OTHERS[kind];
  const [module] = await Promise.all(files.map((file) => import(`./${file}.js`)));
  return module[name];
}

// The class of the view of this address, and what it is about.
async function chooseView() {
  const [, kind, rest] = /^\/(cascade|user|campaign)\/(.+)$/.exec(location.pathname) ?? [];
  if (kind) return { View: await otherView(kind), about: [decoded(rest)] };
  return { View: page.parameter("wall") === null ? HomeView : await otherView("wall"), about: [] };
}

function renderWindows() {
  const names = page.windows.join();
  const box = at("windows");
  if (box.dataset.names !== names) {
    box.dataset.names = names;
    box.replaceChildren(...page.windows.map((window) => element("a", { "data-window": window }, window)));
  }
  for (const link of box.children) {
    setAttribute(link, "href", page.urlWith({ window: link.dataset.window }));
    setAttribute(link, "aria-current", link.dataset.window === page.window ? "true" : null);
  }
}

function renderState() {
  const { state } = feedState();
  document.documentElement.dataset.feed = state;
  setText(at("state"), feedSentence({ status: page.status, pausedAt }));
  setText(at("totals"), totalsSentence(page.status));
  view?.onState?.();
}

async function show({ isFocused = false } = {}) {
  shows += 1;
  const number = shows;
  const isHome = location.pathname === "/";
  offerNetwork(page.network);
  at("network").value = page.network;
  at("network").hidden = !isHome;
  const isWall = isHome && page.parameter("wall") !== null;
  renderWindows();
  if (view?.choose && view.path === location.pathname && !isWall) {
    await view.choose(); // the same view with another window or counter
    return;
  }
  const { View, about } = await chooseView().catch(() => ({ View: MissingView, about: [] }));
  if (number !== shows) return; // another address was opened since
  view?.stop();
  document.body.classList.toggle("is-wall", isWall);
  document.title = "cascaded";
  const made = view = new View(...about, page);
  view.path = location.pathname;
  view.pause?.(Boolean(pausedAt));
  const started = view.start();
  // The board that came with the page stays until there are others.
  if (isHome && at("first-board")) await started;
  if (view !== made) return;
  main.replaceChildren(view.root);
  if (isFocused) {
    scrollTo(0, 0);
    (main.querySelector("[tabindex='-1']") ?? main).focus({ preventScroll: true });
  }
  renderState();
  await started;
}

function go(url, isFocused = true) {
  if (url === location.pathname + location.search) return undefined;
  history.pushState(null, "", url);
  steps += 1;
  return show({ isFocused });
}

function onClick(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey ||
    event.shiftKey || event.altKey || link.hasAttribute("download") || link.target) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !/^\/($|cascade\/|user\/|campaign\/)/.test(url.pathname)) return;
  event.preventDefault();
  go(url.pathname + url.search);
}

function pause() {
  pausedAt = pausedAt ? 0 : Date.now();
  setText(pauseButton, pausedAt ? "Resume" : "Pause");
  view?.pause?.(Boolean(pausedAt));
  renderState();
}

function back() {
  if (location.pathname === "/" && !page.parameter("wall")) return false;
  if (steps > 0) {
    steps -= 1;
    history.back();
  } else {
    go("/");
  }
  return true;
}

function onStatus(status) {
  const isFirst = !page.status || page.status.windows?.join() !== status.windows?.join();
  page.status = status;
  if (isFirst) renderWindows();
  if (!pausedAt) view?.onStatus?.(status);
  renderState();
}

async function start() {
  document.addEventListener("click", onClick);
  addEventListener("popstate", () => show());
  pauseButton.addEventListener("click", pause);
  at("search").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { url, message } = await find(searchField.value);
    setText(at("search-answer"), message ?? "");
    if (url) go(url);
  });
  at("network").addEventListener("change", ({ target }) =>
    go(page.urlWith({ network: target.value }), false));
  searchField.addEventListener("input", () => setText(at("search-answer"), ""));
  listen({ search: searchField, onPause: pause, onBack: back,
    onWindow: (index) => page.windows[index] && go(page.urlWith({ window: page.windows[index] }), false) });
  on("status", onStatus);
  on("state", renderState);
  startFeed();
  setInterval(renderState, 500);
  const status = await read(path("status"));
  if (status && !page.status) page.status = status;
  await show();
  setTimeout(() => Object.keys(OTHERS).forEach((kind) => otherView(kind).catch(() => {})), OTHERS_AFTER_MS);
}

start();
