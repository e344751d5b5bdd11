# Writes a C file that contains the completions of cascadectl for each shell.
#   cmake -D FOLDER=conf/completions -D OUT=completion_scripts.c -P embed-completions.cmake
cmake_policy(VERSION 3.25)
set(arrays "")
set(rows "")
foreach(shell bash zsh fish)
    file(READ ${FOLDER}/cascadectl.${shell} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," text "${hex}")
    string(APPEND arrays "static const unsigned char text_${shell}[] = {\n${text}};\n")
    string(APPEND rows
        "    {\"${shell}\", {(const char *)text_${shell}, sizeof(text_${shell})}},\n")
endforeach()
file(WRITE ${OUT} "// Written by conf/embed-completions.cmake.\n"
    "#include \"ctl/completion.h\"\n\n${arrays}\n"
    "const struct completion_script completion_scripts[] = {\n${rows}"
    "    {0},\n};\n")
