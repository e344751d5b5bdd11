# ctl/ is a program, not a library: its tests take in the files they test.
target_sources(cell_test PRIVATE ${PROJECT_SOURCE_DIR}/ctl/cell.c)
target_sources(client_test PRIVATE ${PROJECT_SOURCE_DIR}/ctl/client.c)
target_link_libraries(client_test PRIVATE PkgConfig::HIREDIS)
