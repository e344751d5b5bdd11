#!/usr/bin/env python3
"""A live source over HTTP against servers that misbehave: every case ends in a reconnect or a
clear stop, and no message is lost, doubled or made up.

Drives tests/oracle/source_drive.c against tests/lab/http_lab.py, as long as it takes until what
must happen has happened. Without arguments every case runs; else those named.
"""
# tests/run: beside others
import concurrent.futures
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import http_lab  # noqa: E402
import processes  # noqa: E402
import source_drive  # noqa: E402
from source_drive import metric, only, states  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import wait  # noqa: E402

OK = {"status": 200, "chunked": True}
HOLD = {"sleep": 100}
FOLDER = processes.folder()


def line(number):
    return f'{{"id":"{number}"}}\r\n'


def drive(lab, *options, path="/2/tweets/search/stream", scheme="http", **until):
    return source_drive.drive(f"{scheme}://127.0.0.1:{lab.port}{path}", *options, **until)


def came(number):
    """What a line about that message holds."""
    return f'{{"id":"{number}"}}'


def messages(lines):
    return [text.split(" ", 3)[3] for text in only(lines, "message")]


def ids(*numbers):
    return [line(number).strip() for number in numbers]


@case
def messages_come_whole_however_the_chunks_are_cut():
    text = "\r\n" + "".join(map(line, range(50))) + "\r\n" + line(50)
    lab = http_lab.Lab([[OK, {"send": text, "each": 3}, HOLD]])
    lines = drive(lab, until=came(50))
    assert messages(lines) == ids(*range(51)), messages(lines)
    assert metric(lines, "cascaded_source_signs_read_total") == 2
    assert "accept-encoding" not in lab.requests[0].lower()


@case
def a_flood_of_messages_leaves_the_loop_time_for_the_rest():
    text = "".join(f'{{"id":"{number}","text":"{"x" * 900}"}}\r\n' for number in range(6000))
    lab = http_lab.Lab([[OK, {"send": text}, HOLD]])
    lines = drive(lab, until='{"id":"5999"')
    assert len(only(lines, "message")) == 6000
    # 128 KiB, the piece in which that is reached, and the line that ends in it; the program may see the
    # turns of the source in pairs.
    assert metric(lines, "most_in_a_turn") <= 2 * (128 + 16 + 1) * 1024, metric(lines, "most_in_a_turn")


@case
def compressed_messages_come_as_sent():
    lab = http_lab.Lab([[{**OK, "gzip": True}, {"send": line(1)}, {"send": line(2)}, HOLD]])
    lines = drive(lab, "compressed=true", until=came(2))
    assert messages(lines) == ids(1, 2), lines
    assert "accept-encoding: gzip" in lab.requests[0].lower()


@case
def a_message_cut_within_a_character_is_dropped_and_the_gap_reported():
    lab = http_lab.Lab([[OK, {"send": line(1)}, {"send_hex": "7b22c3"}, {"cut": True}],
                        [OK, {"send": line(2)}, HOLD]])
    lines = drive(lab, until=came(2))
    assert messages(lines) == ids(1, 2), lines
    gaps = only(lines, "gap")
    assert len(gaps) == 2 and gaps[0].split()[1] == "-" and gaps[1].endswith("broken 0"), gaps


@case
def what_is_no_stream_is_left_and_fills_no_gap():
    for headers, text in (({"Content-Type": "text/html; charset=utf-8"}, "an HTML page"),
                          ({"Content-Encoding": "gzip"}, "compressed = true")):
        other = [{"status": 200, "headers": headers}, {"send": "<html>\n" + line(5)}, HOLD]
        lab = http_lab.Lab([[OK, {"send": line(1)}, {"end": True}], other,
                            [OK, {"send": line(2)}, HOLD]])
        lines = drive(lab, "backfill_minutes=2", until=came(2))
        assert messages(lines) == ids(1, 2), lines
        assert sum("backing-off" in state and text in state for state in only(lines, "state")), lines
        assert states(lines).count("live") == 2, lines


@case
def a_gap_that_nothing_fills_ends_with_the_first_byte():
    lab = http_lab.Lab([[OK, {"send": line(1)}, {"end": True}], [OK, {"send": "\r\n"}, HOLD]])
    lines = drive(lab, until=" closed 0", times=2)
    gap = only(lines, "gap")[1].split()
    assert messages(lines) == ids(1) and int(gap[0]) <= int(gap[1]), lines
    lines = drive(http_lab.Lab(lab.scenario), "backfill_minutes=2", until="state idle-ok", times=2)
    assert [gap.split()[1] for gap in only(lines, "gap")] == ["-"], lines


