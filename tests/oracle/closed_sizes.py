"""What is learnt from closed cascades about the final size and its band, stated a second time.

Each fit is made from all that is known of an age, from the list of what closed. The fit by least
absolute deviations is found by another method than the daemon's and proved to be the minimum.
"""
import itertools
import math
import operator
import struct
from random import Random

MINUTE_MS, DAY_US = 60_000, 86_400_000_000
AGES = [minutes * MINUTE_MS for minutes in (5, 10, 30, 60, 120, 240, 360, 720)]
KEPT, FIRST, LEAST, STEP, LATER_STEP = 512, 100, 200, 50, 100
HALF_LIFE_US, WEIGHT_LEAST, GROWTH_MOST = 30 * DAY_US, 1 / 1024, 22
SHIPPED, REFITTED, LEARNT = range(3)
NEAREST = 10  # rows of which some are usually met by the best fit
STEPS_MOST = 1000
BAND_AGES = [minutes * MINUTE_MS for minutes in (10, 60, 240)]


def single(number):
    """Rounded as a sample is kept."""
    return struct.unpack("f", struct.pack("f", number))[0]


def weighted_median(pairs):
    """Of (value, weight): the least value with half of the weight up to it."""
    pairs = sorted(pair for pair in pairs if pair[1] > 0)
    half, below = sum(weight for _, weight in pairs) / 2, 0.0
    for value, weight in pairs:
        below += weight
        if below >= half:
            return value
    return None


