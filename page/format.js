// Numbers, times and durations in the reader's locale.
const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const ONE_TENTH = new Intl.NumberFormat(undefined,
  { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat(undefined,
  { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const MINUTE = new Intl.DateTimeFormat(undefined,
  { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DATE = new Intl.DateTimeFormat(undefined,
  { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
    hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined,
  { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const count = (value) => (Number.isFinite(value) ? WHOLE.format(value) : "\u2013");

// A figure of a board: whole, or with a tenth if it decays or is an estimate.
export const figure = (value) => (!Number.isFinite(value) ? "\u2013"
  : Number.isInteger(value) || Math.abs(value) >= 1000 ? WHOLE.format(value) : TENTHS.format(value));

export const percent = (part) => `${count(part * 100)}\u00a0%`;
export const clock = (ms) => (Number.isFinite(ms) ? CLOCK.format(ms) : "\u2013");
export const minute = (ms) => (Number.isFinite(ms) ? MINUTE.format(ms) : "\u2013");
// Text that is written from right to left is isolated: it would turn what is around it.
const isolated = (text) => (/[\u0590-\u08FF]/.test(text) ? `\u2068${text}\u2069` : text);
export const date = (ms) => (Number.isFinite(ms) ? isolated(DATE.format(ms)) : "\u2013");
// Without the year.
export const day = (ms) => (Number.isFinite(ms) ? isolated(DAY.format(ms)) : "\u2013");

export const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

// "12 min", "3 h": one unit; below ten seconds with a tenth.
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "\u2013";
  const length = Math.max(0, seconds);
  if (length < 10) return `${TENTHS.format(length)}\u00a0s`;
  const [size, unit] = UNITS.find(([each]) => length >= each);
  return `${WHOLE.format(Math.floor(length / size))}\u00a0${unit}`;
}

// The age of the data: always with a tenth below ten seconds, so that it has one width.
export const age = (seconds) => (seconds < 10 ? `${ONE_TENTH.format(seconds)}\u00a0s`
  : duration(seconds));

// How a rank has changed: "+2", "-1", "=", or "new".
export function movement(rank, previous) {
  if (!Number.isFinite(previous)) return "new";
  const up = previous - rank;
  return up === 0 ? "=" : up > 0 ? `+${up}` : `\u2212${-up}`;
}
