#include "CVSphere.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char types[] = {
#embed "types.txt"
};

const unsigned char *vsphere_types(void) { return types; }

size_t vsphere_types_length(void) { return sizeof types; }