def solve(matrix, vector):
    """Gauss with the greatest pivot; None if there is no one solution."""
    size = len(vector)
    rows = [list(row) + [value] for row, value in zip(matrix, vector)]
    for k in range(size):
        best = max(range(k, size), key=lambda i: abs(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        if abs(rows[k][k]) < 1e-12:
            return None
        for i in range(size):
            if i != k:
                part = rows[i][k] / rows[k][k]
                rows[i] = [a - part * b for a, b in zip(rows[i], rows[k])]
    return [rows[i][size] / rows[i][i] for i in range(size)]


def least_squares(rows, values, weights):
    size = len(rows[0])
    matrix = [[sum(w * row[i] * row[j] for row, w in zip(rows, weights)) for j in range(size)]
              for i in range(size)]
    vector = [sum(w * row[i] * value for row, value, w in zip(rows, values, weights))
              for i in range(size)]
    return solve(matrix, vector)


def residuals_of(rows, values, factors):
    return [value - sum(a * b for a, b in zip(row, factors)) for row, value in zip(rows, values)]


def least_deviations(rows, values, weights):
    """By least squares with weights 1 / residual, then exactly through the rows it comes to. If
    most cascades do not grow any more, more rows than factors are met by factors of 0.
    """
    factors = [0.0] * len(rows[0])
    for floor in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8):
        for _ in range(12):
            parts = [weight / max(abs(r), floor)
                     for weight, r in zip(weights, residuals_of(rows, values, factors))]
            factors = least_squares(rows, values, parts) or factors
    rest = [abs(residual) for residual in residuals_of(rows, values, factors)]
    if sum(map(operator.mul, weights, map(abs, values))) <= sum(map(operator.mul, weights, rest)):
        return [0.0] * len(factors)
    if sum(residual < 1e-6 for residual in rest) > len(factors):
        return factors  # small counts: many rows are met at once, and it is near enough
    nearest = sorted(range(len(rows)), key=rest.__getitem__)
    for met in itertools.combinations(nearest[:NEAREST], len(factors)):
        exact = solve([rows[i] for i in met], [values[i] for i in met])
        if exact and is_least(rows, values, weights, exact, met):
            return exact
    return descended(rows, values, weights, nearest)


def descended(rows, values, weights, nearest):
    """Exchanges one row that is met after the other, as in the simplex method, from those that are
    nearest. Each value is changed by up to 1e-7, so that no more rows than factors are met at once.
    """
    random = Random(len(rows))
    values = [value + random.uniform(0, 1e-7) for value in values]
    met = independent(rows, nearest)
    for _ in range(STEPS_MOST):
        exact = solve([rows[i] for i in met], [values[i] for i in met])
        signs = signs_of(rows, values, weights, exact, met)
        wrong = [k for k, sign in enumerate(signs) if abs(sign) > 1 + 1e-6]
        if not wrong:
            return exact
        left = random.choice(wrong)
        way = solve([rows[i] for i in met],
                    [math.copysign(k == left, signs[left]) for k in range(len(met))])
        slopes = [sum(map(operator.mul, row, way)) for row in rows]
        rest = residuals_of(rows, values, exact)
        others = [i for i in range(len(rows)) if i not in met and abs(slopes[i]) > 1e-9]
        span = weighted_median([(rest[i] / slopes[i], weights[i] * abs(slopes[i]))
                                for i in [*others, met[left]]])
        found = [i for i in others if rest[i] / slopes[i] == span]
        if found:
            met[left] = random.choice(found)
    raise ArithmeticError("no minimum found")


def independent(rows, order):
    """The first rows of that order of which none is a sum of the others."""
    met, reduced = [], []
    for i in order:
        row = list(rows[i])
        for pivot, other in reduced:
            part = row[pivot] / other[pivot]
            row = [a - part * b for a, b in zip(row, other)]
        pivot = max(range(len(row)), key=lambda k: abs(row[k]))
        if abs(row[pivot]) > 1e-9:
            reduced.append((pivot, row))
            met.append(i)
        if len(met) == len(rows[0]):
            break
    return met


def signs_of(rows, values, weights, factors, met):
    """The signs of the rows that are met with which those of all rows add up to 0, or None."""
    size, rest = len(factors), [0.0] * len(factors)
    for i, residual in enumerate(residuals_of(rows, values, factors)):
        if i not in met:
            sign = math.copysign(weights[i], residual)
            rest = [a + sign * b for a, b in zip(rest, rows[i])]
    return solve([[weights[i] * rows[i][k] for i in met] for k in range(size)],
                 [-a for a in rest])


def is_least(rows, values, weights, factors, met):
    """At a minimum these signs are between -1 and 1."""
    signs = signs_of(rows, values, weights, factors, met)
    return signs is not None and all(abs(sign) <= 1 + 1e-6 for sign in signs)


def terms_of(reshares, reach, trend):
    return [1.0, math.log(reshares + 1), math.log(reach + 1), trend]


class Age:
    """What is known of one age, and the fit that it has led to."""

    def __init__(self, number, factor):
        self.turn = number * LATER_STEP // len(AGES)
        self.shipped = factor
        self.closed = []  # (time, R, p U, trend, final, errors)
        self.count, self.way, self.fitted = 0, SHIPPED, None

    def sizes(self, reshares, reach, trend):
        """What each way forecasts; one size if there is no fit."""
        found = [reshares + self.shipped * reach]
        if self.fitted:
            factor, factors = self.fitted
            growth = sum(a * b for a, b in zip(factors, terms_of(reshares, reach, trend)))
            found += [reshares + max(factor * reach, 0),
                      reshares + max(math.exp(min(growth, GROWTH_MOST)) - 1, 0)]
        return found

    def learn(self, time, sample, final):
        sizes = self.sizes(*sample)
        errors = [single(abs(size / max(final, 1) - 1)) for size in sizes]
        self.closed = [*self.closed, (time, *sample, final, errors)][-KEPT:]
        self.count += 1
        is_due = (self.count + self.turn) % LATER_STEP == 0 if self.count > LEAST \
            else self.count >= FIRST and self.count % STEP == 0
        if is_due:
            self._fit()

    def _fit(self):
        newest = max(row[0] for row in self.closed)
        weights = [max(0.5 ** ((newest - row[0]) / HALF_LIFE_US), WEIGHT_LEAST)
                   for row in self.closed]
        factor = weighted_median([((final - reshares) / reach, weight * reach / max(final, 1))
                                  for (_, reshares, reach, _, final, _), weight
                                  in zip(self.closed, weights) if reach > 0])
        if factor is None:
            return
        rows = [terms_of(*row[1:4]) for row in self.closed]
        growth = [math.log(max(row[4] - row[1], 0) + 1) for row in self.closed]
        self.fitted = factor, least_deviations(rows, growth, weights)
        judged = [(row[5], weight) for row, weight in zip(self.closed, weights) if len(row[5]) == 3]
        medians = [weighted_median([(errors[way], weight) for errors, weight in judged])
                   for way in range(3)] if judged else [0, 1, 1]
        self.way = medians.index(min(medians))


class ClosedSizes:
    def __init__(self, factor_at):
        self.factor_at = factor_at
        self.ages = {age: Age(number, factor_at(age)) for number, age in enumerate(AGES)}
        self.bands = {}  # age -> (factors, 5 % and 95 % quantile of the residuals)

    def size(self, age, reshares, reach, trend):
        shipped = reshares + self.factor_at(age) * reach
        if age < AGES[0]:
            return shipped
        near = self.ages[min(AGES, key=lambda other: abs(math.log(other / age)))]
        if near.count < LEAST or near.way == SHIPPED:
            return shipped
        return near.sizes(reshares, reach, trend)[near.way]

    def band(self, age, reshares, reach):
        """None if it is not learnt."""
        which = BAND_AGES[0 if age < 25 * MINUTE_MS else 1 if age < 120 * MINUTE_MS else 2]
        if which not in self.bands:
            return None
        factors, quantiles = self.bands[which]
        middle = sum(a * b for a, b in zip(factors, terms_of(reshares, reach, 0)[:3]))
        return [max(math.exp(middle + quantile) - 1, reshares) for quantile in quantiles]

    def learn(self, time, samples, final):
        """samples: age -> (R, p U, trend)."""
        for age, sample in samples.items():
            self.ages[age].learn(time, sample, final)
            if age in BAND_AGES and self.ages[age].count >= LEAST \
                    and (self.ages[age].count - LEAST) % STEP == 0:
                self._fit_band(age)

    def _fit_band(self, age):
        closed = self.ages[age].closed
        rows = [terms_of(row[1], row[2], 0)[:3] for row in closed]
        sizes = [math.log(row[4] + 1) for row in closed]
        factors = least_squares(rows, sizes, [1.0] * len(rows))
        if factors is None:
            return
        rest = sorted(residuals_of(rows, sizes, factors))

        def quantile(part):
            at = part * (len(rest) - 1)
            below = min(int(at), len(rest) - 2)
            return rest[below] + (at - below) * (rest[below + 1] - rest[below])
        self.bands[age] = factors, (quantile(.05), quantile(.95))
