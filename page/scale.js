// The time axis that the curve and the tree of a cascade share, and the axis of its size.

const KNEE_S = 60; // the logarithmic axis is nearly linear below a minute
const AGES = [[60, "1\u00a0min"], [600, "10\u00a0min"], [3600, "1\u00a0h"], [6 * 3600, "6\u00a0h"],
  [86400, "1\u00a0d"], [7 * 86400, "7\u00a0d"]];
const STEPS = [60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400];

// age in seconds -> pixel; `end` is the age at the right edge.
export function timeScale({ end, left, right, isLinear }) {
  const last = Math.max(end, 1);
  const part = isLinear ? (age) => age / last
    : (age) => Math.log1p(age / KNEE_S) / Math.log1p(last / KNEE_S);
  return (age) => left + (right - left) * part(Math.min(Math.max(age, 0), last));
}

function label(age) {
  if (age % 86400 === 0) return `${age / 86400}\u00a0d`;
  return age % 3600 === 0 ? `${age / 3600}\u00a0h` : `${age / 60}\u00a0min`;
}

// [age, text] of the marks of the axis.
export function timeTicks(end, isLinear) {
  if (!isLinear) return AGES.filter(([age]) => age <= end);
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
