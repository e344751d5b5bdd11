// The live feed: one EventSource per browser. The tabs elect a leader by a Web Lock; the leader
// holds the connection and passes each event on by a BroadcastChannel. Without these two (an
// isolated frame, an old browser) a tab has a connection of its own.
//
// Each tab judges by itself whether the feed is live: the daemon sends a status once a second, which
// also contains whether Redis acknowledges. While it does not, boards are not brought up to date.

const SILENCE_MS = 2300; // without an event the data are called stale
const REOPEN_MS = 6000;  // a connection that is silent for so long is opened again
const RETRY_MS = 1000;   // after a refused connection
const CHANNEL = "cascaded-feed";
const KINDS = ["top", "alert", "status", "snapshot"];

const listeners = { top: [], alert: [], status: [], snapshot: [], state: [] };
const self = crypto.getRandomValues(new Uint32Array(2)).join("-");
const wishes = new Map(); // tab -> its boards
let channel = null;
let source = null;
let retry = 0;
let opened = "";   // the boards of the connection
let lastId = "";
let isLeader = false;
let heard = 0;     // performance.now() of the newest event, 0: none yet
let opening = 0;
let boards = [];
let state = "connecting";
let dataAt = 0;    // Date.now() when the boards were brought up to date last
let asOf = null;   // as_of_ms of the newest status
let isWritten = true; // Redis acknowledges

export const on = (kind, listener) => {
  listeners[kind].push(listener);
  return () => listeners[kind].splice(listeners[kind].indexOf(listener), 1);
};
export const feedState = () => ({ state, dataAt, isWritten });

function emit(kind, data) {
  for (const listener of [...listeners[kind]]) listener(data);
}

function become(next) {
  if (state === next) return;
  state = next;
  emit("state", feedState());
}

function receive(kind, data) {
  heard = performance.now();
  if (kind === "status") {
    isWritten = data.redis?.state !== "down";
    if (data.as_of_ms !== asOf) dataAt = Date.now();
    asOf = data.as_of_ms;
  }
  become(isWritten ? "live" : "stale");
  emit(kind, data);
}

function onEvent(event) {
  let data;
  try {
    data = JSON.parse(event.data);
  } catch {
    return; // not an event of the daemon
  }
  lastId = event.lastEventId || lastId;
  channel?.postMessage({ kind: event.type, data });
  receive(event.type, data);
}

function wished() {
  const all = new Set();
  for (const some of wishes.values()) some.forEach((board) => all.add(board));
  return [...all].sort().join(",");
}

function open() {
  clearTimeout(retry);
  source?.close();
  opened = wished();
  opening = performance.now();
  const query = new URLSearchParams({ boards: opened });
  if (lastId) query.set("last_event_id", lastId);
  source = new EventSource("/api/v1/events?" + query);
  for (const kind of KINDS) source.addEventListener(kind, onEvent);
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(retry);
      retry = setTimeout(open, RETRY_MS);
    }
  };
}

let wanting = 0;
function reopenIfOthers() {
  clearTimeout(wanting);
  wanting = setTimeout(() => isLeader && wished() !== opened && open(), 30);
}

function lead() {
  isLeader = true;
  wishes.set(self, boards);
  channel?.postMessage({ ask: true });
  // Other tabs answer before the connection is opened, so that it is opened once.
  setTimeout(open, channel ? 30 : 0);
}

function onMessage({ data: message }) {
  if (message.kind) {
    if (!isLeader && KINDS.includes(message.kind)) receive(message.kind, message.data);
  } else if (message.ask) {
    channel.postMessage({ tab: self, boards });
  } else if (message.tab && isLeader) {
    if (message.boards) wishes.set(message.tab, message.boards);
    else wishes.delete(message.tab);
    reopenIfOthers();
  }
}

// Which boards this tab shows: ["influence:1h", "carriers", …].
export function want(names) {
  boards = [...names];
  if (isLeader) {
    wishes.set(self, boards);
    reopenIfOthers();
  } else {
    channel?.postMessage({ tab: self, boards });
  }
}

function watch() {
  const now = performance.now();
  if (now - heard > SILENCE_MS && now - opening > SILENCE_MS) become("stale");
  if (isLeader && now - Math.max(heard, opening) > REOPEN_MS) open();
}

export function start() {
  heard = opening = performance.now();
  dataAt = Date.now();
  setInterval(watch, 200);
  try {
    channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = onMessage;
    navigator.locks.request(CHANNEL, () => {
      lead();
      return new Promise(() => {}); // held until the tab is closed
    }).catch(lead);
  } catch {
    channel = null;
    lead();
  }
  addEventListener("pagehide", () => channel?.postMessage({ tab: self, boards: null }));
  addEventListener("pageshow", (event) => event.persisted && want(boards));
}
