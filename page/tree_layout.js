// Where the nodes of a cascade's tree are: x is the age of the reshare, y its rank in a walk
// through the tree that visits each node before its children, the earliest child first. Pure: no
// document, no clock; the same answer gives the same drawing.

const COLLAPSE_FROM = 2000; // nodes; above, the leaves of one parent become a wedge
const WEDGE_FROM = 4;       // leaves

// Parents as an Int32Array. What names no earlier node is a child of the root, so there is no circle.
function soundParents(parent) {
  const parents = new Int32Array(parent.length);
  parent.forEach((value, index) => {
    parents[index] = Number.isInteger(value) && value >= 0 && value < index ? value : 0;
  });
  if (parents.length) parents[0] = -1;
  return parents;
}

// First child and next sibling of each node, in the order of the answer.
function link(parents) {
  const count = parents.length;
  const first = new Int32Array(count).fill(-1);
  const next = new Int32Array(count).fill(-1);
  for (let node = count - 1; node > 0; node -= 1) {
    next[node] = first[parents[node]];
    first[parents[node]] = node;
  }
  return { first, next };
}

// {parents, rows, row: [of each node], wedges: [{parent, row, from, to, count}]}: a node of a wedge
// has its row. `rows` is the height.
export function layOut({ parent = [], time = [] }) {
  const parents = soundParents(parent);
  const count = parents.length;
  const { first, next } = link(parents);
  const row = new Int32Array(count);
  const wedges = [];
  const isWedged = new Uint8Array(count);
  let rows = 0;
  const stack = count ? [0] : [];
  while (stack.length) {
    const node = stack.pop();
    row[node] = rows;
    rows += 1;
    const inner = [];
    const leaves = [];
    for (let child = first[node]; child >= 0; child = next[child]) {
      (count > COLLAPSE_FROM && first[child] < 0 ? leaves : inner).push(child);
    }
    if (leaves.length >= WEDGE_FROM) {
      const at = leaves.map((leaf) => Number(time[leaf]) || 0);
      wedges.push({ parent: node, row: rows, count: leaves.length,
        from: at.reduce((a, b) => Math.min(a, b)), to: at.reduce((a, b) => Math.max(a, b)) });
      for (const leaf of leaves) {
        row[leaf] = rows;
        isWedged[leaf] = 1;
      }
      rows += 1;
    } else if (leaves.length) {
      inner.push(...leaves);
      inner.sort((a, b) => a - b);
    }
    for (let index = inner.length - 1; index >= 0; index -= 1) stack.push(inner[index]);
  }
  return { parents, row, rows, wedges, isWedged };
}

// 1 for each node below one of these nodes, and for these.
export function branchOf(parents, nodes) {
  const isInside = new Uint8Array(parents.length);
  for (const node of nodes) isInside[node] = 1;
  for (let node = 1; node < parents.length; node += 1) {
    if (isInside[parents[node]]) isInside[node] = 1;
  }
  return isInside;
}

// The node in a direction: "parent", first "child", "previous" or "next" of the same parent (at the
// end: the node itself), "root", "last".
export function neighbour({ parents }, node, direction) {
  const find = (from, step, isWanted) => {
    for (let at = from; at > 0 && at < parents.length; at += step) if (isWanted(at)) return at;
    return node;
  };
  const ways = {
    root: () => 0,
    last: () => parents.length - 1,
    parent: () => Math.max(0, parents[node]),
    child: () => find(node + 1, 1, (at) => parents[at] === node),
    next: () => find(node + 1, 1, (at) => parents[at] === parents[node]),
    previous: () => find(node - 1, -1, (at) => parents[at] === parents[node]),
  };
  return ways[direction]();
}
