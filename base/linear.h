// Small systems of linear equations.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LINEAR_MOST = 8 };

// Solves matrix x = vector in place, for a matrix (by rows) that is symmetric and
// positive: vector becomes x, matrix is used up. False if its rows depend on one
// another. size: at most LINEAR_MOST.
bool linear_solve(double *matrix, double *vector, size_t size);
