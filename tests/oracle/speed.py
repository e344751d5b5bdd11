"""The speed fields of a cascade by brute force: each one anew from the list of its events.

Times are whole milliseconds. Events are never merged here, so that the daemon's buckets are
compared with the sums they stand for.
"""
import math

from closed_sizes import AGES as SAMPLED, ClosedSizes, single

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
WEEK_MS = 7 * DAY_MS
LEAST = 5
AGES = [minutes * MINUTE_MS for minutes in
        (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 360, 720, 1440)]
SIZE_AGES = [minutes * MINUTE_MS for minutes in (5, 15, 60, 300, 1440)]
C, S0, TH = 0.0006265725, 300.0, 0.2314843
# Minutes -> a of the forecast R + a p U.
FACTORS = {1: 1.52, 2: .90, 5: 1.04, 10: 1.70, 15: 1.76, 20: 1.60, 30: 1.44, 45: 1.60, 60: 1.46,
           90: 1.08, 120: 1.22, 180: .78, 240: .68, 360: .80, 720: .56, 1440: .32}
BANDS = ((25 * MINUTE_MS, -.07, 3.63), (120 * MINUTE_MS, -.26, 2.83), (math.inf, -.31, 1.68))
DOUBLING = {100: (6.9260, -1.1325, 0.9623, 0.0275, -0.5453),
            200: (6.1584, -1.7959, 1.4964, -0.0412, -0.1920),
            400: (6.5985, -1.8515, 1.8496, -0.1188, -0.4433)}
STAGES = ((.025, "innovators"), (.16, "early_adopters"), (.5, "early_majority"),
          (.84, "late_majority"), (math.inf, "laggards"))
NAMES = ("edepth", "infectiousness", "forecast", "forecast_low", "forecast_high", "p_double",
         "overperformance")
SUPERCRITICAL = 0.01  # of infectiousness, from here on


def coarse(number):
    """All but the five leading binary digits are zero."""
    drop = max(0, number.bit_length() - 5)
    return number >> drop << drop


