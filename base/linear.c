#include "base/linear.h"

#include <math.h>

#define SINGULAR 1e-10 // least ratio of a pivot to its initial value

bool
linear_solve(double *matrix, double *vector, size_t size)
{
    double before[LINEAR_MAX];
    for (size_t k = 0; k < size; k++) {
        before[k] = matrix[k * size + k];
    }
    for (size_t k = 0; k < size; k++) {
        double pivot = matrix[k * size + k];
        if (!(pivot > SINGULAR * before[k]) || !isfinite(pivot)) {
            return false;
        }
        for (size_t i = k + 1; i < size; i++) {
            double part = matrix[i * size + k] / pivot;
            for (size_t j = k; j < size; j++) {
                matrix[i * size + j] -= part * matrix[k * size + j];
            }
            vector[i] -= part * vector[k];
        }
    }
    for (size_t k = size; k-- > 0;) {
        for (size_t j = k + 1; j < size; j++) {
            vector[k] -= matrix[k * size + j] * vector[j];
        }
        vector[k] /= matrix[k * size + k];
    }
    return true;
}
