#!/bin/sh
# The code is formatted according to .clang-format.
set -eu
want=14
have=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$have" != "$want" ]; then
    echo "clang-format $want decides about layout, this is $have"
    exit 77
fi
git ls-files -co --exclude-standard '*.c' '*.h' '*.cc' '*.hh' | xargs clang-format --dry-run -Werror
