// Decides whether the Host of a request is a name of this server.
//
// A web page can reach a server in the network of its reader by a name that its owner
// controls (DNS rebinding); its requests contain that name as their Host. Allowed are
// "localhost", the names of http.hosts and, because an address has no DNS record that
// could be changed, addresses: on loopback those of loopback, else any. Pure.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "base/status.h"
#include "sinks/http/http_options.h"

// host: "name" or "name:port", an IPv6 address in brackets.
bool http_host_is_own(const struct http_options *options, bool is_loopback,
                      struct slice host);
