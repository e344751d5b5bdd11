#!/bin/sh
# Every header contains #pragma once and compiles alone.
set -eu
faults=0
for header in $(find base net ingest pipeline sinks daemon ctl -name '*.h' | sort); do
    grep -qx '#pragma once' "$header" || {
        echo "$header: lacks #pragma once"
        faults=1
    }
    # shellcheck disable=SC2046 # pkg-config's words
    gcc -std=c17 -D_POSIX_C_SOURCE=200809L -I. -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
        $(pkg-config --cflags hiredis libevent) -include "$header" -x c /dev/null || faults=1
done
exit "$faults"
