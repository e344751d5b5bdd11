# Fuzzers (preset fuzz): every tests/fuzz/fuzz_<name>.c is one libFuzzer program; the target
# `fuzzers` builds them all. tests/fuzz/seeds/<name>/, if there is one, holds its first inputs and
# what once went wrong; tests/fuzz/<name>.dict its words.
if(CASCADED_FUZZ)
    add_custom_target(fuzzers)
    file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/fuzz_*.c)
    foreach(source IN LISTS fuzz_sources)
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} EXCLUDE_FROM_ALL ${source})
        target_link_libraries(${name} PRIVATE ingest pipeline sinks base PkgConfig::JANSSON)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_dependencies(fuzzers ${name})
    endforeach()
endif()
