// The form in which handles are compared.
//
// Almost all handles are ASCII: they are compared in lower case. For others the caller
// of the pipeline gives a function (pipeline_fold_handles); without it, and if the form
// is longer than HANDLE_FORM_MAX, only letters of ASCII compare without case.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "pipeline/post.h"

enum { HANDLE_FORM_MAX = POST_NAME_MAX }; // bytes

// The result may be in the arena.
typedef struct slice (*handle_form_fn)(struct arena *arena, struct slice handle);

struct handle_form {
    handle_form_fn fold; // NULL: none
    struct arena arena;  // scratch space
};

void handle_form_init(struct handle_form *form);
void handle_form_fini(struct handle_form *form);

// Writes the form of the handle, which has at most HANDLE_FORM_MAX bytes, to `text`,
// which has room for as many. Returns its length.
size_t handle_form_put(struct handle_form *form, struct slice handle, char *text);

// True if both are one handle.
bool handle_form_same(struct handle_form *form, struct slice a, struct slice b);
