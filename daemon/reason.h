// Maps an errno of the state directory to the exit code and to advice.
#pragma once

// EX_NOPERM if a permission is missing, EX_OSERR if the system has no memory, process
// or descriptor left, else `otherwise`.
int reason_exit_code(int reason, int otherwise);

// Advice, as the end of a sentence.
const char *reason_advice(int reason);
