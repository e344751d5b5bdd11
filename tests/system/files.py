#!/usr/bin/env python3
"""Files as people have them: arrays, compressed, of another encoding, rotated, half written;
and what the command says and returns of each.

    files.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import bz2
import gzip
import json
import lzma
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

BUILD = os.environ["BUILD"]
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)


def post(number, author="ann", **more):
    return {"id": f"n:{author}{number}", "time": 1772442000000 + number * 1000,
            "author": {"id": f"n:{author}"}, "mentions": [{"id": "n:bob"}], **more}


def ndjson(posts):
    return "".join(json.dumps(one) + "\n" for one in posts).encode()


def run(*arguments, data=b"", program="cascaded", **more):
    """Exit code, figures, lines of stderr."""
    done = subprocess.run([os.path.join(BUILD, program), *map(str, arguments)], input=data,
                          stdout=more.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                          timeout=300, check=False, **more)
    figures = {key.decode(): int(value)
               for key, value in re.findall(rb"(\w+)=(\d+)\b", done.stdout or b"")}
    return done.returncode, figures, done.stderr.decode().splitlines()


def replay(*arguments, **more):
    return run("-o", f"redis.url={SERVER.url}", *arguments, **more)


def fresh(*arguments, **more):
    CLIENT.flushall()
    return replay(*arguments, **more)


def file(name, data):
    path = FOLDER / name
    path.write_bytes(data)
    return path


def score(author="ann"):
    return int(CLIENT.zscore("cascaded:top:posts:24h", f"n:{author}") or 0)


def used(posts, found, code=0, rejected=0):
    assert found[0] == code, found
    assert (found[1]["posts"], found[1]["rejected"]) == (posts, rejected), found
    assert score() == posts, (score(), found)


# ── arrays ────────────────────────────────────────────────────────────────────────────────────

@case
def the_elements_of_one_array_count_like_lines():
    posts = [post(i) for i in range(3)]
    for text in (json.dumps(posts), json.dumps(posts, indent=2), json.dumps(posts, indent=0),
                 "[\n" + ",\n".join(map(json.dumps, posts)) + "\n]\n",
                 "[" + "\n,".join(map(json.dumps, posts)) + "]",
                 "\ufeff \n[ " + json.dumps(posts)[1:],
                 "".join(json.dumps([one]) + "\n" for one in posts),
                 json.dumps(posts[:1]) + "\n" + json.dumps(posts[1]) + "\n" + json.dumps(posts[2])):
        used(3, fresh("-", data=text.encode()))
    used(0, fresh("-", data=b"[]\n"))


@case
def several_documents_in_one_line_count_like_lines():
    posts = [post(i) for i in range(4)]
    texts = [json.dumps(one) for one in posts]
    arrays = json.dumps(posts[:2]), json.dumps(posts[2:])
    for text in (" ".join(texts), "".join(texts), ",".join(texts), ",\n".join(texts) + ",\n",
                 "\r".join(texts), texts[0] + "\n" + " ".join(texts[1:]) + "\n",
                 " ".join(arrays), ",\n".join(arrays), "".join(arrays) + "\n",
                 f"[{arrays[0]},{arrays[1]}]", f"[[{arrays[0]}],\n[{arrays[1]}]]",
                 texts[0] + "\n[" + ",\n".join(texts[1:]) + "\n]\n",
                 texts[0] + "\n" + json.dumps([posts[1:]], indent=1) + "\n",
                 f"{texts[0]} {json.dumps(posts[1:3])} {texts[3]}",
                 "".join(f"data: {one}\n" for one in texts) + "\n"):
        code, figures, lines = fresh("-", data=text.encode())
        assert (code, figures["posts"], figures["rejected"], lines) == (0, 4, 0, []), (text, lines)
    used(3, fresh("-", data=" ".join([*texts[:2], texts[2][:-1] + "]", texts[3]]).encode()),
         rejected=1)


@case
def a_file_without_any_line_end_is_not_held_in_memory():
    path = FOLDER / "joined.json"
    filler = "x" * 4000
    with open(path, "w", encoding="utf-8") as out:
        for i in range(5000):
            out.write(json.dumps(post(i, filler=filler)))
    used(5000, fresh(path))
    path.unlink()


@case
def an_array_is_not_held_in_memory():
    path = FOLDER / "long.json"
    filler = "x" * 4000
    with open(path, "w", encoding="utf-8") as out:
        out.write("[")
        for i in range(20000):
            out.write((",\n" if i else "") + json.dumps(post(i, filler=filler)))
        out.write("]")
    used(20000, fresh(path))
    path.unlink()


@case
def an_array_that_is_cut_off_gives_what_it_has():
    text = json.dumps([post(i) for i in range(3)]).encode()
    used(2, fresh("-", data=text[:-20]), rejected=1)
    code, figures, lines = fresh("-", data=text[:-1])
    assert (code, figures["posts"], figures["rejected"]) == (0, 3, 0), figures
    assert len(lines) == 1 and "does not end" in lines[0], lines


# ── compressed ────────────────────────────────────────────────────────────────────────────────

def packers():
    found = {"gzip": gzip.compress, "bzip2": bz2.compress,
             "xz": lambda data: lzma.compress(data, preset=6)}
    if shutil.which("zstd"):
        found["zstd"] = lambda data: subprocess.run(
            ["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    else:
        print("# skipped zstd: there is no zstd program")
    return found


@case
def compressed_files_are_read_whatever_their_name():
    halves = ndjson([post(i) for i in range(2000)]), ndjson([post(i) for i in range(2000, 3000)])
    for name, pack in packers().items():
        data = pack(halves[0]) + pack(halves[1])
        used(3000, fresh(file("packed.txt", data)))
        used(3000, fresh("-", data=data))
        used(3000, fresh("-", data=data + bytes(512)))
        used(3000, fresh("-", data=pack(json.dumps([post(i) for i in range(3000)]).encode())))
        code, _, lines = fresh("-", data=pack(b"<html>\n</html>\n"))
        assert code == 65 and len(lines) == 1 and "HTML" in lines[0], (name, lines)


@case
def a_compressed_file_may_come_through_a_slow_pipe():
    data = gzip.compress(ndjson([post(i) for i in range(5)]))
    CLIENT.flushall()
    process = processes.start([os.path.join(BUILD, "cascaded"), "-o", f"redis.url={SERVER.url}",
                                "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for i in range(0, len(data), 3):
        process.stdin.write(data[i:i + 3])
        process.stdin.flush()
        time.sleep(0.002)
    out, _ = process.communicate(timeout=100)
    assert process.returncode == 0 and b"posts=5 " in out, out


@case
def a_damaged_compressed_file_counts_up_to_the_damage_and_is_reported():
    for name, pack in packers().items():
        data = pack(ndjson([post(i) for i in range(20000)]))
        for broken, word in ((data[:len(data) * 3 // 4], "ends early"),
                             (data + b"no more of it" * 9, "is damaged")):
            code, figures, lines = fresh("-", data=broken)
            assert code == 65 and len(lines) == 1 and word in lines[0], (name, lines)
            assert name in lines[0] and figures["rejected"] == 0, (figures, lines)
            assert score() == figures["posts"] <= 20000, figures
            assert figures["posts"] == 20000 or word != "is damaged", figures
        # Another file is read nevertheless.
        code, figures, _ = fresh(file("broken", data[:50]), file("good", ndjson([post(1)])))
        assert (code, figures["posts"]) == (65, 1), (name, figures)


# ── what cannot be read ───────────────────────────────────────────────────────────────────────

@case
def a_file_without_usable_lines_is_reported_with_what_it_seems_to_be():
    lines = ndjson([post(i) for i in range(4)])
    text = lines.decode()
    pretty = json.dumps(post(1), indent=2).encode() + b"\n"
    cases = [(text.encode("utf-16"), "iconv -f UTF-16 -t UTF-8"),
             (b"\xfe\xff" + text.encode("utf-16-be"), "iconv -f UTF-16 -t UTF-8"),
             (text.encode("utf-16-le"), "iconv -f UTF-16LE"),
             (text.encode("utf-16-be"), "iconv -f UTF-16BE"),
             (pretty * 3, "jq -c ."), (b"window.YTD.tweets.part0 = [\n  {\n  }\n]\n", "window.YTD"),
             (gzip.compress(gzip.compress(lines)), "compressed twice"),
             (lines.replace(b"bob", b"b\xf6b"), "iconv -f WINDOWS-1252"),
             (b"id,time,text\n1,2,3\n", "CSV"),
             (b"<!DOCTYPE html>\n<html>\n", "HTML"), (bytes(range(256)) * 9, "binary"),
             (b'{"a":1}\n', "formats"), (b"nonsense\n" * 3, "formats")]
    for data, words in cases:
        for options in (("-",), ("-q", "-")):
            code, figures, said = fresh(*options, data=data)
            assert code == 65 and len(said) == 1 and words in said[0], (words, code, said)
            assert figures["posts"] == 0 and figures["rejected"] > 0, figures
    bad_ids = "an id, time or reference of its posts is missing or bad: -v logs each message"
    for wrong in ({"id": ""}, {"time": 1772442000000.5}, {"author": {"id": "@ann"}}, {"author": {}}, {"retweet_of": {"id": 1.5}},
                  {"reply_to": {"id": "n:ann1"}}):
        code, figures, said = fresh("-", data=ndjson([post(1) | wrong] * 2))
        assert code == 65 and len(said) == 1 and bad_ids in said[0], (wrong, said)
        assert "(2 refused, the first in line 1: " in said[0], said
        assert figures["rejected"] == 2, figures
    path = file("wide", text.encode("utf-16"))
    code, figures, said = fresh(path, file("good", lines))
    assert code == 65 and figures["posts"] == 4 and len(said) == 1, said
    assert str(path) in said[0], said
    rule = ("-o", "alert.a.min_size=2")
    code, _, said = run(*rule, "--backtest", path)
    assert code == 65 and len(said) == 1 and "UTF-16" in said[0], said
    code, figures, said = run(*rule, "--backtest", file("packed", gzip.compress(lines)))
    assert (code, figures["posts"], said) == (0, 4, []), said


@case
def of_an_archive_nothing_is_counted():
    lines = ndjson([post(i) for i in range(40)])
    member = file("member", lines).name
    archives = [subprocess.run(["tar", "-c", f"--format={form}", "-C", FOLDER, member],
                               stdout=subprocess.PIPE, check=True).stdout
                for form in ("ustar", "gnu", "pax", "v7")]
    cases = [(one, "tar -xOf") for one in archives]
    cases += [(gzip.compress(archives[0]), "tar -xOf"),
              (b"PK\x03\x04" + bytes(26) + b"member\n" + lines, "zip"),
              (b"070701" + bytes(104) + b"member\n" + lines, "cpio"),
              (b"PAR1\n" + lines, "Parquet"), (b"From ann\n\n" + lines, "mbox")]
    for number, (data, words) in enumerate(cases):
        for source in ("-", file(f"archive{number}", data)):
            code, figures, said = fresh(source, data=data)
            assert code == 65 and len(said) == 1 and words in said[0], (words, code, said)
            assert figures["posts"] == 0, (words, figures)
            assert not CLIENT.keys("*:top:*"), words
        code, _, said = run("-o", "alert.a.min_size=2", "--backtest",
                            file(f"archive{number}", data))
        assert code == 65 and len(said) == 1 and words in said[0], (words, code, said)
    code, figures, said = fresh(file("archive", archives[0]), file("good", lines))
    assert code == 65 and figures["posts"] == 40 and len(said) == 1, said


# ── a state directory ─────────────────────────────────────────────────────────────────────────

class Kept:
    """Replays that share a state directory."""

    def __init__(self):
        CLIENT.flushall()
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        self.log = self.folder / "log"

    def read(self, *files, **more):
        return replay("-o", f"state.dir={self.folder / 'state'}", *(files or [self.log]), **more)

    def reads(self, posts, *files, code=0, duplicates=0, rejected=0):
        found = self.read(*files)
        assert found[0] == code, found
        figures = [found[1][name] for name in ("posts", "duplicates", "rejected")]
        assert figures == [posts, duplicates, rejected], found
        return found


@case
def a_file_that_was_replaced_is_read_from_its_start():
    kept = Kept()
    kept.log.write_bytes(ndjson([post(i) for i in range(20)]))
    kept.reads(20)
    kept.log.rename(kept.folder / "log.1")
    kept.log.write_bytes(ndjson([post(i, "eve") for i in range(50)]))
    kept.reads(50)
    assert (score(), score("eve")) == (20, 50)
    # Emptied and written again: the same inode.
    kept.log.write_bytes(ndjson([post(i, "zed") for i in range(60)]))
    kept.reads(60)
    assert score("zed") == 60
    kept.log.write_bytes(ndjson([post(i, "zoe") for i in range(5)]))
    kept.reads(5)


@case
def a_file_that_was_written_again_is_read_from_its_start():
    """Each row: the bytes at first and their posts; then those of the same inode, and the posts and
    duplicates in them."""
    few, many = [post(i) for i in range(3)], [post(i) for i in range(5)]
    first = post(0, text="x" * 2000)  # its line alone is longer than the head that is compared
    other = [first] + [post(i, "eve") for i in range(30)]
    filler = [post(i, text="y" * 700) for i in range(40)]
    rows = [(json.dumps(few).encode(), 3, json.dumps(many).encode(), 2, 3),
            (json.dumps(few, indent=1).encode(), 3, json.dumps(many, indent=1).encode(), 2, 3),
            (json.dumps(filler[:20]).encode(), 20, json.dumps(filler).encode(), 20, 20),
            (ndjson([first] + [post(i) for i in range(1, 20)]), 20, ndjson(other), 30, 1),
            # cut off, then grown beyond its old end
            (ndjson(filler[:20]), 20, ndjson(filler[:9] + [post(i, "eve") for i in range(99)]), 99, 9),
            (b"\xef\xbb\xbf" + ndjson(filler[:9]), 9,
             b"\xef\xbb\xbf" + ndjson(filler[:5] + filler[9:30]), 21, 5)]
    for pack in packers().values():
        rows.append((pack(ndjson(few)), 3, pack(ndjson(many)), 2, 3))
        rows.append((pack(ndjson(filler[:20])), 20,
                     pack(ndjson(filler[:3])) + pack(ndjson(filler[20:40])), 20, 3))
    for before, posts, after, more, same in rows:
        kept = Kept()
        kept.log.write_bytes(before)
        kept.reads(posts)
        inode = kept.log.stat().st_ino
        kept.log.write_bytes(after)
        assert kept.log.stat().st_ino == inode
        kept.reads(more, duplicates=same)
        kept.reads(0)


@case
def a_file_that_became_a_link_is_known_by_what_it_leads_to():
    kept = Kept()
    kept.log.write_bytes(ndjson([post(i) for i in range(3)]))
    kept.reads(3)
    old, other = kept.folder / "old", kept.folder / "other"
    kept.log.rename(old)
    kept.log.symlink_to(old)
    kept.reads(0)
    other.write_bytes(ndjson([post(i, "eve") for i in range(9)]))
    kept.log.unlink()
    kept.log.symlink_to(other)
    kept.reads(9)
    # A copy that was emptied at its old place: log rotation without a rename.
    shutil.copy(other, kept.folder / "other.1")
    other.write_bytes(b"")
    kept.reads(0)
    other.write_bytes(ndjson([post(i, "zed") for i in range(40)]))
    kept.reads(40)
    kept.reads(0, kept.folder / "other.1", duplicates=9)


@case
def a_file_that_has_grown_is_resumed():
    kept = Kept()
    kept.log.write_bytes(b"")
    kept.reads(0)
    for i in range(4):
        with open(kept.log, "ab") as out:
            out.write(ndjson([post(i)]))
        kept.reads(1)
    kept.reads(0)
    assert score() == 4
    kept.log.write_bytes(b"\xef\xbb\xbf" + ndjson([post(8)]))
    kept.reads(1)
    with open(kept.log, "ab") as out:
        out.write(ndjson([post(9)]))
    kept.reads(1)


@case
def a_renamed_file_is_known_and_every_file_has_its_own_place():
    kept = Kept()
    kept.log.write_bytes(ndjson([post(i) for i in range(3)]))
    kept.reads(3)
    old = kept.folder / "log.1"
    kept.log.rename(old)
    with open(old, "ab") as out:
        out.write(ndjson([post(3)]))
    kept.log.write_bytes(ndjson([post(i, "eve") for i in range(4)]))
    kept.reads(5, kept.log, old)  # in the order of their names
    for path in (old, kept.log):
        with open(path, "ab") as out:
            out.write(ndjson([post(9, path.name.replace(".", ""))]))
    kept.reads(2, old, kept.log)
    kept.reads(0, kept.log)
    kept.reads(0, old)


@case
def an_unfinished_last_line_waits():
    kept = Kept()
    line = ndjson([post(2)])
    kept.log.write_bytes(ndjson([post(1)]) + line[:30])
    _, _, said = kept.reads(1)
    assert any("not complete" in text for text in said), said
    kept.reads(0)
    with open(kept.log, "ab") as out:
        out.write(line[30:])
    kept.reads(1)
    # A whole one without its end counts at once, and once.
    with open(kept.log, "ab") as out:
        out.write(ndjson([post(3)])[:-1])
    kept.reads(1)
    with open(kept.log, "ab") as out:
        out.write(b"\n" + ndjson([post(4)]))
    kept.reads(1)
    assert score() == 4


@case
def an_array_that_has_grown_is_resumed():
    kept = Kept()
    parts = [json.dumps(post(i), indent=2) for i in range(4)]
    kept.log.write_text("[\n" + parts[0] + ",\n" + parts[1][:40], encoding="utf-8")
    kept.reads(1)
    with open(kept.log, "a", encoding="utf-8") as out:
        out.write(parts[1][40:] + ",\n" + parts[2])
    kept.reads(2)
    with open(kept.log, "a", encoding="utf-8") as out:
        out.write(",\n" + parts[3] + "\n]\n")
    kept.reads(1)
    kept.reads(0)
    assert score() == 4


@case
def a_compressed_file_that_has_grown_is_resumed():
    for pack in packers().values():
        kept = Kept()
        kept.log.write_bytes(pack(ndjson([post(i) for i in range(3)])))
        kept.reads(3)
        with open(kept.log, "ab") as out:
            out.write(pack(ndjson([post(i) for i in range(3, 5)])))
        kept.reads(2)
        kept.reads(0)
        assert score() == 5


@case
def standard_input_is_known_if_it_is_a_file():
    kept = Kept()
    kept.log.write_bytes(ndjson([post(1)]))
    for posts in (1, 0):
        with open(kept.log, "rb") as stdin:
            done = subprocess.run([os.path.join(BUILD, "cascaded"), "-o",
                                   f"redis.url={SERVER.url}", "-o",
                                   f"state.dir={kept.folder / 'state'}", "-"], stdin=stdin,
                                  capture_output=True, check=True, timeout=100)
        assert f"posts={posts} ".encode() in done.stdout and b"duplicates=0" in done.stdout, done
    kept.read("-", data=ndjson([post(1)]))
    assert score() == 1


@case
def a_killed_replay_resumes_without_loss_or_double():
    kept = Kept()
    files = [file(f"part{n}", ndjson([post(n * 3000 + i) for i in range(3000)])) for n in range(3)]
    wanted = 9000
    for _ in range(3):
        process = processes.start([os.path.join(BUILD, "cascaded"), "-o",
                                    f"redis.url={SERVER.url}", "-o", "state.every=1s", "-o",
                                    f"state.dir={kept.folder / 'state'}", "--speed", "1000",
                                    *map(str, files)], stdout=subprocess.DEVNULL)
        enough = min(score() + 500, wanted)
        wait("500 more posts", lambda: score() >= enough)  # pylint: disable=cell-var-from-loop
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept.read(*files)
    assert score() == wanted, score()


# ── exit codes ────────────────────────────────────────────────────────────────────────────────

@case
def output_to_a_full_disk_is_no_success():
    good = file("good", ndjson([post(i, retweet_of={"id": "n:root", "author": {"id": "n:eve"}})
                                for i in range(3)]))
    url = ("-o", f"redis.url={SERVER.url}")
    rule = ("-o", "alert.a.min_size=1")
    replay(good)
    cases = [("cascaded", ["--help"]), ("cascaded", ["--version"]),
             ("cascaded", ["--describe", "options"]),
             ("cascaded", ["--describe", "keys", "--json"]), ("cascaded", [*url, good]),
             ("cascaded", [*rule, "--backtest", good]),
             ("cascaded", ["-o", "campaign.a.words=tea", "--report", "a", good]),
             ("cascaded", [*url, *rule, "-o", "alerts.stdout=true", good]),
             ("cascadectl", ["--help"]), ("cascadectl", ["--version"]),
             ("cascadectl", ["-r", SERVER.url, "top", "--once"]),
             ("cascadectl", ["-r", SERVER.url, "cascade", "n:root"])]
    for program, arguments in cases:
        with open("/dev/full", "wb") as full:
            code, _, said = run(*arguments, program=program, stdout=full)
        words = [text for text in said if "standard output" in text]
        assert code == 74 and len(words) in (1, 2), (program, arguments, code, said)
        command = " ".join([os.path.join(BUILD, program), *map(str, arguments)])
        closed = subprocess.run(["sh", "-c", command + " >&-"], stderr=subprocess.PIPE, timeout=100,
                                stdin=subprocess.DEVNULL, check=False)
        assert closed.returncode == 74, (command, closed)
        # A reader that goes away has what it wants.
        read, write = os.pipe()
        os.close(read)
        code, _, said = run(*arguments, program=program, stdout=write)
        os.close(write)
        assert code == 0 and said == [], (program, arguments, code, said)


@case
def the_exit_code_shows_whether_anything_was_usable():
    used_line, same, bad = ndjson([post(1)]), ndjson([post(1)]), b"nonsense\n"
    control = b'{"limit":{"track":1}}\n'
    # posts, duplicates, rejected, exit code
    rows = [(b"", 0, 0, 0, 0), (b"\n\n", 0, 0, 0, 0), (used_line, 1, 0, 0, 0),
            (used_line + same, 1, 1, 0, 0), (used_line + bad, 1, 0, 1, 0),
            (used_line + same + bad, 1, 1, 1, 0), (bad, 0, 0, 1, 65),
            (bad * 5, 0, 0, 5, 65), (bad[:-1], 0, 0, 1, 65), (control, 0, 0, 0, 0)]
    for data, *wanted, code in rows:
        found = fresh("-", data=data)
        figures = [found[1][name] for name in ("posts", "duplicates", "rejected")]
        assert (found[0], figures) == (code, wanted), (data, found)
    kept = Kept()
    kept.log.write_bytes(used_line)
    kept.reads(1)
    again = [(used_line * 2, 0, 2, 0, 0), (used_line + bad, 0, 1, 1, 0), (bad, 0, 0, 1, 65)]
    for data, posts, duplicates, rejected, code in again:
        path = file("again", data)
        kept.reads(posts, path, code=code, duplicates=duplicates, rejected=rejected)
        path.unlink()


@case
def what_cannot_be_opened_is_no_input():
    path = FOLDER / "none"
    for name in (path, FOLDER):
        code, _, said = fresh(file("good", ndjson([post(1)])), name)
        assert code == 66 and len(said) == 1 and str(name) in said[0], said
    if os.getuid() != 0:
        path.write_bytes(b"")
        path.chmod(0)
        assert fresh(path)[0] == 66
    fifo = FOLDER / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(["sh", "-c", f"cat > {fifo}"], stdin=subprocess.PIPE) as writer:
        writer.stdin.write(ndjson([post(1)]))
        writer.stdin.close()
        used(1, fresh(fifo))


@case
def the_state_directory_of_the_configuration_precedes_that_of_systemd():
    log = file("log", ndjson([post(1)]))
    made, named = FOLDER / "made", FOLDER / "named"
    environment = {**os.environ, "STATE_DIRECTORY": str(made)}
    replay(log, env=environment)
    assert not made.exists()  # a replay keeps nothing unless it is asked to
    replay("-o", f"state.dir={named}", log, env=environment)
    assert (named / "snapshot").exists() and not made.exists()
    other = FOLDER / "other"
    for options, variable, wanted in (([], f"{made}:{other}", made),
                                      (["-o", f"state.dir={named}"], str(other), named)):
        for folder in (made, other, named):
            shutil.rmtree(folder, ignore_errors=True)
        process = processes.start(
            [os.path.join(BUILD, "cascaded"), "-c", file("none.conf", b""), "-o",
             f"redis.url={SERVER.url}", "-o", "source.a.url=http://127.0.0.1:1/", *options],
            env={**environment, "STATE_DIRECTORY": variable}, stderr=subprocess.DEVNULL)
        wait(f"{wanted} is used", (wanted / "lock").exists)
        process.terminate()
        process.wait(PATIENCE)
        found = [folder for folder in (made, other, named) if folder.exists()]
        assert found == [wanted], (found, wanted)


if __name__ == "__main__":
    run_cases()
