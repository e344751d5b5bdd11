// Runs tests one after the other and prints TAP, which tests/run reads.
const cases = [];

// The name of a test is a sentence: what is right.
export const test = (name, run) => cases.push({ name, run });

export function assert(claim, what) {
  if (!claim) throw new Error(typeof what === "string" ? what : JSON.stringify(what) ?? "not true");
}

export function equal(found, expected, what = "") {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  assert(left === right, `${what}${what && ": "}found ${left}, expected ${right}`);
}

// Runs the tests, or those that the command line names, and returns whether all have passed.
export async function runAll(afterEach = async () => {}) {
  const sought = process.argv.slice(2);
  const chosen = cases.filter(({ name }) => !sought.length || sought.includes(name));
  console.log(`1..${chosen.length}`);
  let failed = 0;
  for (const [index, { name, run }] of chosen.entries()) {
    const begun = Date.now();
    let result = "ok";
    try {
      await run();
    } catch (error) {
      result = "not ok";
      failed += 1;
      console.log("# " + String(error.stack ?? error).slice(0, 4000).replaceAll("\n", "\n# "));
    }
    await afterEach();
    console.log(`# ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    console.log(`${result} ${index + 1} - ${name}`);
  }
  return failed === 0;
}
