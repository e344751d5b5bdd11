# The rules for mentions and hashtags against other people's cases, where these are at hand.
add_executable(text_dump oracle/text_dump.c)
target_link_libraries(text_dump PRIVATE ingest base)
