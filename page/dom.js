// The few things that this page does to a document. Text is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const element = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const drawing = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

// Changes the text in place, without a new node, and only if it differs.
export function setText(node, text) {
  const only = node.firstChild;
  if (only && only.nodeType === Node.TEXT_NODE && !only.nextSibling) {
    if (only.data !== text) only.data = text;
  } else {
    node.textContent = text;
  }
}

export function setAttribute(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

const still = matchMedia("(prefers-reduced-motion: reduce)");
export const isStill = () => still.matches;

// A part of a view: the title, what is beside it, and what is below.
export const section = (title, { kind = "board", beside = [] }, ...children) =>
  element("section", { class: kind, "aria-label": title },
    element("div", { class: "heading" }, element("h2", {}, title), ...beside), ...children);

// head: titles of the columns. rows: lists of texts or nodes, the first of which names the row.
export const table = (head, rows, ...caption) =>
  element("table", {}, ...(caption.length ? [element("caption", {}, ...caption)] : []),
    element("thead", {}, element("tr", {}, ...head.map((each) => element("th", { scope: "col" }, each)))),
    element("tbody", {}, ...rows.map(([first, ...rest]) => element("tr", {},
      element("th", { scope: "row" }, first), ...rest.map((each) => element("td", {}, each))))));
