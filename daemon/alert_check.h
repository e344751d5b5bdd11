// Finds alert rules that can never fire with these sources and options.
//
// rules_check finds faults of a rule alone. This module finds faults that follow from
// the rest of the configuration: no source of the rule's networks, none with boosts,
// none that shows paths, a part of the program that is switched off. Sources whose
// network is not known beforehand, pushed posts, and a configuration without sources
// (for a replay) are assumed to contain everything.
#pragma once

#include "base/status.h"
#include "daemon/settings.h"

// STATUS_RANGE with error set if the rule can never fire.
enum status alert_check(const struct settings *settings, const struct rule *rule,
                        struct error *error) MUST_USE;
