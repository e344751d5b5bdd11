# Writes a C file that contains the files of a folder, as they are and compressed: the page.
#   cmake -D FOLDER=page -D OUT=http_files_embedded.c -D GZIP=/usr/bin/gzip -P embed-files.cmake
# The same files give the same bytes. Lines of scripts that are only a comment are left out.
cmake_policy(VERSION 3.25)
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_json "application/json")

function(bytes_of file ret_text ret_size)
    file(READ ${file} hex HEX)
    string(LENGTH "${hex}" digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," text "${hex}")
    set(${ret_text} "${text}" PARENT_SCOPE)
    set(${ret_size} ${size} PARENT_SCOPE)
endfunction()

set(arrays "")
set(rows "")
set(number 0)
file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT names)
foreach(name IN LISTS names)
    string(REGEX REPLACE ".*\\." "" ending ${name})
    if(NOT DEFINED type_${ending})
        message(FATAL_ERROR "${FOLDER}/${name}: no type for this ending in embed-files.cmake")
    endif()
    if(ending STREQUAL js)
        execute_process(COMMAND sed "/^ *\\/\\//d" ${FOLDER}/${name}
            OUTPUT_FILE ${OUT}.plain COMMAND_ERROR_IS_FATAL ANY)
    else()
        file(COPY_FILE ${FOLDER}/${name} ${OUT}.plain)
    endif()
    execute_process(COMMAND ${GZIP} -9 -n -c ${OUT}.plain
        OUTPUT_FILE ${OUT}.gz COMMAND_ERROR_IS_FATAL ANY)
    file(SHA256 ${OUT}.plain hash)
    bytes_of(${OUT}.plain plain plain_size)
    bytes_of(${OUT}.gz gzip gzip_size)
    string(APPEND arrays
        "static const unsigned char plain_${number}[] = {\n${plain}};\n"
        "static const unsigned char gzip_${number}[] = {\n${gzip}};\n")
    string(APPEND rows "    {\"${name}\", \"${type_${ending}}\", \"${hash}\",\n"
        "     {(const char *)plain_${number}, ${plain_size}},\n"
        "     {(const char *)gzip_${number}, ${gzip_size}}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(REMOVE ${OUT}.gz ${OUT}.plain)
file(WRITE ${OUT} "// Written by conf/embed-files.cmake.\n"
    "#include \"sinks/http/http_files.h\"\n\n${arrays}\n"
    "const struct http_file http_files_embedded[] = {\n${rows}    {0},\n};\n")
