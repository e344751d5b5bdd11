#!/usr/bin/env python3
"""Jetstream over WebSocket against servers that misbehave: every case ends in a reconnect or a
clear stop, and no message is lost, doubled or made up.

Drives tests/oracle/source_drive.c against tests/lab/ws_lab.py, as long as it takes until what must
happen has happened. Without arguments every case runs; else those named.
"""
# tests/run: beside others
import json
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import http_lab  # noqa: E402
import processes  # noqa: E402
import source_drive  # noqa: E402
import ws_lab  # noqa: E402
from source_drive import metric, only, states  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

SEQUENCES = (pathlib.Path(__file__).resolve().parents[3] /
             "shared/corpus/websocket/utf8-sequences.json")
UP = {"upgrade": True}
HOLD = {"sleep": 100}
FOLDER = processes.folder()
EVENTS_PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"
BREACH = "cascaded_source_protocol_errors_total"


def now_us():
    return time.time_ns() // 1000


START = now_us() - 3600 * 1000000


def text_of(number, time_us=None):
    time_us = START + number * 1000 if time_us is None else time_us
    return json.dumps({"did": f"did:plc:{number}", "time_us": time_us, "kind": "commit"})


def event_of(number, time_us=None):
    """The same on the other wire."""
    time_us = START + number * 1000 if time_us is None else time_us
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_us // 10**6))
    return json.dumps({"$type": "message", "payload": {
        "did": f"did:plc:{number}", "$type": "network.bsky.jetstream.subscribeEvents#commit",
        "record": {"seq": 1, "time": "1999-01-01T00:00:00Z", "text": "\"seq\":2"},
        "seq": 5000 + number, "time": f"{stamp}.{time_us % 10**6:06}Z"}})


def sent(number):
    return {"text": text_of(number)}


def present(number, make=text_of):
    """A message that is newer than its connection, whenever it is sent."""
    return {"text": lambda: make(number, now_us() + 10**6)}


def stream_of(count, make=text_of):
    return ws_lab.Stream([(5000 + n, START + n * 1000, make(n)) for n in range(count)])


def drive(lab, *options, path="/subscribe", scheme="ws", **until):
    return source_drive.drive(f"{scheme}://127.0.0.1:{lab.port}{path}", *options, **until)


def came(number):
    """What a line about that message holds."""
    return f'did:plc:{number}"'


def numbers(lines):
    """Of the messages that came, by their DIDs; None for others."""
    found = [text.split("did:plc:") for text in only(lines, "message")]
    return [int(part[1].split('"')[0]) if len(part) > 1 else None for part in found]


def gaps(lines):
    """(reason, is recovered) of those that are over."""
    rows = [text.split() for text in only(lines, "gap")]
    return [(row[2], row[3] == "1") for row in rows if row[1] != "-"]


def query(lab, number=-1):
    return ws_lab.Stream.query(lab.requests[number])


# ── the ordinary ──────────────────────────────────────────────────────────────────────────────


@case
def messages_come_whole_however_the_bytes_are_cut():
    for each in (1, 2, 3, 7, 4096):
        steps = [{"text": text_of(n), "parts": 1 + n % 4, "each": each} for n in range(20)]
        lines = drive(ws_lab.Lab([[UP, *steps, HOLD]]), until=came(19))
        assert numbers(lines) == list(range(20)), (each, lines)
        assert metric(lines, BREACH) == 0


@case
def messages_of_every_length_come_whole():
    sizes = [100, 124, 125, 126, 127, 128, 65534, 65535, 65536, 200000]
    steps = [{"text": text_of(n).ljust(size), "each": 997} for n, size in enumerate(sizes)]
    lines = drive(ws_lab.Lab([[UP, *steps, HOLD]]), until=came(9))
    assert [int(text.split()[1]) for text in only(lines, "message")] == sizes, lines


@case
def the_answer_to_the_handshake_may_drip():
    lab = ws_lab.Lab([[{"upgrade": True, "each": 1, "more": "X-Other: 1\r\n"}, sent(1), HOLD]])
    assert numbers(drive(lab, until=came(1))) == [1]


@case
def both_wires_ask_for_posts_and_reposts_and_for_likes_on_demand():
    wanted = ["app.bsky.feed.post", "app.bsky.feed.repost"]
    for path, name in (("/subscribe", "wantedCollections"), (EVENTS_PATH, "collections")):
        for likes in ("false", "true"):
            lab = ws_lab.Lab([[UP, HOLD]])
            drive(lab, f"likes={likes}", path=path, until="state idle-ok")
            found = query(lab)
            expected = wanted + ["app.bsky.feed.like"] * (likes == "true")
            assert found[name] == expected and "cursor" not in found, found
            assert found["maxMessageSizeBytes"] == [str(8 << 20)], found
            assert ("Sec-WebSocket-Protocol: xrpc.v1.json" in lab.requests[0]) == (
                path == EVENTS_PATH), lab.requests


