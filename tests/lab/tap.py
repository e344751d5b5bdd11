"""Runs tests and prints TAP, which tests/run reads."""
import concurrent.futures
import sys
import time

import processes


CASES = []


def case(function):
    """Marks a test of the script that is run. Its name is a sentence: what is right."""
    if function.__module__ == "__main__":
        CASES.append(function)
    return function


class Skip(Exception):
    """Raised by a test that cannot run here; the text says why."""


def attempt(test):
    """The first words of the line of a test, its end, and lines of comment."""
    begun, result, end, comment = time.monotonic(), "ok", "", ""
    try:
        test()
    except Skip as reason:
        end = f" # SKIP {reason}"
    except Exception as error:  # pylint: disable=broad-except
        result = "not ok"
        text = f"{type(error).__name__}: {error}"[:4000]
        comment = "# " + text.replace("\n", "\n# ") + "\n"
    return result, end, f"{comment}# {time.monotonic() - begun:.1f} s"


def report(number, test, outcome):
    result, end, comment = outcome
    print(f"{comment}\n{result} {number} - {test.__name__}{end}", flush=True)
    return result != "ok"


def run_cases(side_by_side=1):
    """Runs what is marked as a case, or those that the command line names, and exits with 1 if one
    fails. What a case has started is ended after it, unless others run beside it."""
    chosen = [test for test in CASES if not sys.argv[1:] or test.__name__ in sys.argv[1:]]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    if side_by_side > 1:
        with concurrent.futures.ThreadPoolExecutor(side_by_side) as pool:
            # In both files that need this the last ones take longest.
            begun = {test: pool.submit(attempt, test) for test in reversed(chosen)}
            for number, test in enumerate(chosen, 1):
                failed += report(number, test, begun[test].result())
    else:
        for number, test in enumerate(chosen, 1):
            mark = len(processes.ENDINGS)
            outcome = attempt(test)
            processes.end_since(mark)
            failed += report(number, test, outcome)
    sys.exit(1 if failed else 0)
