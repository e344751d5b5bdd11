"""An invented world of people who post, the same whatever network it is written down for.

People follow a heavy-tailed law, in followers and, independently, in how much they post. A post
is carried on with a delay drawn from the power-law memory of real cascades (Zhao et al. 2015),
each reshare may bring further ones, and now and then an author with many followers writes
something that everybody reshares. Now and then the cast plays a scene (cast.py). Only random()
and getrandbits() of random.Random are used, which give the same numbers in every version of
Python.
"""
import heapq
import math
import random

from cast import CARRIERS, EARLY, NAMES, WRITER
from words import ADJECTIVES, ANIMALS, HOSTS, NEWS, SENTENCES, TAGS

SECOND = 1000  # all times are in milliseconds
IDLE_EVERY = 15 * SECOND
REACTION_MIN = 3 * SECOND  # nobody reacts faster, see ARRIVAL_MAX in generate.py
KERNEL_FLAT, KERNEL_EXPONENT, KERNEL_FLAT_SHARE = 300 * SECOND, 0.2314843, 0.188
OFFSPRING = 1.0  # what comes of one post on average
HOT_POSTS = 12
RECENT = 400
SCENES_MAX, POSTS_A_SCENE = 24, 400
SCENE_PACE = 1 / 48  # of the stream: between a carrier's reshare and one through it, on average


class User:
    """A person; a small number means many followers. The cast has the greatest numbers."""

    def __init__(self, number, world_seed, user_count, handle=None):
        rng = random.Random((world_seed << 40) | number)
        first, second = pick(rng, ADJECTIVES), pick(rng, ANIMALS)
        self.number = number
        self.handle = handle or f"{second}_{number}"
        self.name = f"{first.capitalize()} {second.capitalize()}" + pick(rng, ("", "", " ☕", " 🌊"))
        self.lang = pick(rng, ("en", "en", "en", "es", "de", "cs", "ja"))
        self.host = pick(rng, HOSTS)
        self.token = rng.getrandbits(120)  # for whatever a network makes of an account
        spread = math.exp(gauss(rng) * 0.8)
        self.followers = int(40 * user_count * spread / (number + 1) ** 0.9)


class Post:
    """A post. `parts` are its words: text, or a User who is mentioned, or a Tag."""

    def __init__(self, number, author, time, parts):
        self.number, self.author, self.time, self.parts = number, author, time, parts
        self.quote = self.reply = None
        self.appeal = 0.0
        self.retweets = self.quotes = self.replies = 0
        self.carriers = set()
        self.is_deleted = False

    @property
    def root(self):
        """The first post of the conversation."""
        post = self
        while post.reply:
            post = post.reply
        return post

    @property
    def mentions(self):
        return [part for part in self.parts if isinstance(part, User)]

    @property
    def tags(self):
        return [part for part in self.parts if isinstance(part, Tag)]


class Tag(str):
    """A hashtag without its #."""


class Retweet:
    def __init__(self, number, author, time, of, via):
        self.number, self.author, self.time, self.of, self.via = number, author, time, of, via
        self.is_deleted = False


class Deletion:
    """`of`, a Post or a Retweet, is withdrawn."""

    def __init__(self, of, time):
        self.of, self.time = of, time


class Idle:
    """A moment at which networks say that they are alive."""

    def __init__(self, number, user, time):
        self.number, self.user, self.time = number, user, time


