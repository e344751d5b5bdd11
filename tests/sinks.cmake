# sink_drive: the Redis sink and webhooks without a pipeline; things to write come from stdin.
add_executable(sink_drive oracle/sink_drive.c oracle/sink_model.c
    ${PROJECT_SOURCE_DIR}/daemon/deliver.c ${PROJECT_SOURCE_DIR}/daemon/alert_out.c
    ${PROJECT_SOURCE_DIR}/daemon/webhook_options.c ${PROJECT_SOURCE_DIR}/daemon/clock.c)
target_link_libraries(sink_drive PRIVATE ingest sinks base)
target_sources(redis_sink_test PRIVATE oracle/sink_model.c)
