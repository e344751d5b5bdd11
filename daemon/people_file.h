// Reads the people whom a campaign knows already from a text file: one account a line.
//
//     # customers, exported in March
//     x:783214
//     @ann                        the handle of any network
//     "bsky:@ann.example",Ann     the first column of a CSV file
//
// - An account is an id with its network or [network:]@handle, in UTF-8 without white
//   space. A word without a network is taken as the id of a native post, and counted.
// - Columns are separated by comma, semicolon or tab. A quoted column may contain
//   them, doubled quotes and line ends. Only the first column is used. A quote that is
//   not closed within PEOPLE_FILE_LINE_MAX bytes, or before other characters, ends
//   with its line.
// - From '#' at the start, or after white space in an unquoted column, to the end of
//   the line is a comment. Ignored are empty lines, a byte order mark, CR before LF,
//   and an apostrophe before a handle, with which programs protect cells.
// - Other lines are counted as not understood; the first line of the file may be a
//   head. Longer lines than PEOPLE_FILE_LINE_MAX are used up to there.
// - The file may be compressed (file_input.h). It must be a regular file of at most
//   PEOPLE_FILE_BYTES_MAX, also decompressed.
//
// It is read in parts, so that a loop is not blocked: a million lines take up to half a
// second. Memory: that of the set, and four PEOPLE_FILE_LINE_MAX while reading.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "pipeline/campaigns/account.h"
#include "pipeline/campaigns/known_people.h"

enum { PEOPLE_FILE_LINE_MAX = 1 << 16, PEOPLE_FILE_BYTES_MAX = 1 << 29 };

struct people_file_counts {
    uint64_t lines;   // all
    uint64_t entries; // that name a person
    uint64_t without_network;
    uint64_t faults;      // not understood
    uint64_t first_fault; // line; 0: none
};

struct people_file;

// Refuses what is not a regular file that can be opened; STATUS_IO.
enum status people_file_check(const char *path, struct error *error) MUST_USE;

// Begins to read it. On failure, error has what is wrong, with the path. Keeps what
// needs points to.
enum status people_file_open(const char *path, struct account_needs needs,
                             struct people_file **ret_file,
                             struct error *error) MUST_USE;
void people_file_close(struct people_file **file);

// Reads up to so many lines more. STATUS_AGAIN: there are others. STATUS_IO: it cannot
// be read. STATUS_PARSE: it is no text, or damaged. STATUS_FULL: it has too many
// accounts or bytes.
enum status people_file_read(struct people_file *file, size_t records,
                             struct error *error) MUST_USE;

// The people that were read, who may be taken, and the counts.
struct known_people *people_file_people(struct people_file *file);
const struct people_file_counts *people_file_counts(const struct people_file *file);

// One line about what was read, before the people are taken: "customers.txt: 3 people;
// 1 of 9 lines not understood, …". Returns text.
enum { PEOPLE_FILE_TEXT_MAX = 1024 };
const char *people_file_describe(const struct people_file *file,
                                 char text[PEOPLE_FILE_TEXT_MAX]);
