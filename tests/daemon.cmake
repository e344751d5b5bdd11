# daemon/ is a program, not a library: its tests take in the files they test.
target_sources(state_test PRIVATE ${PROJECT_SOURCE_DIR}/daemon/state.c)
target_sources(config_text_test PRIVATE ${PROJECT_SOURCE_DIR}/daemon/config_text.c)
target_sources(gaps_test PRIVATE ${PROJECT_SOURCE_DIR}/daemon/gaps.c)
target_sources(webhook_options_test PRIVATE
    ${PROJECT_SOURCE_DIR}/daemon/webhook_options.c)
target_sources(lookup_answer_test PRIVATE
    ${PROJECT_SOURCE_DIR}/daemon/lookup_answer.c)