@case
def what_the_user_chose_in_the_address_is_kept():
    lab = ws_lab.Lab([[UP, HOLD]])
    drive(lab, path="/subscribe?wantedCollections=app.bsky.feed.post&wantedDids=did:plc:x",
          until="state idle-ok")
    assert query(lab)["wantedCollections"] == ["app.bsky.feed.post"], lab.requests
    assert query(lab)["wantedDids"] == ["did:plc:x"], lab.requests


@case
def pings_are_answered_also_amid_a_message():
    lab = ws_lab.Lab([[UP, {"opcode": 9, "payload_hex": "00ff"}, {"opcode": 1, "fin": False,
                       "payload_hex": text_of(1).encode().hex()},
                       {"opcode": 9, "payload_hex": "41" * 125, "each": 1},
                       {"opcode": 0}, {"opcode": 10, "payload_hex": "aa"}, sent(2), HOLD]])
    lines = drive(lab, until=came(2))
    assert numbers(lines) == [1, 2], lines
    wait("two frames", lambda: len(lab.frames) >= 2)
    pongs = [row for row in lab.frames if row[1] == ws_lab.PONG]
    assert [row[2] for row in pongs] == [b"\0\xff", b"A" * 125], lab.frames
    assert all(row[3] for row in lab.frames), "a client masks its frames"
    assert metric(lines, "cascaded_source_signs_read_total") == 3, lines


@case
def empty_messages_are_no_messages():
    lab = ws_lab.Lab([[UP, {"text": ""}, {"opcode": 1, "fin": False}, {"opcode": 0, "fin": False},
                       {"opcode": 0}, sent(1), HOLD]])
    lines = drive(lab, until=came(1))
    assert numbers(lines) == [1] and metric(lines, BREACH) == 0, lines


@case
def a_giant_message_costs_only_itself():
    big = (8 << 20) + 1
    lab = ws_lab.Lab([[UP, sent(1), {"opcode": 1, "length": 10 << 20}, {"zeros": 10}, sent(2),
                       {"text": "0" * big, "parts": 9}, {"text": "0" * (big - 1)}, sent(3), HOLD]])
    lines = drive(lab, until=came(3))
    assert numbers(lines) == [1, 2, None, 3], numbers(lines)
    assert metric(lines, "cascaded_source_messages_dropped_total") == 2
    assert lab.count == 1


@case
def packed_messages_come_as_sent():
    dictionary, packed = FOLDER / "dictionary", FOLDER / "packed"
    samples = [FOLDER / f"sample{n}" for n in range(200)]
    for n, sample in enumerate(samples):
        sample.write_text(text_of(n) * 3)
    zstd = shutil.which("zstd")
    if zstd is None:
        print("# skipped the rest: there is no zstd program")
        return
    subprocess.run([zstd, "-q", "-f", "--train", *samples, "-o", dictionary], check=True)
    subprocess.run([zstd, "-q", "-f", "-D", dictionary, samples[7], "-o", packed], check=True)
    for path, name in (("/subscribe", "compress"), (EVENTS_PATH, "zstdDictionary")):
        lab = ws_lab.Lab([[UP, {"binary_hex": packed.read_bytes().hex(), "parts": 3}, sent(8),
                           HOLD]])
        lines = drive(lab, "compressed=true", f"dictionary_file={dictionary}", path=path,
                      until=came(8))
        assert numbers(lines) == [7, 8], lines
        number = int.from_bytes(dictionary.read_bytes()[4:8], "little")
        assert query(lab)[name] == [str(number) if name == "zstdDictionary" else "true"]
    bomb = FOLDER / "bomb"
    (FOLDER / "zeros").write_bytes(b"0" * (64 << 20))
    subprocess.run([zstd, "-q", "-f", "-D", dictionary, FOLDER / "zeros", "-o", bomb], check=True)
    lab = ws_lab.Lab([[UP, {"binary_hex": bomb.read_bytes().hex()}, sent(9), {
        "binary_hex": "00" * 40}, HOLD]])
    lines = drive(lab, "compressed=true", f"dictionary_file={dictionary}",
                  until="state backing-off")
    assert numbers(lines) == [9], lines
    assert metric(lines, "cascaded_source_messages_dropped_total") == 1, lines
    assert metric(lines, BREACH) == 1 and states(lines)[-1] == "backing-off", lines


