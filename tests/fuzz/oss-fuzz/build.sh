#!/bin/bash
# Builds every tests/fuzz/fuzz_<name>.c for OSS-Fuzz, in whose image it runs in the root folder of the project:
# into $OUT come the fuzzers, for each its seeds as an archive, its dictionary if it has one, and the
# libraries of the distribution, since fuzzers run in an image without these.

set -eu

# libsimdjson of the distribution uses the standard library of gcc.
export CXXFLAGS="${CXXFLAGS//-stdlib=libc++/}"
build=$WORK/cascaded
# shellcheck disable=SC2016 # the loader's variable, not the shell's
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCASCADED_FUZZ=ON \
    -DCASCADED_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" \
    -DCMAKE_EXE_LINKER_FLAGS='-Wl,-rpath,$ORIGIN/lib'
cmake --build "$build" --target fuzzers

mkdir -p "$OUT/lib"
for source in tests/fuzz/fuzz_*.c; do
    fuzzer=$(basename "$source" .c)
    name=${fuzzer#fuzz_}
    cp "$build/tests/$fuzzer" "$OUT/"
    ldd "$OUT/$fuzzer" | awk '$2 == "=>" && $3 ~ /^\// && $1 !~ /^lib(c|m|gcc_s|pthread|dl|rt)\.so/ { print $3 }' |
        xargs -r cp -n -L -t "$OUT/lib"
    [ ! -d "tests/fuzz/seeds/$name" ] ||
        zip -q -j -r "$OUT/${fuzzer}_seed_corpus.zip" "tests/fuzz/seeds/$name"
    [ ! -f "tests/fuzz/$name.dict" ] || cp "tests/fuzz/$name.dict" "$OUT/$fuzzer.dict"
done
