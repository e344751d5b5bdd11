# sink_drive: the Redis sink without a pipeline; things to write come from stdin.
add_executable(sink_drive oracle/sink_drive.c oracle/sink_model.c)
target_link_libraries(sink_drive PRIVATE sinks base)
target_sources(redis_sink_test PRIVATE oracle/sink_model.c)
