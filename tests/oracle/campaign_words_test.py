#!/usr/bin/env python3
"""Words of campaigns are found where a plain search in Python finds them.

The rules are written here a second time: scripts are taken from the names that Unicode gives to
characters. Texts and words are made of few characters of each script, so that words are found often
and have beginnings in common. decode_dump is looked for in $BUILD (default build/dev).
"""
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
DUMP = ROOT / os.environ.get("BUILD", "build/dev") / "tests/decode_dump"
SEEDS, TEXTS = 20, int(os.environ.get("TEXTS", "2000"))

ALPHABETS = ["abAB", "aéÉe\u0301\u0308", "σςΣόΟο\u0301", "йиИ\u0306яЯ", "אבגש\u05c1", "عربـ\u0651ة",
             "कखि\u094d", "กขิ่า", "ကခိ", "東京都本", "ひがカナー", "한국ᄒ\u1161", "გეᲒ", "ԱաԲ",
             "012", "٠۱२๓３", "İıIſK", "ａＡ", "😀♥\ufe0f", "_-.'"]
SPACES = [" ", "\u00a0", "\n\t ", "\u3000", ". ", ", ", "\u200b"]
NOT_SEPARATED = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "THAI", "MYANMAR"}
OF_ALL = {"COMBINING", "DIGIT", "FULLWIDTH", "VARIATION", "ARABIC TATWEEL", "ARABIC SHADDA"}
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def lower(char):
    mapped = "i" if char == "İ" else char.lower()
    return "σ" if mapped == "ς" else mapped


def form(text):
    text = "".join(map(lower, unicodedata.normalize("NFC", text)))
    return re.sub(f"[{WHITE}]+", " ", text)


def kind(char):
    category = unicodedata.category(char)
    return category[0] if category[0] in "LM" else "N" if category == "Nd" else ""


def script(char):
    """None: of all scripts, or of one that does not separate words."""
    words = unicodedata.name(char, "?").split()
    if words[:2] == ["FULLWIDTH", "LATIN"]:
        return "LATIN"
    if words[0] in ("EXTENDED", "ARABIC-INDIC"):
        return "ARABIC"
    if words[0] in NOT_SEPARATED or words[0] in OF_ALL or unicodedata.name(char, "") in OF_ALL:
        return None
    return words[0]


def is_separate(edge, beside):
    if not kind(edge) or not kind(beside):
        return True
    own, other = script(edge), script(beside)
    if kind(beside) == "M":
        return False
    if kind(edge) == kind(beside) == "N":
        return False
    if kind(edge) == "L" and own is None or kind(beside) == "L" and other is None:
        return True
    return own is not None and other is not None and own != other


def base(text, end):
    """The last character before `end` that is no mark."""
    while end > 0 and kind(text[end - 1]) == "M":
        end -= 1
    return text[end - 1] if end > 0 else ""


def has(text, word):
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        before, last = base(text, at), base(text[:end], end)
        if (not before or is_separate(text[at], before)) and \
                (end == len(text) or not last or is_separate(last, text[end])):
            return True
        at = text.find(word, at + 1)
    return False


def make(rng, alphabets, count):
    letters = rng.sample(alphabets, rng.choice((1, 1, 2, 3)))
    text = ""
    for _ in range(count):
        text += rng.choice(rng.choice(letters)) if rng.random() < 0.8 else rng.choice(SPACES)
    return text


def is_one_letter(word):
    """Such a word is refused: one letter or digit of a script that separates words, with its marks."""
    first, marks = word[0], word[1:]
    return all(kind(mark) == "M" for mark in marks) and \
        (kind(first) == "N" or kind(first) == "L" and script(first) is not None)


def has_content(word):
    """Words of nothing but punctuation, white space and signs are refused; those of pictures are not."""
    return any(category[0] in "LMN" or category in ("So", "Cn") for category in map(unicodedata.category, word))


def make_words(rng, alphabets):
    words = {}
    while len(words) < 60:
        word = form(make(rng, alphabets, rng.choice((1, 2, 2, 3, 3, 4)))).strip(" \u200b")
        if word and kind(word[0]) != "M" and has_content(word) and "\n" not in word and \
                not is_one_letter(word):
            words[word] = len(words)
    return list(words)


def run(seed):
    rng = random.Random(seed)
    alphabets = rng.sample(ALPHABETS, 3)
    words = make_words(rng, alphabets)
    texts = [make(rng, alphabets, rng.randrange(1, 40)) for _ in range(TEXTS)]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as campaigns:
        for number, word in enumerate(words):
            campaigns.write(f"{number} word {word}\n")
        campaigns.flush()
        posts = "".join(json.dumps({"id": f"a:{i}", "time": 1764000000000, "author": {"id": "a:u"},
                                    "text": text}) + "\n" for i, text in enumerate(texts))
        dump = subprocess.run([DUMP, "--campaigns", campaigns.name, "post"], input=posts.encode(),
                              stdout=subprocess.PIPE, check=True).stdout.decode("ascii")
    assert "refused" not in dump, dump[:500]
    found = [int(value, 16) for value in re.findall(r"campaigns\{ found=([0-9a-f]+) ", dump)]
    assert len(found) == len(texts), (len(found), len(texts))
    hits = 0
    for text, got in zip(texts, found):
        shown = form(text)
        want = sum(1 << i for i, word in enumerate(words) if has(shown, word))
        hits += want != 0
        if got != want:
            wrong = [words[i] for i in range(len(words)) if (got ^ want) >> i & 1]
            print(f"# seed {seed}: {ascii(text)}: {ascii(wrong)}: found {got:x}, want {want:x}")
            return False, hits
    return True, hits


def main():
    print(f"1..{SEEDS}")
    failed = 0
    for seed in range(1, SEEDS + 1):
        is_equal, hits = run(seed)
        failed += not is_equal or hits < TEXTS // 20
        print(f"{'ok' if is_equal else 'not ok'} {seed} - {TEXTS} texts, {hits} with a word")
    return 1 if failed else 0


sys.exit(main())
