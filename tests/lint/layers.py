#!/usr/bin/env python3
"""Which file may include which header: of the project by folder and sub-folder (the table in
docs/design.md), of other libraries by the lists below, of the system by folder.
"""
import pathlib
import re
import sys

# Folder: beginnings of the paths that its files may include.
MAY_INCLUDE = {
    "base": ["base/"],
    "net": ["net/", "base/"],
    "ingest": ["ingest/", "net/", "base/", "pipeline/post.h"],
    "pipeline": ["pipeline/", "base/"],
    "sinks": ["sinks/", "net/", "base/", "pipeline/changes.h", "pipeline/checks.h",
              "pipeline/metric_names.h", "pipeline/views.h", "pipeline/views_campaign.h",
              "pipeline/views_course.h", "pipeline/views_tree.h"],
    "daemon": ["daemon/", "ingest/", "pipeline/", "sinks/", "net/", "base/"],
    "ctl": ["ctl/", "net/redis/", "net/clock.h", "base/", "ingest/text/cell.h", "ingest/text/network.h",
            "ingest/text/text.h"],
}

# Sub-folders ("rooms") in their order. A file in one may include headers of the same room, of rooms
# before it in the list, and of the folder itself. A file of the folder itself may include all rooms.
ROOMS = {
    "ingest": ["text", "json", "frames", "entries", "decode", "sources"],
    "pipeline": ["windows", "tree", "forecast", "carriers", "records", "campaigns", "alerts", "changes",
                 "fold"],
    "sinks": ["webhook", "redis", "http", "api"],
    "net": ["redis"],
}
# The state that stages share. In the rooms only stages know it: they alone take a struct pipeline
# and may include it. Everything else gets what it needs when it is initialised.
INSIDE = "pipeline/inside.h"
STAGES = {
    "forecast": {"forecasts"},
    "carriers": {"settle"},
    "campaigns": {"campaign_outreach"},
    "alerts": {"alert_carriers", "alert_newcomer", "alert_raise", "alerts", "measures"},
    "changes": {"change", "change_alert", "change_calibration", "change_campaign", "change_carrier",
                "change_cascade", "change_forecast", "change_outreach", "change_user", "key_rule"},
    "fold": {"acts", "admission", "belong", "campaign_acts", "campaign_counter", "campaign_course", "campaign_fold", "campaign_people",
             "campaign_reload", "carry", "erasure", "ids", "learn", "names", "naming", "node_event", "parent", "persons", "prefetch",
             "release", "renewal", "rewind", "undo", "versions", "withdrawals"},
}
WHOLE = re.compile(r"\bstruct pipeline\b")

# Headers of a library: the files that may include them. All others use these files.
LIBRARIES = {
    r"simdjson\.h": ["ingest/json/json_simd.cc", "ingest/json/json_walk.hh"],
    r"utf8proc\.h": ["ingest/text/utf8.c", "ingest/text/link.c", "ingest/text/text.c",
                    "ingest/text/compose.c", "ingest/text/script.c", "ingest/text/word_scan.c",
                    "daemon/libraries.c"],
    r"hiredis/": ["sinks/redis/redis_conn_write.c", "sinks/redis/redis_reader.c", "ctl/client.h", "ctl/connection.h", "daemon/libraries.c"],
    r"openssl/": ["sinks/redis/redis_conn.c", "sinks/redis/redis_conn_inside.h",
                  "sinks/redis/redis_conn_write.c", "sinks/redis/redis_hello.c",
                  "sinks/redis/redis_sentinel.c",
                  "sinks/redis/redis_sentinel.h", "sinks/redis/redis_stream.c",
                  "sinks/redis/redis_stream.h", "net/redis/redis_tls.c",
                  "net/redis/redis_tls.h", "ctl/client.c", "ctl/connection.c",
                  "ctl/connection.h", "sinks/webhook/webhook_sign.c",
                  "daemon/state.c", "daemon/state_read.c", "net/ws_handshake.c", "daemon/libraries.c"],
    r"wslay/": ["net/ws_protocol.c", "daemon/libraries.c"],
    r"zstd(_errors)?\.h": ["ingest/frames/unpack.c", "ingest/frames/decompress.c", "daemon/libraries.c"],
    r"zlib\.h": ["ingest/frames/decompress.c", "sinks/http/http_files.c", "daemon/libraries.c"],
    r"(bzlib|lzma)\.h": ["ingest/frames/decompress.c", "daemon/libraries.c"],
    r"curl/": ["net/http_client.c", "net/http_client.h", "net/http_request.c",
               "net/http_request.h", "net/http_fetch.c", "ctl/http_get.c", "daemon/libraries.c"],
    # One thread; this one ends the threads of a library.
    r"pthread\.h": ["ingest/sources/kafka_client.c"],
    r"librdkafka/": ["ingest/sources/kafka_client.c", "daemon/libraries.c"],
    r"event2/": ["ingest/sources/kafka_client.c", "net/http_client.c", "net/timer.c",
                 "net/ws_client.c",
                 "sinks/redis/redis_conn.c", "sinks/redis/redis_conn_write.c",
                 "sinks/redis/redis_dial.c",
                 "sinks/redis/redis_dial.h", "sinks/redis/redis_sentinel.c",
                 "sinks/redis/redis_stream.c",
                 "sinks/redis/redis_stream.h", "sinks/http/http_guests.c",
                 "sinks/http/http_library.c", "sinks/http/http_listener.c", "daemon/"],
    r"microhttpd\.h": ["sinks/http/http_events.c", "sinks/http/http_library.c", "sinks/http/http_library.h",
                       "sinks/http/http_server.c", "sinks/http/http_reply.c", "daemon/libraries.c"],
    r"confuse\.h": ["daemon/config.c", "daemon/libraries.c"],
    r"jansson\.h": ["daemon/name_lookup_answer.c", "daemon/webhook_requests.c", "sinks/alert_text.c",
                    "sinks/api/api_alerts.c", "ctl/", "daemon/libraries.c"],
    r"emmintrin\.h": ["ingest/json/json_token.h"],
}

