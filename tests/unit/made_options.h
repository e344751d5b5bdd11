// Options for tests, as text.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/option.h"

// "min_size=3 levels=1,3": sets options of the table in base; no blanks in values.
static inline void
made_options(const struct option *rows, void *base, const char *text)
{
    char copy[1024];
    snprintf(copy, sizeof(copy), "%s", text);
    char *rest = copy;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        char *equals = strchr(word, '=');
        assert_non_null(equals);
        *equals = '\0';
        const struct option *row = option_find(rows, slice_of(word));
        assert_non_null(row);
        assert_int_equal(option_set(row, base, slice_of(equals + 1), NULL), STATUS_OK);
    }
}