@case
def a_dropped_stream_is_back_at_once():
    lab = http_lab.Lab([[OK, {"send": line(1)}, {"end": True}], [OK, {"send": line(2)}, HOLD]])
    lines = drive(lab, until=came(2))
    assert messages(lines) == ids(1, 2), lines
    assert "backing-off the server ended the stream" in only(lines, "state"), lines


@case
def backfill_is_asked_for_after_a_gap_and_only_then():
    lab = http_lab.Lab([[OK, {"send": line(1)}, {"end": True}], [OK, {"send": line(2)}, HOLD]])
    lines = drive(lab, "backfill_minutes=2", path="/2/tweets/search/stream?a=b",
                  until=came(2))
    assert "backfill" not in lab.requests[0], lab.requests
    assert "?a=b&backfill_minutes=2 " in lab.requests[1], lab.requests
    assert only(lines, "gap")[1].endswith("closed 1"), lines


@case
def a_server_that_hangs_up_again_and_again_makes_no_busy_loop():
    lab = http_lab.Lab([[OK, {"send": line(1)}, {"cut": True}]])
    begun = time.monotonic()
    drive(lab, until=lambda: lab.count >= 6)
    assert lab.count >= 6 and time.monotonic() - begun > 1.5, lab.count


@case
def permanent_refusals_stop_the_source_with_the_reason():
    for status in (401, 403, 404, 406, 426):
        lab = http_lab.Lab([[{"status": status}, {"send": '{"detail":"No such thing"}'}]])
        lines = drive(lab, until="state failed")
        last = only(lines, "state")[-1]
        assert last.startswith(f"failed the server answered {status}"), lines
        assert last.endswith("No such thing") and lab.count == 1, lines


@case
def temporary_refusals_are_tried_again_later():
    for status in (400, 420, 429, 500, 503):
        lab = http_lab.Lab([[{"status": status}]])
        lines = drive(lab, until="state backing-off")
        assert only(lines, "state")[-1].startswith("backing-off the server answered"), lines
        assert lab.count == 1, (status, lab.count)


@case
def a_429_for_an_own_open_connection_is_tried_again_soon():
    body = '{"connection_issue":"TooManyConnections","detail":"one is open"}'
    lab = http_lab.Lab([[{"status": 429}, {"send": body}], [OK, {"send": line(1)}, HOLD]])
    lines = drive(lab, until=came(1))
    assert messages(lines) == ids(1), lines


@case
def the_time_given_by_the_server_is_waited_for():
    reset = {"x-rate-limit-reset": int(time.time()) + 3000}
    body = '{"connection_issue":"TooManyConnections"}'
    lab = http_lab.Lab([[{"status": 429, "headers": reset}, {"send": body}]])
    drive(lab, run="5s")
    assert lab.count == 1, lab.count


@case
def a_redirection_is_not_followed():
    other = http_lab.Lab([[OK, {"send": line(9)}, HOLD]])
    for target in (f"http://127.0.0.1:{other.port}/", "http://169.254.169.254/"):
        lab = http_lab.Lab([[{"status": 302, "headers": {"Location": target}}]])
        lines = drive(lab, until="redirection")
        assert "redirection" in only(lines, "state")[-1] and not messages(lines), lines
    assert other.count == 0


@case
def an_endless_error_body_is_cut():
    lab = http_lab.Lab([[{"status": 503, "chunked": True}, {"bomb": 64}, HOLD]])
    lines = drive(lab, until="state backing-off")
    assert states(lines)[-1] == "backing-off", lines


@case
def a_gzip_bomb_is_left():
    lab = http_lab.Lab([[{**OK, "gzip": True}, {"bomb": 300}, HOLD]])
    lines = drive(lab, "compressed=true", until="state backing-off")
    assert metric(lines, "cascaded_source_protocol_errors_total") == 1, lines
    assert metric(lines, "cascaded_source_bytes_read_total") < 40 << 20, lines


@case
def a_giant_line_costs_only_itself():
    lab = http_lab.Lab([[OK, {"send": line(1)}, {"bomb": 10}, {"send": "\r\n" + line(2)}, HOLD]])
    lines = drive(lab, until=came(2))
    assert messages(lines) == ids(1, 2), lines
    assert metric(lines, 'cascaded_source_messages_dropped_total') == 1


