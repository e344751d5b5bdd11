"""How tests wait: for a condition, with a deadline that a busy machine keeps as well."""
import time

PATIENCE = 90  # seconds
AFTER = 0.2    # for what must not follow: it would come soon, and a pass proves nothing more


def wait(what, claim, seconds=PATIENCE):
    """Until claim() is true, and returns its value. `what` is named if it does not become true: a
    text or a function that returns one."""
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.01)
    return value
