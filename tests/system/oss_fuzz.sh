#!/bin/sh
# The fuzzers as OSS-Fuzz builds and runs them: tests/fuzz/oss-fuzz/build.sh with clang and the address
# sanitizer; then each one reads its seeds, without the libraries of this machine's folders. Builds
# everything once more, so it needs SLOW_TESTS=1.
# tests/run: beside others
set -eu
[ -n "${SLOW_TESTS-}" ] || {
    echo "builds the fuzzers once more: set SLOW_TESTS=1 (the fuzz tests run the same seeds)"
    exit 77
}
command -v clang >/dev/null || {
    echo "there is no clang"
    exit 77
}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 143' INT TERM HUP
flags="-O1 -gline-tables-only -fsanitize=address -fsanitize=fuzzer-no-link"
OUT=$place/out WORK=$place/work CC=clang CXX=clang++ CFLAGS=$flags CXXFLAGS=$flags \
    LIB_FUZZING_ENGINE=-fsanitize=fuzzer tests/fuzz/oss-fuzz/build.sh
for source in tests/fuzz/fuzz_*.c; do
    fuzzer=$(basename "$source" .c)
    name=${fuzzer#fuzz_}
    echo "== $fuzzer"
    mkdir "$place/$name"
    if [ -d "tests/fuzz/seeds/$name" ]; then
        python3 -m zipfile -e "$place/out/${fuzzer}_seed_corpus.zip" "$place/$name"
        test "$(find "$place/$name" -type f | wc -l)" = "$(find "tests/fuzz/seeds/$name" -type f | wc -l)"
    fi
    "$place/out/$fuzzer" -runs=0 "$place/$name"
done
