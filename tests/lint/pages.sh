#!/bin/sh
# The manual pages: scdoc makes them, mandoc finds nothing, and every page of ours that one of them
# names exists.
set -eu
for program in scdoc mandoc; do
    command -v "$program" >/dev/null || {
        echo "there is no $program"
        exit 77
    }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
faults=0
for source in docs/man/*.scd; do
    name=$(basename "$source" .scd)
    conf/make-page "$source" "$folder/$name"
    mandoc -T lint -W style "$folder/$name" || faults=1
    # *cascaded.conf*(5) is the file cascaded.conf.5.scd.
    for page in $(sed -n 's/\*(\([1-9]\))/.\1*/gp' "$source" |
        grep -o '\*cascade[a-z.-]*\.[1-9]\*' | tr -d '*'); do
        [ -f "docs/man/$page.scd" ] || {
            echo "$source: there is no page $page"
            faults=1
        }
    done
done
exit "$faults"
