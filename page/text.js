// Text of posts and names of people come from strangers. What this file returns is put into the
// document as text nodes only, inside elements that isolate their direction (<bdi>).

// Marks that reorder text, hide in it, or have no width.
const HIDDEN = new RegExp(
  "[\\u00AD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u200B\\u200E\\u200F" +
  "\\u202A-\\u202E\\u2060-\\u206F\\u3164\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\u{E0000}-\\u{E0FFF}]", "gu");

// The joiners are part of the spelling of some scripts and of some emoji. Elsewhere they are hidden.
const JOINED = ["Arabic", "Syriac", "Mongolian", "Devanagari", "Bengali", "Gurmukhi", "Gujarati",
  "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Khmer", "Myanmar"]
  .map((script) => `\\p{Script=${script}}`).join("") + "\\p{Extended_Pictographic}";
const STRAY_JOINER = new RegExp(
  `(?<![${JOINED}\\p{Emoji_Modifier}\\uFE0F])[\\u200C\\u200D]|[\\u200C\\u200D](?![${JOINED}])`, "gu");

const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;
const SPACES = /[\s\u0085\u2800]+/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001F\u007F-\u009F]/g;

function visibleControl(character) {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\uFFFD";
}

// The text on one line, without what could hide or reorder it, with at most `most` characters.
// Control bytes become visible signs.
export function clean(value, most = 300) {
  if (value === null || value === undefined) return "";
  let text = String(value).slice(0, most * 8);
  text = text.replace(LONE_SURROGATE, "\uFFFD").replace(SPACES, " ").replace(HIDDEN, "")
    .replace(STRAY_JOINER, "").replace(CONTROL, visibleControl).replace(STACKED_MARKS, "$1").trim();
  const characters = Array.from(text);
  return characters.length > most ? characters.slice(0, most - 1).join("") + "\u2026" : text;
}

// "@ann", or the end of the id of a person without a handle.
export function nameOf(handle, id) {
  const shown = clean(handle, 40);
  if (shown) return "@" + shown;
  const known = clean(id, 200);
  return known.length > 24 ? "\u2026" + known.slice(-23) : known || "unknown";
}

const NETWORKS = { x: "X", bsky: "B", masto: "M" };
const NAMES = { x: "X", bsky: "Bluesky", masto: "Mastodon" };

// The letter of a network, from an id or a network's name: "X", "B", "M", or the first of another.
export function networkLetter(value) {
  const network = String(value ?? "").split(":")[0];
  return Object.hasOwn(NETWORKS, network) ? NETWORKS[network]
    : clean(network, 20).slice(0, 1).toUpperCase();
}

export const networkName = (network) =>
  (Object.hasOwn(NAMES, network) ? NAMES[network] : clean(network, 20));

export const capital = (words) => words[0].toUpperCase() + words.slice(1);
