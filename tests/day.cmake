# day_drive: one source through a day of faults, in virtual time.
add_executable(day_drive oracle/day_drive.c oracle/virtual_time.c)
target_link_libraries(day_drive PRIVATE ingest base PkgConfig::OPENSSL)
