// Tests of the modules that need no browser. Run by tests/golden/run_page_modules.
import { assert, equal, runAll, test } from "./tap.mjs";
import { HOSTILE } from "./hostile.mjs";
import { clean, nameOf, networkLetter } from "./text.js";
import { branchOf, layOut, neighbour } from "./tree_layout.js";
import { sizeTicks, timeScale, timeTicks } from "./scale.js";
import { duration, movement } from "./format.js";

const BAD = /[\u0000-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E0FFF}]|\p{Surrogate}/u;

test("there are two hundred hostile texts", () => assert(HOSTILE.length >= 200, String(HOSTILE.length)));

test("no hostile text keeps what hides or reorders or is not printable", () => {
  for (const text of HOSTILE) {
    const shown = clean(text, 180);
    assert(!BAD.test(shown), { text: text.slice(0, 60), shown: shown.slice(0, 60) });
    assert(Array.from(shown).length <= 180, "too long");
    assert(!/\p{M}{5}/u.test(shown), "stacked marks");
    assert(shown === shown.trim(), "space at an end");
  }
});

test("control bytes become visible", () => {
  equal(clean("a\u0000b\u001bc\u007fd\u0085e\u009b"), "a\u2400b\u241bc\u2421d e\uFFFD");
});

test("spelling of joined scripts and of emoji is kept", () => {
  const family = "\u{1F468}\u200D\u{1F469}\u200D\u{1F467}";
  equal(clean(family), family);
  equal(clean("\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645"), "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645");
  equal(clean("pay\u200Dpal\u200C"), "paypal");
  equal(clean("\u3053\u3093\u306B\u3061\u306F caf\u00e9"), "\u3053\u3093\u306B\u3061\u306F caf\u00e9");
});

test("a name without a handle is the end of its id", () => {
  equal(nameOf("ann", "x:1"), "@ann");
  equal(nameOf(null, "x:1"), "x:1");
  equal(nameOf("\u200b", "bsky:did:plc:abcdefghijklmnopqrstuvwx"), "\u2026did:plc:abcdefghijklmnopqrstuvwx".slice(0, 1) + "bsky:did:plc:abcdefghijklmnopqrstuvwx".slice(-23));
  equal(nameOf(undefined, undefined), "unknown");
});

test("a network is one letter and no property of an object", () => {
  equal(["x:1", "bsky:did", "masto:https://a", "app:u", "constructor", "", null].map(networkLetter),
    ["X", "B", "M", "A", "C", "", ""]);
});

test("a tree is laid out depth first with the earliest child first", () => {
  const { row, rows, parents } = layOut({ parent: [null, 0, 0, 1, 1, 2], time: [0, 1, 2, 3, 4, 5] });
  equal([...row], [0, 1, 4, 2, 3, 5]);
  equal(rows, 6);
  equal([...branchOf(parents, [1])], [0, 1, 0, 1, 1, 0]);
});

test("neighbours of a node are its parent, first child and siblings", () => {
  const layout = layOut({ parent: [null, 0, 0, 1, 1, 2], time: [0, 1, 2, 3, 4, 5] });
  const ways = ["parent", "child", "previous", "next", "root", "last"];
  equal([0, 1, 3, 5].map((node) => ways.map((way) => neighbour(layout, node, way))),
    [[0, 1, 0, 0, 0, 5], [0, 3, 1, 2, 0, 5], [1, 3, 3, 4, 0, 5], [2, 5, 5, 5, 0, 5]]);
});

test("a tree with circles and bad parents is still a tree", () => {
  const { row, parents } = layOut({ parent: [3, 2, 1, -5, "x", 1e9, NaN, 4], time: [] });
  equal([...parents], [-1, 0, 1, 0, 0, 0, 0, 4]);
  equal(new Set(row).size, 8);
  equal(layOut({}).rows, 0);
});

test("leaves of one parent become a wedge above two thousand nodes", () => {
  const count = 5000;
  const parent = Array.from({ length: count }, (_, node) => (node < 2 ? 0 : node < 100 ? 1 : 0));
  const time = parent.map((_, node) => node);
  const { wedges, rows, isWedged } = layOut({ parent, time });
  equal(wedges.map(({ parent: of, count: leaves, from, to }) => [of, leaves, from, to]),
    [[0, 4900, 100, 4999], [1, 98, 2, 99]]);
  equal(rows, 4);
  equal(isWedged.reduce((a, b) => a + b), 4998);
  equal(layOut({ parent: parent.slice(0, 2000), time }).wedges, []);
});

test("a chain of ten thousand nodes needs no deep stack", () => {
  const parent = Array.from({ length: 10000 }, (_, node) => node - 1);
  equal(layOut({ parent, time: parent }).row[9999], 9999);
});

test("the axes are monotonic and end where they should", () => {
  for (const isLinear of [false, true]) {
    const x = timeScale({ end: 7200, left: 50, right: 950, isLinear });
    equal([x(0), x(7200), x(1e9), x(-5)].map(Math.round), [50, 950, 950, 50]);
    assert(x(60) < x(600) && x(600) < x(3600), "order");
    assert(timeTicks(7200, isLinear).every(([age]) => age <= 7200), "ticks");
  }
  equal(sizeTicks(310), [100, 200, 300]);
  equal(sizeTicks(1000), [500, 1000]);
  equal(sizeTicks(1), [1]);
  equal(sizeTicks(2), [1, 2]);
});

test("figures are short", () => {
  equal([0.3, 59, 60, 3599, 7200, 200000, NaN].map(duration),
    ["0.3\u00a0s", "59\u00a0s", "1\u00a0min", "59\u00a0min", "2\u00a0h", "2\u00a0d", "\u2013"]);
  equal([movement(1, 3), movement(3, 2), movement(2, 2), movement(1, null)], ["+2", "\u22121", "=", "new"]);
});

process.exitCode = await runAll() ? 0 : 1;
