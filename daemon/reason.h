// What an errno of the state directory means for the exit code, and what to do.
#pragma once

// EX_NOPERM if a right is missing, EX_OSERR if the system has no memory, process or
// descriptor left, else `otherwise`.
int reason_exit_code(int reason, int otherwise);

// What may help, as the end of a sentence.
const char *reason_advice(int reason);
