// A region: address space asked of the system once and backed by memory only where
// touched.
//
// Containers reserve their whole capacity as one region, so that they never call malloc
// later and cost only what is in use. Fresh regions read as zero.
#pragma once

#include <stddef.h>

// Reserves `size` bytes (rounded up to pages), aligned to a page. NULL when size is 0
// or the system refuses.
void *region_reserve(size_t size);
// The same for bytes that are used in parts, each of them wholly: in small pages until
// region_use names a part.
void *region_reserve_parts(size_t size);
// All of these bytes will be used, at random, and have not been yet: huge pages, as far
// as whole ones fit in, save faults and misses of the address translation.
void region_use(void *bytes, size_t size);

// The whole pages within these bytes of a region read as zero again and cost nothing;
// bytes on a page that is only partly meant keep their values.
void region_clean(void *bytes, size_t size);

// Gives back what region_reserve(size) answered. Accepts NULL.
void region_release(void *region, size_t size);