# ── cursors ───────────────────────────────────────────────────────────────────────────────────


@case
def a_dropped_stream_resumes_a_few_seconds_before_the_last_message():
    lab = ws_lab.Lab([[UP, {"events": {"count": 6000}}, {"end": True}],
                      [UP, {"events": {}}, present(9000), HOLD]], stream=stream_of(9000))
    lines = drive(lab, until=came(9000))
    last = START + 5999 * 1000
    assert query(lab)["cursor"] == [str(last - 5 * 10**6)], query(lab)
    assert sorted(set(numbers(lines))) == list(range(9001)), len(lines)
    assert gaps(lines)[0][1] and len(gaps(lines)) == 1, gaps(lines)


@case
def a_gap_is_over_when_all_that_was_missed_has_come():
    lab = ws_lab.Lab([[UP, *map(sent, range(3)), {"end": True}],
                      [UP, *map(sent, range(5)), {"end": True}],  # before it has sent all
                      [UP, *map(sent, range(4, 9)), present(9), sent(10), HOLD]])
    lines = drive(lab, until=came(10))
    told = [text for text in lines if text.startswith("gap ") or "did:plc:" in text]
    over = next(at for at, text in enumerate(told) if text.endswith(" 1"))
    assert gaps(lines) == [("closed_1006", True)], lines
    assert came(9) in told[over - 1] and came(10) in told[over + 1], told
    since, until = told[over].split()[1:3]
    assert int(since) == (START + 2000) // 1000 and int(until) <= now_us() // 1000, told
    # A host that cannot go on where the other broke off.
    lab = ws_lab.Lab([[UP, *map(sent, range(3)), {"end": True}],
                      [UP, *map(sent, range(5)), {"end": True}],
                      [UP, *map(sent, range(7, 9)), HOLD]])
    assert gaps(drive(lab, until=came(8))) == [("closed_1006", False)]


@case
def a_gap_is_over_when_a_quiet_stream_has_nothing_more_to_send():
    lab = ws_lab.Lab([[UP, sent(1), {"end": True}], [UP, sent(1), sent(2), HOLD]])
    lines = drive(lab, path="/subscribe?wantedDids=did:plc:1", until=" closed_1006 1")
    assert gaps(lines) == [("closed_1006", True)] and numbers(lines) == [1, 1, 2], lines


@case
def a_seq_cursor_resumes_at_the_last_message():
    lab = ws_lab.Lab([[UP, {"events": {"count": 600}}, {"close": 1001}],
                      [UP, {"events": {}}, present(900, event_of), HOLD]],
                     stream=stream_of(900, event_of))
    lines = drive(lab, path=EVENTS_PATH, until=came(900))
    assert query(lab)["cursor"] == [str(5000 + 599)], query(lab)
    assert numbers(lines) == list(range(600)) + list(range(599, 901)), len(lines)
    assert gaps(lines) == [("closed_1001", True)], gaps(lines)


@case
def a_server_that_cannot_resume_leaves_a_gap_that_is_reported():
    lab = ws_lab.Lab([[UP, sent(1), {"close": 1001}], [UP, sent(7000), HOLD]])
    assert gaps(drive(lab, until=came(7000))) == [("closed_1001", False)]


@case
def another_host_is_asked_by_time():
    for path, make in (("/subscribe", text_of), (EVENTS_PATH, event_of)):
        other = ws_lab.Lab([[UP, {"events": {}}, present(4000, make), HOLD]],
                           stream=stream_of(4000, make))
        first = ws_lab.Lab([[UP, {"events": {"count": 3000}}, {"end": True}], [{"cut": True}]],
                           stream=stream_of(4000, make))
        lines = drive(first, f"hosts=127.0.0.1:{other.port}", path=path,
                      until=came(4000))
        last = START + 2999 * 1000
        assert query(other, 0)["cursor"] == [str(last - 15 * 10**6)], other.requests
        assert sorted(set(numbers(lines))) == list(range(4001)), len(lines)
        assert gaps(lines)[0][1], gaps(lines)


