// Small systems of linear equations.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LINEAR_MAX = 8 };

// Solves matrix x = vector in place, for a matrix (by rows) that is symmetric and
// positive definite: vector becomes x, matrix is overwritten. False if its rows are
// linearly dependent. size: at most LINEAR_MAX.
bool linear_solve(double *matrix, double *vector, size_t size);