@case
def a_full_receiver_pauses_the_stream_and_loses_nothing():
    text = "".join(map(line, range(20000)))
    lab = http_lab.Lab([[OK, {"send": text, "each": 7000}, {"end": True}], [OK, HOLD]])
    lines = drive(lab, "refuse_after=100", "refuse_for=1s", until=came(19999))
    assert messages(lines) == ids(*range(20000)), len(messages(lines))
    assert metric(lines, "cascaded_source_pauses_total") == 1


@case
def a_stream_that_ends_while_the_receiver_is_full_loses_nothing():
    lab = http_lab.Lab([[OK, {"send": "".join(map(line, range(9)))}, {"cut": True}],
                        [OK, {"send": line(9)}, HOLD]])
    lines = drive(lab, "refuse_after=3", "refuse_for=1s", until=came(9))
    assert messages(lines) == ids(*range(10)), lines


@case
def server_sent_events_and_heartbeats_are_read():
    text = ":)\n\nevent: update\ndata: {\"id\":\"7\"}\n\n:thump\n\nevent: delete\ndata: 12\n\n"
    lab = http_lab.Lab([[OK, {"send": text}, HOLD]])
    lines = drive(lab, path="/api/v1/streaming/public", until="message delete")
    assert [text.split()[0] for text in only(lines, "message")] == ["update", "delete"], lines
    assert metric(lines, "cascaded_source_signs_read_total") == 2, lines


@case
def a_server_that_never_answers_is_left():
    lab = http_lab.Lab([[HOLD]])
    lines = drive(lab, until=lambda: lab.count == 2)
    assert "backing-off connected, but no answer" in only(lines, "state") and lab.count == 2, lines


@case
def silence_after_messages_is_a_stall_within_30_s():
    lab = http_lab.Lab([[OK, {"send": line(1)}, HOLD], [OK, {"send": line(2)}, HOLD]])
    lines = drive(lab, until=came(2))
    assert messages(lines) == ids(1, 2), lines
    gaps = [text.split() for text in only(lines, "gap")]
    assert gaps[1][2] == "stalled" and 21000 <= int(gaps[1][1]) - int(gaps[1][0]) <= 30000, gaps
    assert [s for s in states(lines) if s == "stalled"] and states(lines)[-1] == "live", lines


@case
def heartbeats_alone_keep_a_stream():
    lab = http_lab.Lab([[OK, {"repeat": 9, "every": 10, "steps": [{"send": "\r\n"}]}]])
    lines = drive(lab, run="35s")
    assert lab.count == 1 and states(lines)[-1] == "idle-ok", lines


@case
def a_connection_that_is_not_made_in_time_is_given_up():
    lab = http_lab.Lab([[HOLD]])  # speaks no TLS, so the agreement never ends
    lines = drive(lab, "connect_timeout=500ms", scheme="https", until="connect_timeout")
    assert any("connect_timeout" in text for text in only(lines, "state")), lines


@case
def the_token_is_read_at_every_connection():
    path = FOLDER / "token"
    path.write_text("first\n")
    path.chmod(0o600)
    lab = http_lab.Lab([[OK, {"send": line(1)}, {"sleep": 5}, {"end": True}], [OK, HOLD]])
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(drive, lab, f"token_file={path}",
                              until=lambda: len(lab.requests) == 2)
        wait("the first request", lambda: lab.requests)
        path.write_text("second\n")
        running.result()
    assert "Authorization: Bearer first\r\n" in lab.requests[0], lab.requests
    assert "Authorization: Bearer second\r\n" in lab.requests[1], lab.requests


@case
def only_a_good_certificate_is_accepted():
    for name, row in http_lab.CERTIFICATES.items():
        is_good = row.get("is_good", False)
        context = http_lab.make_certificate(FOLDER, name)
        if context is None:
            print(f"# {name}: this OpenSSL does not make it")
            continue
        lab = http_lab.Lab([[OK, {"send": line(1)}, HOLD]], context)
        lines = drive(lab, f"ca_file={FOLDER}/ca.pem", scheme="https",
                      until=came(1) if is_good else "state backing-off")
        assert messages(lines) == (ids(1) if is_good else []), (name, lines)
        assert bool(lab.requests) == is_good, (name, lab.requests)


if __name__ == "__main__":
    # Most of the time is waiting, so the cases wait side by side.
    run_cases(side_by_side=4)