@case
def a_refused_cursor_becomes_a_time_and_then_nothing():
    lab = ws_lab.Lab([[UP, {"text": event_of(9)}, {"close": 1001}], [{"status": 400}],
                      [{"status": 400}], [UP, {"text": event_of(10)}, HOLD]])
    lines = drive(lab, path=EVENTS_PATH, until=came(10))
    cursors = [query(lab, n).get("cursor") for n in range(4)]
    time_us = START + 9 * 1000 - 15 * 10**6
    assert cursors == [None, ["5009"], [str(time_us)], None], cursors
    assert numbers(lines)[:2] == [9, 10] and gaps(lines)[0] == ("closed_1001", False), lines


@case
def a_cursor_of_the_future_is_not_sent_again():
    lab = ws_lab.Lab([[UP, {"text": event_of(9)}, {"close": 1001}],
                      [UP, {"text": '{"error":"FutureCursor","message":"no"}'}, {"close": 1000}],
                      [UP, {"text": event_of(9)}, HOLD]])
    drive(lab, path=EVENTS_PATH, until=came(9), times=2)
    assert query(lab, 1)["cursor"] == ["5009"] and query(lab, 2)["cursor"] != ["5009"]
    assert len(query(lab, 2)["cursor"][0]) >= 16, lab.requests


@case
def wrong_times_do_not_move_the_cursor():
    ahead = now_us() + 10**12
    lab = ws_lab.Lab([[UP, sent(1), {"text": text_of(2, ahead)}, {"text": text_of(3, 2**63)},
                       {"text": text_of(4, -5)}, {"text": '{"a":{"time_us":%d}}' % (START + 10**9)},
                       {"text": '{"time_us":"7","time_us":9'}, {"close": 1001}], [UP, HOLD]])
    lines = drive(lab, until=lambda: len(lab.requests) == 2)
    assert query(lab)["cursor"] == [str(START + 1000 - 5 * 10**6)], query(lab)
    assert metric(lines, BREACH) == 1, lines


@case
def a_server_that_replays_an_hour_does_not_lead_the_cursor_back():
    lab = ws_lab.Lab([[UP, {"events": {"again": True, "back": 500, "shuffle": True}},
                       {"text": text_of(3)}, {"end": True}], [UP, HOLD]], stream=stream_of(8000))
    drive(lab, until=lambda: len(lab.requests) == 2)
    assert query(lab)["cursor"] == [str(START + 7999 * 1000 - 5 * 10**6)], query(lab)


# ── breaches of the protocol ──────────────────────────────────────────────────────────────────


def breaches(*rows, more=()):
    """Each row of steps ends its connection as a breach, after the message before it came."""
    for steps in rows:
        for options in ({}, {"each": 1}):
            cut = [{**step, **options} if "sleep" not in step else step for step in steps]
            lab = ws_lab.Lab([[UP, sent(1), *cut, sent(2), HOLD]])
            lines = drive(lab, *more, until="state backing-off")
            assert numbers(lines) == [1], (steps, lines)
            assert metric(lines, BREACH) == 1, (steps, lines)
            assert states(lines)[-1] == "backing-off" and lab.count == 1, (steps, lines)
            assert gaps(lines) == [] and only(lines, "gap"), lines


@case
def masked_frames_are_a_breach():
    breaches([{"opcode": 1, "mask": True, "payload_hex": "7b7d"}],
             [{"opcode": 9, "mask": True}])


@case
def reserved_bits_are_a_breach():
    breaches(*[[{"opcode": opcode, "rsv": rsv, "payload_hex": "7b7d"}]
               for rsv, opcode in ((1, 1), (2, 2), (4, 1), (7, 9), (3, 10), (5, 8))])


@case
def reserved_opcodes_are_a_breach():
    breaches(*[[{"opcode": opcode, "payload_hex": "7b7d"}] for opcode in (3, 4, 7, 11, 13, 15)],
             [{"opcode": 1, "fin": False, "payload_hex": "7b"}, {"opcode": 11}],
             [{"opcode": 1, "fin": False, "payload_hex": "7b"}, {"opcode": 3}])


@case
def fragmented_or_long_control_frames_are_a_breach():
    breaches([{"opcode": 9, "fin": False}], [{"opcode": 10, "fin": False, "payload_hex": "41"}],
             [{"opcode": 8, "fin": False, "payload_hex": "03e8"}],
             [{"opcode": 9, "payload_hex": "41" * 126}],
             [{"opcode": 8, "payload_hex": "03e8" + "41" * 124}])


@case
def continuations_of_nothing_are_a_breach():
    breaches([{"opcode": 0, "payload_hex": "7b7d"}], [{"opcode": 0, "fin": False}],
             [{"opcode": 1, "fin": False, "payload_hex": "7b"},
              {"opcode": 1, "payload_hex": "7d"}],
             [{"opcode": 1, "fin": False, "payload_hex": "7b"},
              {"opcode": 2, "payload_hex": "7d"}])


