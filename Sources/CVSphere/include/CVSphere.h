#pragma once

#include <stddef.h>

// The text of types.txt, which generate-types writes and explains.
const unsigned char *vsphere_types(void);
size_t vsphere_types_length(void);