class World:
    def __init__(self, seed, post_count, user_count, start, length, cast=0):
        self.rng, self.seed, self.cast = random.Random(seed), seed, cast
        self.post_count, self.user_count = post_count, user_count
        self.start, self.end = start, start + length
        self.response = 1 / kernel_mass(length / 2)  # a short stream sees as much come back
        self.now, self.made = float(start), 0
        self.plans = []  # heap of (time, serial, action, arguments)
        self.serial = 0
        self.due = 0  # plans that make a post or retweet
        self.users, self.recent = {}, []
        self.hot_every, self.hot_made = max(1, post_count // (4 * HOT_POSTS)), 0
        self.scene_pace = length * SCENE_PACE
        self._plan_scenes(min(SCENES_MAX, max(1, post_count // POSTS_A_SCENE)))

    def events(self):
        """Posts, retweets, deletions and idle moments in the order of time."""
        next_post, next_idle = self.now + self._gap(), self.start + IDLE_EVERY
        while not self._is_over():
            planned = self.plans[0][0] if self.plans else math.inf
            self.now = min(planned, next_post, next_idle)
            if self.now == next_idle:
                number = (self._ms() - self.start) // IDLE_EVERY
                yield Idle(number, self._someone(), self._ms())
                next_idle += IDLE_EVERY
                continue
            if self.now == planned:
                _, _, action, arguments = heapq.heappop(self.plans)
                event = action(*arguments)
            else:
                event = self._say()
                next_post = self.now + self._gap()
            if event:
                yield event

    def _is_over(self):
        return self.made >= self.post_count

    def user(self, number):
        if number not in self.users:
            place = number - self.user_count
            handle = NAMES[self.cast][place] if place >= 0 else None
            self.users[number] = User(number, self.seed, self.user_count, handle)
        return self.users[number]

    def _member(self, place):
        return self.user(self.user_count + place)

    # --- time and chance ---

    def _ms(self):
        return int(self.now)

    def _gap(self):
        """Until the next post out of nowhere: such that the wanted number is reached in time."""
        left = max(self.end - self.now, 1.0)
        wanted = self.post_count - self.made - self.due
        wanted /= 1 + OFFSPRING * min(1.0, kernel_mass(left) * self.response)
        usual = self.post_count / (self.end - self.start)
        rate = max(wanted / left, usual * 0.05)
        return -math.log(1 - self.rng.random()) / rate

    def _delay(self):
        """A draw from the memory kernel: flat for five minutes, then a power law."""
        u = self.rng.random()
        if u < KERNEL_FLAT_SHARE:
            return REACTION_MIN + KERNEL_FLAT * u / KERNEL_FLAT_SHARE
        rest = (1 - u) / (1 - KERNEL_FLAT_SHARE)
        return REACTION_MIN + KERNEL_FLAT * max(rest, 1e-9) ** (-1 / KERNEL_EXPONENT)

    def _plan(self, delay, action, *arguments):
        if self.now + delay <= self.end:
            self.serial += 1
            heapq.heappush(self.plans, (self.now + delay, self.serial, action, arguments))
            return True
        return False

    def _someone(self):
        """A person, the busy ones more often; busy and followed are not the same people."""
        count = self.user_count
        few = count / 200 + 1
        rank = int(few * ((count + few) / few) ** self.rng.random() - few)
        step = 7919 if count % 7919 else 7927
        return self.user(min(rank, count - 1) * step % count)

    def _new(self, author, parts):
        self.made += 1
        return Post(self.made, author, self._ms(), parts)

    # --- what people write ---

    def _words(self, author, extra):
        rng, parts = self.rng, []
        lang = author.lang
        for _ in range(3 if rng.random() < 0.15 else 1):
            sentence = [pick(rng, choices) for choices in SENTENCES[lang]]
            parts.append(("" if lang == "ja" else " ").join(sentence))
        parts += extra
        if rng.random() < 0.3:
            parts += [Tag(pick(rng, TAGS[lang])) for _ in range(1 + int(rng.random() * 2))]
        return parts

    def _say(self):
        """A post that answers nobody; every so often one that everybody will carry."""
        rng = self.rng
        if self.made >= self.hot_every * self.hot_made and self.hot_made < HOT_POSTS:
            self.hot_made += 1
            author = self.user(int(rng.random() * min(40, self.user_count)))
            news = Tag(NEWS[self.hot_made % len(NEWS)])
            return self._publish(self._new(author, self._words(author, [news])), hot=True)
        author = self._someone()
        named = [self._someone()] if rng.random() < 0.25 else []
        return self._publish(self._new(author, self._words(author, named)))

    def _publish(self, post, hot=False):
        """Makes the post known and plans what will come of it."""
        rng = self.rng
        pull = min(2.0, (post.author.followers / 1000) ** 0.5)
        post.appeal = math.exp(gauss(rng) * 1.2 - 0.72)
        if hot:
            post.appeal = 4.0
            pull = self.post_count / 600 * (0.1 / (rng.random() + 0.05))
        elif post.quote:
            post.appeal = max(post.appeal, post.quote.appeal * 0.5)
        self._spread(post, None, pull * post.appeal)
        for _ in range(poisson(rng, 0.25 * self.response)):
            self.due += self._plan(self._delay(), self._answer, post)
        if rng.random() < 0.01:
            self._plan(10 * SECOND + 600 * SECOND * rng.random(), self._delete, post)
        self.recent.append(post)
        del self.recent[:-RECENT]
        return post

    # --- what the cast does ---

    def _plan_scenes(self, count):
        length = self.end - self.start
        for number in range(count):
            self._plan(length * (number + 0.1) / (count + 0.1), self._scene, number)

    def _scene(self, number):
        writer, news = self._member(WRITER), Tag(NEWS[number % len(NEWS)])
        post = self._publish(self._new(writer, self._words(writer, [news])))
        for place in EARLY:
            self.due += self._plan(REACTION_MIN * (1 + self.rng.random()), self._be_early, post,
                                   self._member(place))
        self._plan_carriers(None, number, post, None)
        return post

    def _be_early(self, post, who):
        self.due -= 1
        return None if post.is_deleted else self._retweet(post, None, who)

    def _plan_carriers(self, through, *arguments):
        for carrier in CARRIERS:
            if carrier.through == through:
                delay = REACTION_MIN * 3 + self._soon() / 4
                self.due += self._plan(delay, self._bring, carrier, *arguments)

    def _bring(self, carrier, scene, post, via):
        """A carrier reshares the post, and others come through that."""
        self.due -= 1
        who = self._member(carrier.place)
        if post.is_deleted:
            return None
        if carrier.quotes_every and scene % carrier.quotes_every == 0:
            act = post = self._quote(post, who)
            via = None
        else:
            act = via = self._retweet(post, via, who)
        for _ in range(poisson(self.rng, carrier.people)):
            self.due += self._plan(REACTION_MIN + self._soon(), self._carry, post, via)
        self._plan_carriers(carrier.place, scene, post, via)
        return act

    def _soon(self):
        return -math.log(1 - self.rng.random()) * self.scene_pace

    # --- what happens to a post ---

    def _spread(self, post, via, mean):
        for _ in range(poisson(self.rng, mean * self.response)):
            self.due += self._plan(self._delay(), self._carry, post, via)

    def _carry(self, post, via):
        """Somebody carries the post on, seen through the retweet `via` if there is one."""
        self.due -= 1
        rng, who = self.rng, self._someone()
        if post.is_deleted or who.number in post.carriers:
            return None
        if who is post.author and rng.random() < 0.7:
            return None
        if rng.random() < 0.1:
            return self._quote(post, who)
        return self._retweet(post, via, who)

    def _retweet(self, post, via, who):
        rng = self.rng
        post.carriers.add(who.number)
        self.made += 1
        post.retweets += 1
        retweet = Retweet(self.made, who, self._ms(), post, via)
        fading = math.exp((post.time - self.now) / (6 * 3600 * SECOND))
        pull = min(0.5, 0.12 * (who.followers / 1000) ** 0.5)
        self._spread(post, retweet, min(post.appeal, 4.0) * fading * pull)
        if rng.random() < 0.015:
            self._plan(10 * SECOND + 600 * SECOND * rng.random(), self._delete, retweet)
        return retweet

    def _quote(self, post, who):
        post.carriers.add(who.number)
        extra = post.tags[:1] if who is not post.author else []
        quote = self._new(who, self._words(who, extra))
        quote.quote = post
        post.quotes += 1
        if self.rng.random() < 0.1 and len(self.recent) > 0:
            self._reply_to(quote, pick(self.rng, self.recent))
        return self._publish(quote)

    def _answer(self, post):
        """A reply: often by whom the post itself answers, sometimes by its own author."""
        self.due -= 1
        rng = self.rng
        if post.is_deleted:
            return None
        who = self._someone()
        if rng.random() < 0.1:
            who = post.author
        elif post.reply and rng.random() < 0.5:
            who = post.reply.author
        reply = self._new(who, self._words(who, []))
        self._reply_to(reply, post)
        return self._publish(reply)

    def _reply_to(self, post, target):
        if self._ms() - target.time < REACTION_MIN or target.is_deleted:
            return
        post.reply = target
        target.replies += 1
        if target.author is not post.author:
            post.parts.insert(0, target.author)

    def _delete(self, what):
        what.is_deleted = True
        if isinstance(what, Retweet):
            what.of.retweets -= 1
            what.of.carriers.discard(what.author.number)
        return Deletion(what, self._ms())


class Yesterday(World):
    """The same people some hours before, with scenes of the cast and what comes of them only."""

    FIRST_NUMBER, SCENES = 1 << 30, 10
    BEFORE, LENGTH = 12 * 3600 * SECOND, 2 * 3600 * SECOND

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.plans, self.made = [], self.FIRST_NUMBER
        self.now = self.start = self.start - self.BEFORE
        self.end = self.start + self.LENGTH
        self.scene_pace = self.LENGTH * SCENE_PACE
        self._plan_scenes(self.SCENES)

    def _is_over(self):
        return not self.plans

    def _gap(self):
        return math.inf


def kernel_mass(age):
    """The share of reactions that come within `age`."""
    if age <= KERNEL_FLAT:
        return KERNEL_FLAT_SHARE * age / KERNEL_FLAT
    return 1 - (1 - KERNEL_FLAT_SHARE) * (age / KERNEL_FLAT) ** -KERNEL_EXPONENT


def pick(rng, choices):
    return choices[int(rng.random() * len(choices))]


def gauss(rng):
    return math.sqrt(-2 * math.log(1 - rng.random())) * math.cos(2 * math.pi * rng.random())


def poisson(rng, mean):
    if mean > 30:
        return max(0, int(mean + math.sqrt(mean) * gauss(rng) + 0.5))
    count, left = 0, math.exp(-mean)
    product = rng.random()
    while product > left:
        product *= rng.random()
        count += 1
    return count