@case
def lengths_that_cannot_be_are_a_breach():
    breaches([{"opcode": 1, "length": 2**63}], [{"opcode": 1, "length": 2**64 - 1}],
             [{"opcode": 1, "length": 2**62}], [{"opcode": 2, "length": 2**63 - 1}],
             [{"opcode": 1, "length": 2**26 + 1}],
             [{"opcode": 1, "length": 5, "long": 2}], [{"opcode": 1, "length": 5, "long": 8}],
             [{"opcode": 1, "length": 65535, "long": 8}])


@case
def text_that_is_not_utf_8_is_a_breach():
    bad = ["ff", "c0af", "eda080", "f4908080", "e28200", "80", "c3", "f0288cbc"]
    breaches(*[[{"opcode": 1, "payload_hex": "7b" + text}] for text in bad],
             [{"opcode": 1, "fin": False, "payload_hex": "7bce"},
              {"opcode": 0, "payload_hex": "7d"}])


@case
def the_sequences_of_the_corpus_are_judged_as_marked():
    if not SEQUENCES.exists():
        print("# skipped: there is no ../shared/corpus")
        return
    rows = json.loads(SEQUENCES.read_text())
    good = [row["hex"] for row in rows if row["valid"]]
    lab = ws_lab.Lab([[UP, *({"opcode": 1, "payload_hex": text} for text in good), sent(1), HOLD]])
    lines = drive(lab, until=came(1))
    empty = sum(text == "" for text in good)
    assert len(numbers(lines)) == len(good) - empty + 1 and metric(lines, BREACH) == 0, lines
    for row in rows:
        if not row["valid"]:
            lab = ws_lab.Lab([[UP, {"opcode": 1, "payload_hex": row["hex"]}, HOLD]])
            lines = drive(lab, until="state backing-off")
            assert metric(lines, BREACH) == 1 and not numbers(lines), (row, lines)


@case
def utf_8_may_be_cut_between_fragments():
    text = '{"did":"did:plc:5","text":"\u20ac\U0001f600"}'
    lab = ws_lab.Lab([[UP, {"text": text, "parts": len(text.encode())}, HOLD]])
    assert numbers(drive(lab, until=came(5))) == [5]


@case
def bad_close_frames_are_a_breach():
    breaches([{"opcode": 8, "payload_hex": "03"}], [{"close": 999}], [{"close": 1005}],
             [{"close": 1006}], [{"close": 1004}], [{"close": 2999}], [{"close": 5000}],
             [{"close": 0}], [{"close": 65535}])
    lab = ws_lab.Lab([[UP, sent(1), {"opcode": 8, "payload_hex": "03e8ff"}, HOLD]])
    lines = drive(lab, until="state backing-off")
    assert metric(lines, BREACH) == 1 and lab.count == 1, lines


@case
def what_follows_a_close_frame_is_no_part_of_the_stream():
    for more in ([sent(2)], [{"opcode": 9, "payload_hex": "41"}], [{"close": 1001}],
                 [{"opcode": 3}], [{"raw_hex": "ff" * 40}]):
        for before in ([], [{"opcode": 1, "fin": False, "payload_hex": "7b"}]):
            lab = ws_lab.Lab([[UP, sent(1), *before, {"close": 1000, "reason": "r" * 123}, *more,
                               HOLD], [UP, sent(3), HOLD]])
            lines = drive(lab, until=came(3))
            assert numbers(lines) == [1, 3] and metric(lines, BREACH) == 0, (more, lines)
            assert [reason for reason, _ in gaps(lines)] == ["closed_1000"], (more, lines)
            assert not any(row[1] == ws_lab.PONG for row in lab.frames), (more, lab.frames)


@case
def bytes_that_were_not_asked_for_are_a_breach():
    breaches([{"binary_hex": "7b7d"}])


@case
def every_close_code_ends_in_a_reconnect():
    for code in (None, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                 3000, 3999, 4000, 4999):
        lab = ws_lab.Lab([[UP, sent(1), {"close": code, "reason": "so"} if code else
                           {"close": None}, HOLD], [UP, sent(1), sent(2), HOLD]])
        is_back = code in (None, 1000, 1001, 1010, 1011, 1012, 1014)
        lines = drive(lab, until=came(2) if is_back else "state backing-off")
        reason = f"closed_{code or 1005}"
        assert only(lines, "gap")[0].split()[2] == reason, (code, lines)
        assert metric(lines, BREACH) == 0, (code, lines)
        assert numbers(lines) == ([1, 1, 2] if is_back else [1]), (code, lines)
        wait(f"a close frame after {code}", lambda: any(  # pylint: disable=cell-var-from-loop
            row[1] == ws_lab.CLOSE for row in lab.frames))


