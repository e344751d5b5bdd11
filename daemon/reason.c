#include "daemon/reason.h"

#include <errno.h>
#include <sysexits.h>

int
reason_exit_code(int reason, int otherwise)
{
    switch (reason) {
    case EACCES:
    case EPERM:
        return EX_NOPERM;
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return EX_OSERR;
    default:
        return otherwise;
    }
}

const char *
reason_advice(int reason)
{
    switch (reason) {
    case EACCES:
    case EPERM:
        return "start cascaded as the user that owns the directory, or change its "
               "owner";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files (LimitNOFILE=, ulimit -n)";
    case ENOMEM:
        return "give the process more memory (MemoryMax=, LimitAS=, ulimit -v)";
    case EAGAIN:
        return "raise the limit of processes (TasksMax=, LimitNPROC=, ulimit -u)";
    case ENOSPC:
    case EDQUOT:
        return "free space on the disk";
    case EROFS:
        return "mount the file system writable";
    default:
        return "check the directory and its disk";
    }
}
