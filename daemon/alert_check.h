// Alert rules that can never fire with these sources and options.
//
// What a rule alone says wrong is found by rules_check; here is what follows from the
// rest of the configuration: no source of the networks it asks for, none that carries
// boosts, none that shows paths, an engine that is switched off. Sources whose network
// is not known beforehand, posts that are pushed, and a configuration without sources
// (for a replay) are taken to bring everything.
#pragma once

#include "base/status.h"
#include "daemon/settings.h"

// STATUS_RANGE with error set if the rule can never fire.
enum status alert_check(const struct settings *settings, const struct rule *rule,
                        struct error *error) MUST_USE;
