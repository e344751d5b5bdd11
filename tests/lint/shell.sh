#!/bin/sh
# Scripts: their shell reads them, shellcheck finds nothing, and what has a #! line is executable.
set -eu
faults=0
for file in $(git ls-files -co --exclude-standard); do
    [ -f "$file" ] || continue
    first=$(head -c 40 "$file" | tr -d '\0' | head -n 1)
    case $first in
    '#!'*) ;;
    *) continue ;;
    esac
    [ -x "$file" ] || {
        echo "$file: starts with \"$first\" but is not executable"
        faults=1
    }
    case $first in
    *bash) bash -n "$file" && shellcheck -x "$file" || faults=1 ;;
    */sh) sh -n "$file" && shellcheck -x "$file" || faults=1 ;;
    *python3)
        python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$file" || faults=1
        ;;
    *'make -f') ;; # debian/rules
    *)
        echo "$file: \"$first\" is none of sh, bash and python3"
        faults=1
        ;;
    esac
done
exit "$faults"
