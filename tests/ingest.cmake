# The decoders as programs: what they make of their input as text, with the reader of the daemon
# and, to compare, with one that stands on jansson.
add_executable(decode_dump oracle/decode_dump.c)
target_link_libraries(decode_dump PRIVATE ingest base)

# The same decoders: what json_jansson.c defines is not looked for in the library.
add_executable(decode_dump_jansson oracle/decode_dump.c oracle/json_jansson.c)
target_link_libraries(decode_dump_jansson PRIVATE ingest base PkgConfig::JANSSON)

# What once went wrong, and the fuzzer's first inputs, in every build.
add_executable(fuzz_decode_replay fuzz/fuzz_decode.c oracle/fuzz_replay.c)
target_link_libraries(fuzz_decode_replay PRIVATE ingest base)
file(GLOB decode_seeds CONFIGURE_DEPENDS fuzz/seeds/decode/*)
add_test(NAME fuzz_decode_replay COMMAND fuzz_decode_replay ${decode_seeds})
