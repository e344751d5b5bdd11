"""The cast of an invented world: six people whom boards of carriers and of early people show.

A scene is a post of the cast's writer that the others reshare. Two of them are early: they
reshare within seconds, and hardly anybody comes through them. Three are carriers: they reshare
a little later, and many people come through them, although they have few followers. The third
carrier comes through the first, so that the cascade becomes a tree. Networks that show no path
show only who came through a quote; the first carrier therefore always quotes.
"""
from typing import NamedTuple

# One line for each world of a mixed stream.
NAMES = (("ann", "bob", "cat", "dan", "eve", "fay"), ("gus", "hal", "ivy", "joe", "kim", "leo"),
         ("mia", "ned", "ola", "pia", "quin", "rob"), ("sue", "tom", "uma", "vic", "wen", "zoe"))


class Carrier(NamedTuple):
    place: int  # in the cast
    people: float  # how many come through one reshare, on average
    quotes_every: int  # scenes; 0: never, always a retweet
    through: int | None  # the carrier through whom this one comes


CARRIERS = (Carrier(0, 14, 1, None), Carrier(1, 9, 2, None), Carrier(2, 6, 0, 0))
EARLY = (3, 4)
WRITER = 5