# ── the handshake ─────────────────────────────────────────────────────────────────────────────


@case
def answers_that_open_no_websocket_are_left():
    bent = [{"accept": "dGhlIHNhbXBsZSBub25jZQ=="}, {"accept": None}, {"connection": "close"},
            {"extensions": "permessage-deflate"}, {"protocol": "xrpc.v1.json"},
            {"more": " folded\r\n"}, {"more": "no colon\r\n"}, {"more": "Upgrade: h2c\r\n"},
            {"more": "X: " + "y" * 20000 + "\r\n"}]
    for bend in bent:
        lab = ws_lab.Lab([[{**UP, **bend}, sent(1), HOLD]])
        lines = drive(lab, until="state backing-off")
        assert numbers(lines) == [] and metric(lines, BREACH) == 1, (bend, lines)
        assert "did not accept the WebSocket" in only(lines, "state")[-1] and lab.count == 1, lines
    for raw in ("SSH-2.0-x\r\n", "HTTP/1.0 101 X\r\n\r\n", "HTTP/1.1 9\r\n\r\n", "\0" * 30000,
                "HTTP/1.1 101 X\r\n\r\n"):
        lines = drive(ws_lab.Lab([[{"raw": raw}, HOLD]]), until="state backing-off")
        assert metric(lines, BREACH) == 1, (raw[:20], lines)


@case
def a_server_that_does_not_speak_the_subprotocol_is_left():
    for protocol in (None, "xrpc.v2.cbor"):
        lines = drive(ws_lab.Lab([[{**UP, "protocol": protocol}, HOLD]]), path=EVENTS_PATH,
                      until="state backing-off")
        assert "subprotocol" in only(lines, "state")[-1], lines


@case
def permanent_refusals_stop_the_source_with_the_reason():
    for status in (401, 403, 404, 406):
        lab = ws_lab.Lab([[{"status": status}, {"send": '{"detail":"No such thing"}'}]])
        lines = drive(lab, until="state failed")
        last = only(lines, "state")[-1]
        assert last.startswith("failed ") and f"answered {status}" in last, lines
        assert last.endswith("No such thing") and lab.count == 1, lines


@case
def temporary_refusals_are_tried_again_later():
    for status in (400, 420, 429, 500, 502, 503):
        lab = ws_lab.Lab([[{"status": status}]])
        lines = drive(lab, until="state backing-off")
        assert only(lines, "state")[-1].startswith("backing-off "), lines
        assert f"answered {status}" in only(lines, "state")[-1], lines
        assert lab.count == 1, (status, lab.count)


@case
def a_redirection_is_not_followed():
    other = ws_lab.Lab([[UP, sent(9), HOLD]])
    lab = ws_lab.Lab([[{"status": 302, "headers": {"Location": f"http://127.0.0.1:{other.port}/"}}]])
    lines = drive(lab, until="redirection")
    assert "redirection" in only(lines, "state")[-1] and not numbers(lines), lines
    assert other.count == 0


@case
def an_endless_error_body_is_cut():
    lab = ws_lab.Lab([[{"status": 503}, {"bomb": 64}, HOLD]])
    assert states(drive(lab, until="state backing-off"))[-1] == "backing-off"


@case
def the_token_is_sent_in_the_handshake():
    path = FOLDER / "token"
    path.write_text("first\n")
    path.chmod(0o600)
    lab = ws_lab.Lab([[UP, sent(1), HOLD]])
    drive(lab, f"token_file={path}", until=came(1))
    assert "Authorization: Bearer first\r\n" in lab.requests[0], lab.requests


# ── silence, floods and slow owners ───────────────────────────────────────────────────────────


@case
def a_server_that_accepts_and_never_answers_is_left_after_5_s():
    lab = ws_lab.Lab([[HOLD]])
    lines = drive(lab, until=lambda: lab.count >= 2)
    assert any("no answer" in text for text in only(lines, "state")) and lab.count >= 2, lines


@case
def a_host_that_opens_and_then_sends_nothing_is_left_after_5_s_for_another():
    other = ws_lab.Lab([[UP, sent(1), HOLD]])
    lab = ws_lab.Lab([[UP, HOLD]])
    lines = drive(lab, f"hosts=127.0.0.1:{other.port}", until=came(1))
    assert numbers(lines) == [1], lines
    assert "stalled" in states(lines), lines


