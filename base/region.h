// A region: address space that is reserved once and takes memory only where it is
// touched.
//
// Containers reserve their whole capacity as one region, so that they never call malloc
// later and take only the memory in use. Fresh regions read as zero.
#pragma once

#include <stddef.h>

// Reserves `size` bytes (rounded up to pages), aligned to a page. NULL when size is 0
// or the system refuses.
void *region_reserve(size_t size);
// The same for two parts, the first of them `first` bytes long: as long as the second
// is not touched, it takes no memory.
void *region_reserve_two(size_t size, size_t first);
// The same for bytes that are used in parts, each of them wholly: small pages until
// region_use is called for a part.
void *region_reserve_parts(size_t size);
// All of these bytes will be used, at random, and have not been used yet: huge pages,
// where whole ones fit, avoid page faults and TLB misses.
void region_use(void *bytes, size_t size);

// The whole pages within these bytes of a region read as zero again and take no memory;
// bytes on a page that is only partly included keep their values.
void region_clean(void *bytes, size_t size);

// Frees what region_reserve(size) returned. Accepts NULL.
void region_release(void *region, size_t size);
