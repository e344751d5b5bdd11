# source_drive: one live source without a daemon.
add_executable(source_drive oracle/source_drive.c)
target_link_libraries(source_drive PRIVATE ingest base)