@case
def a_stream_that_falls_silent_is_left_although_it_answers_pings():
    lab = ws_lab.Lab([[UP, {"events": {"count": 3000, "rate": 1000}}, HOLD],
                      [UP, {"events": {}}, present(4000), HOLD]], stream=stream_of(4000))
    lines = drive(lab, until=came(4000))
    assert gaps(lines)[0] == ("stalled", True), lines
    assert sorted(set(numbers(lines))) == list(range(4001)), len(lines)


@case
def a_quiet_stream_that_the_user_chose_is_kept_by_pings():
    lab = ws_lab.Lab([[UP, sent(1), HOLD]])
    lines = drive(lab, path="/subscribe?wantedDids=did:plc:1",
                  until=lambda: [row[1] for row in lab.frames].count(ws_lab.PING) == 2)
    assert lab.count == 1 and states(lines)[-1] == "idle-ok", lines


@case
def a_dead_peer_is_left_after_25_s():
    lab = ws_lab.Lab([[UP, {"mute": True}, sent(1), HOLD], [UP, sent(1), HOLD]])
    lines = drive(lab, path="/subscribe?wantedDids=did:plc:1", until=" stalled 1")
    assert gaps(lines) == [("stalled", True)], lines


@case
def a_message_that_drips_for_ever_is_left():
    lab = ws_lab.Lab([[UP, sent(1), {"text": text_of(2) * 40, "each": 1, "every": 0.1}],
                      [UP, sent(1), present(2), HOLD]])
    lines = drive(lab, until=" stalled 1")
    assert ("stalled", True) in gaps(lines), lines


@case
def a_flood_of_pings_grows_no_memory():
    flood = {"raw_hex": (ws_lab.frame(9) * 200000).hex()}
    lab = ws_lab.Lab([[UP, {"stop_reading": True}, flood, flood, flood, HOLD]])
    with subprocess.Popen([source_drive.PROGRAM, f"url=ws://127.0.0.1:{lab.port}/subscribe",
                           f"run={PATIENCE}s"], stdout=subprocess.PIPE, encoding="latin-1") as running:
        time.sleep(3)
        status = pathlib.Path(f"/proc/{running.pid}/status").read_text()
        clock = pathlib.Path(f"/proc/{running.pid}/stat").read_text().rsplit(")", 1)[1].split()
        running.terminate()
        running.communicate(timeout=PATIENCE)
    size = int(status.split("VmRSS:")[1].split()[0])
    assert size < 200 << 10, f"{size} KiB"
    assert int(clock[11]) + int(clock[12]) < 200, "it kept the processor busy"


@case
def a_full_receiver_pauses_the_stream_and_loses_nothing():
    lab = ws_lab.Lab([[UP, {"events": {}}, {"opcode": 9, "payload_hex": "42"}, HOLD]],
                     stream=stream_of(20000))
    lines = drive(lab, "refuse_after=100", "refuse_for=1s",
                  until=lambda: (0, ws_lab.PONG, b"B", True) in lab.frames)
    assert numbers(lines) == list(range(20000)), len(numbers(lines))
    assert metric(lines, "cascaded_source_pauses_total") == 1


@case
def a_ping_behind_messages_that_wait_is_answered():
    lab = ws_lab.Lab([[UP, *map(sent, range(9)), {"opcode": 9, "payload_hex": "42"},
                       *map(sent, range(9, 12)), {"opcode": 9, "payload_hex": "43"}, HOLD]])
    lines = drive(lab, "refuse_after=3", "refuse_for=60s",
                  until=lambda: (0, ws_lab.PONG, b"C", True) in lab.frames)
    assert numbers(lines) == list(range(3)), lines
    assert [row[2] for row in lab.frames if row[1] == ws_lab.PONG] == [b"B", b"C"], lab.frames
    assert metric(lines, "cascaded_source_pauses_total") == 1


@case
def pings_are_answered_while_the_receiver_is_full():
    lab = ws_lab.Lab([[UP, {"events": {}}, {"opcode": 9, "payload_hex": "42"}, HOLD]],
                     stream=stream_of(20000))
    lines = drive(lab, "refuse_after=100", "refuse_for=12s",
                  until=lambda: (0, ws_lab.PONG, b"B", True) in lab.frames)
    assert numbers(lines) == list(range(20000)), len(numbers(lines))
    pongs = [row for row in lab.frames if row[1] == ws_lab.PONG]
    assert pongs == [(0, ws_lab.PONG, b"", True), (0, ws_lab.PONG, b"B", True)], lab.frames
    assert lab.count == 1