def lower_median(numbers):
    return sorted(numbers)[(len(numbers) - 1) // 2]


def antiderivative(x, k, b):
    """Of phi(x) (b + k x), 0 at x = 0."""
    near = min(x, S0)
    total = C * (b * near + k * near * near / 2)
    if x > S0:
        total += C * S0 ** (1 + TH) * (
            b * (S0 ** -TH - x ** -TH) / TH
            + k * (x ** (1 - TH) - S0 ** (1 - TH)) / (1 - TH))
    return total


def ccdf(s):
    return 1 - C * s if s <= S0 else C * S0 ** (1 + TH) / TH * s ** -TH


def usual_window(now):
    return min(max(now / 2, 300), 7200)


def is_stretched(events, now):
    """Whether the window reaches back further than usual, to the sixth newest."""
    return sum(now - usual_window(now) <= time < now for time, _ in events) < 5


def seismic(root, events, now):
    """(p, p U) of (seconds, followers) in order of time, or None if not known."""
    before = [time for time, _ in events if time < now]
    if len(events) < LEAST or not before:
        return None
    window = usual_window(now)
    if is_stretched(events, now):
        window = now - ([0.0] + before)[-6:][0]
    carried = sum(1 - (now - time) / window for time in before if time >= now - window)
    exposed = waiting = 0.0
    for time, followers in [(0.0, root)] + events:
        if time <= now:
            age = now - time
            b = 1 - age / window
            exposed += followers * (antiderivative(age, 1 / window, b)
                                    - antiderivative(max(0.0, age - window), 1 / window, b))
            waiting += followers * ccdf(age)
    if exposed <= 0:
        return None
    p = carried / exposed
    return p, p * waiting


def trend_of(events, now):
    last = sum(time > 0.75 * now for time, _ in events)
    before = sum(0.5 * now < time <= 0.75 * now for time, _ in events)
    return math.log((last + 1) / (before + 1))


def factor_at(age):
    """a, linear in the logarithm of the age (ms) between those that are given."""
    minutes = min(max(age / MINUTE_MS, 1), 1440)
    below = max(given for given in FACTORS if given <= minutes)
    above = min(given for given in FACTORS if given >= minutes)
    if below == above:
        return FACTORS[below]
    part = (math.log(minutes) - math.log(below)) / (math.log(above) - math.log(below))
    return (1 - part) * FACTORS[below] + part * FACTORS[above]


def expected_depth(root, events):
    """Mean over the events of sum over earlier ones of P(parent) (1 + depth)."""
    times, weights, depths = [0.0], [max(1, root or 0)], [0.0]
    for time, followers in events:
        pull = [w * math.exp(-6.8e-5 * (time - t)) for t, w in zip(times, weights)]
        depths.append(sum(p * (1 + d) for p, d in zip(pull, depths)) / sum(pull))
        times.append(time)
        weights.append(max(1, followers or 0))
    return sum(depths[1:]) / len(events)


def doubling(k, times):
    b = DOUBLING.get(min(k, 400))
    if b is None:
        return None
    log = [math.log(t + 1) for t in (*times, max(0.0, times[0] - times[1]))]
    z = b[0] + sum(factor * x for factor, x in zip(b[1:], log))
    return 1 / (1 + math.exp(-z))


class Pulse:
    """What stands between two evaluations."""

    def __init__(self, born, root):
        self.born, self.root = born, root
        self.ages = list(AGES)
        self.marks, self.next_mark = [], 0
        self.sizes = {}
        self.samples = {}  # age -> R, p U and trend, to learn from
        self.is_over = self.is_sized = False
        self.grown_at = 0
        self.values, self.stage = {}, None
        self.is_stretched = False  # the last estimate's window


class Speed:
    """All pulses of an oracle, what is due when, and what was learnt from those that are over."""

    def __init__(self, oracle):
        self.oracle = oracle
        self.followers = {}  # network -> those of everybody met
        self.followed = {}   # post -> its cascade, of those that something may be due of
        self.history = {}    # author -> sizes of the last posts
        self.authors = []    # followers of the authors of posts that are over
        self.deciles = {}    # (decile, age) -> sizes
        self.closed = ClosedSizes(factor_at)

    # --- events ---

    def count(self, post, cascade, entry):
        """The amount `entry` of size lies below the post."""
        oracle, event = self.oracle, entry.event
        born = oracle.known[post].time
        since = cascade.first if born is None else born
        week = WEEK_MS * 1000
        if oracle.clock - since >= week or oracle.clock - event.time >= week:
            return
        followers = cascade.followers[event.author]
        if followers == 0 and oracle.users[event.author].followers is None:
            followers = None
        cascade.reshares.append((event.time // 1000, entry, followers))
        size = len(self._events(cascade))
        pulse = cascade.pulse
        if pulse is None:
            if size >= LEAST and born is not None:
                self._open(post, cascade, born)
            return
        self._mark(cascade)
        passed = len(AGES) - len(pulse.ages)
        if pulse.ages and passed and oracle.clock == born + AGES[passed - 1] * 1000:
            self._take_stock(post, cascade, AGES[passed - 1], False)
        elif size >= pulse.grown_at:
            self._estimate(post, cascade, oracle.clock // 1000)

    def meet(self, network, followers):
        if followers is not None:
            self.followers.setdefault(network, []).append(coarse(min(followers, 2**32 - 1)))

    def median(self, network):
        """The lower median of the followers that are known; None if none are."""
        known = self.followers.get(network)
        return lower_median(known) if known else None

    def _events(self, cascade):
        """(ms, followers) of what is not undone, in order of time, then of followers."""
        alive = [(time, followers) for time, entry, followers in cascade.reshares
                 if not entry.is_undone]
        return sorted(alive, key=lambda event: (event[0], 2**32 if event[1] is None else event[1]))

    def _seconds(self, cascade):
        return [(max(0, time - cascade.pulse.born) / 1000, followers)
                for time, followers in self._events(cascade)]

    def _open(self, post, cascade, born):
        author = self.oracle.known[post].author
        root = self.oracle.users[author].followers if author else None
        pulse = cascade.pulse = Pulse(born // 1000, root)
        self.followed[post] = cascade
        pulse.grown_at = len(self._events(cascade)) + 1
        self._mark(cascade)
        while self._due(post, cascade)[0] <= self.oracle.clock:
            self._attend(post, cascade, True)
        if not pulse.is_over:
            self._estimate(post, cascade, self.oracle.clock // 1000)
            if pulse.values["infectiousness"] is None:
                pulse.grown_at = len(self._events(cascade)) + 1

    def _mark(self, cascade):
        pulse, times = cascade.pulse, [time for time, _ in self._seconds(cascade)]
        while True:
            power = pulse.next_mark - 4
            k = 100 << power if power >= 0 else 100 >> -power
            if k > len(times):
                return
            pulse.marks.insert(0, max(times[k - 1], pulse.marks[0] if pulse.marks else 0))
            if len(pulse.marks) >= 3:
                pulse.values["p_double"] = doubling(k, pulse.marks[:3])
            pulse.next_mark += 1

    # --- time ---

    def advance(self, clock):
        """Does what is due up to that clock, in order of time."""
        while True:
            self.followed = {post: cascade for post, cascade in self.followed.items()
                             if self.oracle.cascades[post] is cascade and not cascade.pulse.is_over}
            waiting = [(self._due(post, cascade)[0], cascade.number, post, cascade)
                       for post, cascade in self.followed.items()]
            due, _, post, cascade = min(waiting, default=(math.inf, 0, None, None))
            if due > clock:
                return
            self._attend(post, cascade, False)

    def _due(self, post, cascade):
        pulse = cascade.pulse
        age = (self.oracle.known[post].time + pulse.ages[0] * 1000 if pulse.ages else math.inf)
        close = min(cascade.last + 6 * HOUR_MS * 1000,
                    self.oracle.known[post].time + WEEK_MS * 1000)
        if pulse.is_over:
            close = math.inf
        return min(age, close), close <= age

    def _attend(self, post, cascade, is_new):
        pulse = cascade.pulse
        if self._due(post, cascade)[1]:
            for age in SIZE_AGES:
                pulse.sizes.setdefault(age, len(self._events(cascade)))
            self._enter_history(post, cascade)
            self.closed.learn(self._due(post, cascade)[0], pulse.samples,
                              len(self._events(cascade)))
            pulse.is_over, pulse.ages = True, []
            return
        age = pulse.ages.pop(0)
        self._take_stock(post, cascade, age, is_new)
        if not pulse.ages:
            self._enter_history(post, cascade)

    def _take_stock(self, post, cascade, age, is_new):
        pulse = cascade.pulse
        if age in SIZE_AGES:
            times = [time - pulse.born for time, _ in self._events(cascade)]
            pulse.sizes[age] = sum(time <= age for time in times) if is_new else len(times)
            self._compare(post, cascade, age)
        if not is_new:
            found = self._estimate(post, cascade,
                                   (self.oracle.known[post].time + age * 1000) // 1000)
            if found and age in SAMPLED:
                pulse.samples[age] = found[0], single(found[1]), single(found[2])

    # --- estimates ---

    def _estimate(self, post, cascade, now):
        """Returns R, p U and the trend, or None if they are not known."""
        pulse, network = cascade.pulse, self.oracle.network_of(post)
        median = self.median(network)
        root = median if pulse.root is None else pulse.root
        events = [(time, median if followers is None else followers)
                  for time, followers in self._seconds(cascade)]
        pulse.grown_at = math.ceil(len(events) * 1.25)
        names = ("infectiousness", "forecast", "forecast_low", "forecast_high")
        pulse.values.update(dict.fromkeys(names))
        pulse.stage = None
        age = now - pulse.born
        pulse.is_stretched = is_stretched(events, max(0, age) / 1000)
        if root is None or any(followers is None for _, followers in events):
            return None
        answer = seismic(root, events, max(0, age) / 1000)
        if answer is None:
            return None
        p, reach = answer
        trend = trend_of(events, max(0, age) / 1000)
        forecast = self.closed.size(age, len(events), reach, trend)
        band = self.closed.band(age, len(events), reach) if age >= 5 * MINUTE_MS else None
        if band:
            forecast = min(max(forecast, band[0]), band[1])
        pulse.values.update(infectiousness=p, forecast=forecast)
        pulse.stage = next(name for end, name in STAGES if len(events) / forecast <= end)
        if age >= 5 * MINUTE_MS:
            _, low, high = next(shipped for shipped in BANDS if age < shipped[0])
            base = len(events) + reach
            low, high = band or (max(base * math.exp(low), len(events)), base * math.exp(high))
            pulse.values["forecast_low"] = min(forecast, low)
            pulse.values["forecast_high"] = max(forecast, high)
        return len(events), reach, trend

    # --- authors ---

    def merge(self, old, new):
        """The posts of one author are another one's, and older than what that one has."""
        if old in self.history:
            self.history[new] = self.history.pop(old) + self.history.get(new, [])

    def _decile(self, followers):
        below = sum(coarse(other) < coarse(followers) for other in self.authors)
        return min(9, below * 10 // len(self.authors)) if self.authors else 0

    def _enter_history(self, post, cascade):
        author, pulse = self.oracle.known[post].author, cascade.pulse
        if pulse.is_sized or author is None:
            return
        pulse.is_sized = True
        followers = self.oracle.users[author].followers
        if followers is not None:
            followers = min(followers, 2**32 - 2)
            self.authors.append(followers)
            for age, size in pulse.sizes.items():
                self.deciles.setdefault((self._decile(followers), age), []).append(coarse(size))
        self.history.setdefault(author, []).append(dict(pulse.sizes))

    def _compare(self, post, cascade, age):
        author = self.oracle.known[post].author
        if author is None:
            return
        expected = self._expected(author, age)
        size = max(cascade.pulse.sizes[age], 5)
        cascade.pulse.values["overperformance"] = (None if expected is None
                                                   else size / max(expected, 5))

    def _expected(self, author, age):
        posts = self.history.get(author, [])[-100:]
        if len(posts) >= 20:
            sizes = sorted(max(1, sizes[age]) for sizes in posts)
            middle = sizes[len(sizes) // 4:len(sizes) - len(sizes) // 4]
            return math.exp(sum(map(math.log, middle)) / len(middle))
        followers = self.oracle.users[author].followers
        if followers is None:
            return None
        sizes = self.deciles.get((self._decile(min(followers, 2**32 - 2)), age), [])
        return lower_median(sizes) if len(sizes) >= 20 else None

    # --- asking ---

    def fields(self, cascade, is_closed):
        pulse = cascade.pulse
        if pulse is None:
            return {}
        events = self._seconds(cascade)
        values = {**pulse.values, "edepth": expected_depth(pulse.root, events) if events else None}
        if is_closed:
            values = {name: values.get(name) for name in ("edepth", "overperformance")}
        values["stage"] = "laggards" if is_closed else pulse.stage
        p = values.get("infectiousness")
        values["supercritical"] = "1" if p is not None and p >= SUPERCRITICAL else None
        return values
