"""Alerts about people who take part in a campaign for the first time, by brute force. See docs/alerts.md and
campaigns.py, whose acts it watches.
"""
from collections import defaultdict

RANKED_ALIKE = 3e-9  # scores of carriers are sums, written in units of 1e-9


class NewcomerRule:
    """campaigns: names; min_followers and carriers_in: 0 for none."""

    def __init__(self, name, campaigns, min_followers=0, carriers_in=0):
        self.name, self.campaigns = name, campaigns
        self.min_followers, self.carriers_in = min_followers, carriers_in

    def argument(self):
        return "/".join([self.name, ",".join(self.campaigns), str(self.min_followers),
                         str(self.carriers_in)])


class Newcomers:
    def __init__(self, oracle, rules):
        self.oracle, self.rules = oracle, rules
        # The first post had no date that can be: before the first flush, scores of carriers are as of 1970.
        self.is_undated = False
        self.raised = set()  # (rule, campaign, person)
        self.alerts = defaultdict(list)  # (id, ms) -> the reasons of each
        self.doubtful = set()  # ids: whether there is an alert depends on how sums are rounded

    def judge(self, campaign, person):
        """The person has the first act in the campaign, or all acts there are within the longest window
        and the followers or the handle changed."""
        for rule in self.rules:
            if campaign in rule.campaigns and (rule.name, campaign, person) not in self.raised:
                self._ask(rule, campaign, person)

    def _ask(self, rule, campaign, person):
        why, followers = [f"campaign {campaign}"], self.oracle.users[person].followers
        if rule.min_followers and followers is not None and followers >= rule.min_followers:
            why.append(f"followers {min(followers, 2**32 - 1)} >= {rule.min_followers}")
        first, last = self._ranks(person) if rule.carriers_in else (None, None)
        most = min(rule.carriers_in, self.oracle.top)
        an_id = f"{rule.name}:{campaign}:{person}"
        if rule.carriers_in and self.is_undated:
            self.doubtful.add(an_id)
        if first is not None and first <= most:
            if last > most:
                self.doubtful.add(an_id)
            why.append((first, last, rule.carriers_in))
        if len(why) > 1:
            self.raised.add((rule.name, campaign, person))
            self.alerts[an_id, self.oracle.clock // 1000].append(why)

    def _ranks(self, person):
        """The first and the last rank among the carriers that the person has if sums are rounded in one way
        or another; (None, None): none."""
        ledger = self.oracle.ledger
        scores = dict(ledger.boards(ledger.people(), None)["carriers"])
        mine = scores.pop(person, None)
        if mine is None:
            return None, None
        above = sum(score > mine + RANKED_ALIKE for score in scores.values())
        alike = {other for other, score in scores.items() if abs(score - mine) <= RANKED_ALIKE}
        exact = {other for other in alike if scores[other] == mine and is_whole(mine)}
        above += sum(other.encode() < person.encode() for other in exact)
        return above + 1, above + 1 + len(alike - exact)

    def merge(self, old, new):
        """What was raised about one was raised about both; who is known by the old id later is somebody
        else."""
        self.raised = {(rule, campaign, new if person == old else person)
                       for rule, campaign, person in self.raised}


def is_whole(score):
    """A sum without rounding: nothing in it has decayed."""
    return score == int(score)


def is_same(got, wanted):
    """True if these are the reasons that are wanted."""
    return len(got) == len(wanted) and all(map(is_reason, got, wanted))


def is_reason(got, wanted):
    if isinstance(wanted, str):
        return got == wanted
    first, last, most = wanted
    return got in {f"carrier_rank {rank} <= {most}" for rank in range(first, last + 1)}


def alert_faults(printed, newcomers, is_lossy):
    """One line for each alert that is wrong. printed: (id, ms, reasons) in order; a receiver that loses
    nothing gets each once."""
    got = defaultdict(list)
    for an_id, time, why in printed:
        if not is_lossy or why not in got[an_id, time]:
            got[an_id, time].append(why)
    for key in sorted(got.keys() | newcomers.alerts.keys()):
        found, wanted = got.get(key, []), newcomers.alerts.get(key, [])
        is_right = len(found) == len(wanted) and all(map(is_same, found, wanted))
        if not is_right and key[0] not in newcomers.doubtful:
            yield f"alert {key}: fold {found}, oracle {wanted}"
