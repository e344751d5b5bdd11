# The rules for mentions and hashtags against other people's cases, where these are at hand.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

add_executable(text_dump oracle/text_dump.c)
target_link_libraries(text_dump PRIVATE ingest base)

add_test(NAME twitter_text
    COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/system/twitter_text.py
        $<TARGET_FILE:text_dump>)
set_tests_properties(twitter_text PROPERTIES SKIP_RETURN_CODE 77)
