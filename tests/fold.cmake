# fold: the pipeline without Redis; prints its changes for the oracle.
add_executable(fold oracle/fold.c)
target_link_libraries(fold PRIVATE ingest pipeline base)
