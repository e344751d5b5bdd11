#!/bin/sh
# base/ and pipeline/ call only the functions listed here: no clock, no randomness, no environment;
# pipeline/ no I/O either. Checked in the release build, where the compiler adds no calls of its
# sanitizers.
set -eu

memory='calloc free malloc realloc memchr memcmp memcpy memmove memset strchr strlen strncmp
    stpcpy strcmp strtod strtol strtoll strtoull qsort bsearch snprintf vsnprintf abort
    __assert_fail __ctype_b_loc __errno_location __explicit_bzero_chk explicit_bzero
    __memcpy_chk __memmove_chk __memset_chk __snprintf_chk __vsnprintf_chk
    __stack_chk_fail _GLOBAL_OFFSET_TABLE_'
mathematics='exp exp2 expm1 floor fma fmax fmin ldexp llround log log1p pow sqrt trunc'
region='mmap munmap madvise sysconf' # base/region.c
log='write'                          # base/log.c
output='fcntl fcntl64 open open64 __open_2 __open64_2 fflush ferror poll stdout' # base/output.c

# calls_of LIBRARY...: what the first one leaves to others, without what they all define
calls_of() {
    defined=$(nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }')
    nm -u "$1" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u | while read -r symbol; do
        echo "$defined" | grep -qxF "$symbol" || echo "$symbol"
    done
}

# check LIBRARY ALLOWED LIBRARY...
check() {
    library=$1
    allowed=$2
    shift 2
    calls_of "$library" "$@" | while read -r symbol; do
        echo "$allowed" | grep -qwF -e "$symbol" || {
            echo "$library: may not call $symbol"
            nm -A -u "$library" 2>/dev/null | grep -w "$symbol" | sed 's/^/    /'
        }
    done
}

# Global state that changes: writable data symbols of pipeline/. Tables of pointers that the
# linker fills in and seals again (.data.rel.ro) are constants.
writable() {
    objdump -t "$1" | awk -v library="$1" '
        NF > 4 && $(NF - 2) ~ /^\.(data|bss)(\..*)?$/ && $(NF - 2) !~ /^\.data\.rel\.ro/ && $(NF - 1) !~ /^0+$/ {
            print library ": holds mutable state " $NF
        }'
}

base=$RELEASE/libbase.a
pipeline=$RELEASE/libpipeline.a
faults=$(
    check "$base" "$memory $mathematics $region $log $output"
    check "$pipeline" "$memory $mathematics" "$base"
    writable "$pipeline"
)
[ -z "$faults" ] || {
    echo "$faults"
    exit 1
}
