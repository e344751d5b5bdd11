"""At which time the posts of a recording count, stated in the plainest way.

The clock is the latest time at which a post counted. A date more than a minute after it leaps. It
is judged by the 31 dated posts behind it and the 16 believed ones before it. Of those behind, the
posts by other authors are asked; its own author's only if there are no others around. One asked is
`beside` the date (at most a minute earlier, or later), or `between` it and the clock (less than a
minute earlier than that counts, too), or older and of no matter.

- The date is contradicted if more than a quarter of those beside and between are between. It takes
  three of them, or one if the leap is implausible. Where the posts around that are not beside it (with the
  first date of all: these, and all) are not in order of time (more than a third of the pairs are
  inverted), nothing is contradicted; nor is a leap of up to three hours where one of them is dated
  more than a minute before the one in front of it.
- It is unconfirmed if no more posts come, fewer than eight, itself included, are beside it, and the
  leap is implausible and over more than 36 hours, or implausible where others were not believed.
- A leap is implausible if it is over eight times as far as any that was believed, and over eight
  minutes, and at least 16 posts were dated so far.
- The first date of all is too old if one of the first seven steps behind it goes over more than 36
  hours and over eight times as far as any other, more than three quarters of the posts behind that
  step stay there, and at least 16 posts are to be seen.

A date that is none of these is believed. The others count at the clock; if there is none yet, the
first date counts at that of the first post that contradicts it, or behind the step.
A date that cannot be one (before 2006, in the future) counts at the clock, too; in front of all
others, at the time of the first that can.
"""

MINUTE, HOUR = 60_000_000, 3_600_000_000
YEAR_2006 = 1136073600 * 1_000_000
LOOK, RECENT, CONFIRM, FIRST, TIMES, FAR = 32, 16, 8, 7, 8, 36 * HOUR
SHORT = 3 * HOUR


def is_in_order(times):
    pairs = [(a, b) for at, b in enumerate(times) for a in times[:at]]
    return 3 * sum(a > b for a, b in pairs) <= len(pairs)


class Dates:
    """Goes through (time, author) of the posts of a recording; time in microseconds."""

    def __init__(self, posts, wall):
        self.posts = posts
        self.is_believable = lambda time: YEAR_2006 <= time <= wall + MINUTE
        self.clock, self.farthest, self.recent = None, 0, []
        self.moved = self.old = 0
        self.times = [self._count(at) for at in range(len(posts))]

    def _count(self, at):
        date = self.posts[at][0]
        seen = [post for post in self.posts[at:] if self.is_believable(post[0])][:LOOK]
        if not self.is_believable(date):
            if self.clock is None and seen:
                self.clock = self._instead(0, seen)
                if self.clock is None:
                    self.clock = seen[0][0]
            return self.clock
        instead = None
        if self.clock is None or date > self.clock + MINUTE:
            instead = self._instead(at, seen)
            self.moved += instead is not None and instead <= date
            self.old += instead is not None and instead > date
        if instead is None:
            self.recent = [*self.recent, self.posts[at]][-RECENT:]
            if self.clock is not None and date > self.clock + MINUTE:
                self.farthest = max(self.farthest, date - self.clock)
        time = date if instead is None else instead
        self.clock = max(self.clock or time, time)
        return time

    def _instead(self, at, seen):
        """The time at which the first of these counts if its date is not believed."""
        (date, author), behind = seen[0], seen[1:]
        asked = [post for post in behind if post[1] != author]
        if not asked and all(post[1] == author for post in self.recent):
            asked = behind
        beside = sum(time >= date - MINUTE for time, _ in asked)
        floor = self.clock - MINUTE if self.clock is not None else 0
        between = sum(floor < time < date - MINUTE for time, _ in asked)
        rest = [time for time, _ in behind if time < date - MINUTE]
        leap = date - self.clock if self.clock is not None else 0
        around = [time for time, _ in self.recent] + rest
        has_late = any(b < a - MINUTE for a, b in zip(around, around[1:]))
        is_implausible = at >= RECENT and leap > TIMES * max(self.farthest, MINUTE)
        if (4 * between > beside + between and between >= (1 if is_implausible else 3)
                and is_in_order(around) and not (0 < leap <= SHORT and has_late)
                and (self.clock is not None or is_in_order([time for time, _ in seen]))):
            return self.clock if self.clock is not None else rest[0]
        if (len(seen) < LOOK and beside + 1 < CONFIRM and is_implausible
                and (leap > FAR or self.moved)):
            return self.clock
        return self._first(seen) if self.clock is None else None

    @staticmethod
    def _first(seen):
        if len(seen) < RECENT:
            return None
        times = [time for time, _ in seen]
        steps = [b - a for a, b in zip(times, times[1:])]
        far = max(range(len(steps)), key=lambda at: (steps[at], -at))
        rest = max(steps[:far] + steps[far + 1:])
        above = times[far + 1:]
        if (far < FIRST and steps[far] > FAR and steps[far] > TIMES * max(rest, MINUTE)
                and 4 * sum(time < above[0] - MINUTE for time in above) < len(above)):
            return above[0]
        return None