# System headers. base/ and pipeline/ are pure, so most of these are not for them; which functions
# they may call is in purity.sh.
PURE = {"assert.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h",
        "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"}
SYSTEM_IN_BASE = {
    "base/wrong_option.h": {"getopt.h"},          # its type
    "base/region.c": {"sys/mman.h", "unistd.h"},  # reserves memory
    "base/log.c": {"unistd.h"},                   # writes to stderr
    "base/output.c": {"fcntl.h", "poll.h", "unistd.h"}, # guards the standard descriptors
}
SYSTEM = PURE | {"ctype.h", "execinfo.h", "fcntl.h", "getopt.h", "locale.h", "netdb.h", "poll.h",
                 "signal.h", "strings.h", "sysexits.h", "termios.h", "time.h", "unistd.h",
                 "wchar.h"}
# The C++ file that wraps simdjson.
CXX = {"cassert", "cstddef", "cstdint", "cstring", "memory", "new", "string_view"}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def system_is_allowed(path, header):
    if path.parts[0] in ("base", "pipeline"):
        return header in PURE or header in SYSTEM_IN_BASE.get(str(path), ())
    if path.suffix in (".cc", ".hh") and header in CXX:
        return True
    return header in SYSTEM or header.startswith(("sys/", "netinet/", "arpa/", "linux/"))


def library_files(header):
    for pattern, files in LIBRARIES.items():
        if re.match(pattern, header):
            return files
    return None


def room_of(path):
    """The place of the file's room in the order; the folder itself comes last."""
    rooms = ROOMS.get(path.parts[0], [])
    if len(path.parts) == 2 or not rooms:
        return len(rooms)
    return rooms.index(path.parts[1])


def is_above_tables(path):
    """A stage, or a file that is in no room."""
    return len(path.parts) == 2 or path.stem in STAGES.get(path.parts[1], ())


def is_in_order(path, header):
    target = pathlib.PurePath(header)
    if target.parts[0] != path.parts[0]:
        return True
    if header == INSIDE:
        return is_above_tables(path)
    return len(target.parts) == 2 or room_of(target) <= room_of(path)


def is_allowed(path, kind, header):
    if kind == '"':
        return (any(header.startswith(part) for part in MAY_INCLUDE[path.parts[0]])
                and is_in_order(path, header))
    files = library_files(header)
    if files is not None:
        return any(str(path) == file or (file.endswith("/") and str(path).startswith(file))
                   for file in files)
    return system_is_allowed(path, header)


def main():
    faults = 0
    for folder in MAY_INCLUDE:
        for path in sorted(pathlib.Path(folder).rglob("*.[ch]*")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = INCLUDE.match(line)
                if found and not is_allowed(path, *found.groups()):
                    faults += 1
                    print(f"{path}:{number}: may not include {found[2]}")
                if folder == "pipeline" and WHOLE.search(line) and not is_above_tables(path):
                    faults += 1
                    print(f"{path}:{number}: no stage, so it may not take the whole pipeline")
    return 1 if faults else 0


sys.exit(main())
