#!/bin/sh
# The documentation contains what the tables contain, the sample configuration is valid, and so is
# every option in it.
set -eu
conf/generate-docs --check "$RELEASE/cascaded" || {
    echo "run: conf/generate-docs $RELEASE/cascaded"
    exit 1
}
all=$(mktemp)
trap 'rm -f "$all"' EXIT
sed 's/^\( *\)#\([a-z]\)/\1\2/' conf/cascaded.conf >"$all"
for file in conf/cascaded.conf "$all"; do
    "$RELEASE/cascaded" --check --config "$file" || {
        echo "$file: cascaded --check refuses it"
        exit 1
    }
done