@case
def a_stream_that_ends_while_the_receiver_is_full_loses_nothing():
    for last in ({"cut": True}, {"close": 1001}, {"opcode": 3}):
        lab = ws_lab.Lab([[UP, *map(sent, range(9)), last], [UP, sent(9), HOLD]])
        lines = drive(lab, "refuse_after=3", "refuse_for=500ms",
                      until=came(9 if "cut" in last else 8))
        # A reset may take with it what was not read yet; then the cursor asks for it again.
        found = numbers(lines)
        assert found[:9] == list(range(9)) or "cut" in last, (last, lines)


@case
def a_message_cut_within_a_character_is_dropped_and_the_gap_reported():
    lab = ws_lab.Lab([[UP, sent(1), {"opcode": 1, "length": 50, "payload_hex": "7b22c3"},
                       {"cut": True}], [UP, sent(1), present(2), HOLD]])
    lines = drive(lab, until=came(2))
    assert numbers(lines) == [1, 1, 2] and gaps(lines)[0][1], lines


@case
def a_server_that_hangs_up_again_and_again_makes_no_busy_loop():
    for last in ({"cut": True}, {"close": 1000}, {"end": True}):
        for steps in ([UP, sent(1), last], [last]):
            lab = ws_lab.Lab([steps])
            begun = time.monotonic()
            drive(lab, until=lambda: lab.count >= 6)  # pylint: disable=cell-var-from-loop
            assert lab.count >= 6 and time.monotonic() - begun > 1.5, (steps, lab.count)


# ── hosts and encryption ──────────────────────────────────────────────────────────────────────


@case
def the_next_host_is_asked_at_once_when_one_fails():
    good = ws_lab.Lab([[UP, sent(1), HOLD]])
    for bad in ([{"status": 503}], [{"status": 401}], [{"cut": True}], [{**UP, "accept": "x"}],
                [UP, {"opcode": 3}]):
        lab = ws_lab.Lab([bad])
        lines = drive(lab, f"hosts=127.0.0.1:{good.port}", until=came(1))
        assert numbers(lines) == [1] and lab.count == 1, (bad, lines)


@case
def a_source_fails_only_when_all_its_hosts_refuse():
    labs = [ws_lab.Lab([[{"status": status}]]) for status in (401, 403)]
    lines = drive(labs[0], f"hosts=127.0.0.1:{labs[1].port}", until="state failed")
    assert states(lines)[-1] == "failed" and [lab.count for lab in labs] == [1, 1], lines


@case
def only_a_good_certificate_is_accepted():
    for name, row in http_lab.CERTIFICATES.items():
        is_good = row.get("is_good", False)
        context = http_lab.make_certificate(FOLDER, name)
        if context is None:
            print(f"# {name}: this OpenSSL does not make it")
            continue
        lab = ws_lab.Lab([[UP, {"events": {}}, HOLD]], context, stream=stream_of(3000))
        lines = drive(lab, f"ca_file={FOLDER}/ca.pem", scheme="wss",
                      until=came(2999) if is_good else "state backing-off")
        assert numbers(lines) == (list(range(3000)) if is_good else []), (name, lines[-9:])
        assert bool(lab.requests) == is_good, (name, lab.requests)


@case
def a_full_receiver_pauses_an_encrypted_stream_and_loses_nothing():
    context = http_lab.make_certificate(FOLDER, "good")
    lab = ws_lab.Lab([[UP, {"events": {}}, HOLD]], context, stream=stream_of(20000))
    lines = drive(lab, f"ca_file={FOLDER}/ca.pem", "refuse_after=100", "refuse_for=1s",
                  scheme="wss", until=came(19999))
    assert numbers(lines) == list(range(20000)), len(numbers(lines))


@case
def addresses_that_are_none_of_jetstreams_are_refused():
    for url, why in (("ws://127.0.0.1:1/", "end in"), ("ws://127.0.0.1:1/subscribe?cursor=1",
                     "set by the program"), ("ws://example.org/subscribe", "wss")):
        found = subprocess.run([source_drive.PROGRAM, f"url={url}"], stdout=subprocess.PIPE, timeout=20,
                               encoding="utf-8")
        assert found.returncode == 78 and why in found.stdout, found


if __name__ == "__main__":
    # Most of the time is waiting, so the cases wait side by side.
    run_cases(side_by_side=6)
