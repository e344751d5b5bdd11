// What `cascadectl --help` prints. The documentation and the completions are generated
// from it (conf/help_text.py).
#pragma once

extern const char usage_commands[];
extern const char usage_options[];
