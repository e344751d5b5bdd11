// The libraries that the program uses, and their versions: for --version, whose output
// belongs into every report of a fault.
#pragma once

#include <stdio.h>

// One line each, "name version". Of hiredis, simdjson and wslay it is the version at
// compile time, of the others the one that is loaded.
void libraries_print(FILE *out);
