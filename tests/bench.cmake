# The programs tests/bench/run measures with. The limit is built plainly: nothing that
# hardens a daemon may slow it down.
add_executable(limit bench/limit.cc)
target_compile_options(limit PRIVATE -Wall -Wextra -Wpedantic)
target_link_libraries(limit PRIVATE simdjson::simdjson)
add_executable(crowd bench/crowd.c)
target_link_libraries(crowd PRIVATE cascaded_flags)
add_executable(feeder bench/feeder.c)
target_link_libraries(feeder PRIVATE cascaded_flags PkgConfig::OPENSSL)
