// The time axis that the curve and the tree of a cascade share, and the axis of its size.

import { UNITS, count } from "./format.js";

const KNEE_S = 60; // the logarithmic axis is nearly linear below a minute
const AGES = [60, 600, 3600, 6 * 3600, 86400, 7 * 86400];
const TALLEST = 3; // the axis ends at so many times the size of today, or above the forecast
const ABOVE = 1.25;
const STEPS = [60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400];

// age in seconds -> pixel; `end` is the age at the right edge.
export function timeScale({ end, left, right, isLinear }) {
  const last = Math.max(end, 1);
  const part = isLinear ? (age) => age / last
    : (age) => Math.log1p(age / KNEE_S) / Math.log1p(last / KNEE_S);
  return (age) => left + (right - left) * part(Math.min(Math.max(age, 0), last));
}

function label(age) {
  const [size, unit] = UNITS.find(([each]) => age % each === 0);
  return `${count(age / size)}\u00a0${unit}`;
}

// [age, text] of the marks of the axis.
export function timeTicks(end, isLinear) {
  if (!isLinear) return AGES.filter((age) => age <= end).map((age) => [age, label(age)]);
  const step = STEPS.find((each) => end / each <= 6) ?? STEPS.at(-1);
  const ticks = [];
  for (let age = step; age <= end && ticks.length < 8; age += step) ticks.push([age, label(age)]);
  return ticks;
}

// Up to five round sizes up to `most`.
export function sizeTicks(most) {
  const rough = Math.max(most, 2) / 2;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [5, 2, 1].find((each) => each * power <= rough) * power;
  const ticks = [];
  for (let size = step; size <= most; size += step) ticks.push(size);
  return ticks;
}

// Where an axis of sizes ends. A high forecast may be far beyond it.
export function tallest({ size, forecast, high }) {
  const room = Number.isFinite(forecast) ? Math.max(size * TALLEST, forecast * ABOVE) : size;
  return Math.max(size, Number.isFinite(high) ? Math.min(high, room) : room);
}
