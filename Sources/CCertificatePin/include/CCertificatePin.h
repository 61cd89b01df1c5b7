#pragma once

// Has a handle of curl's trust one certificate only, whoever issued it to whatever name.
//
// The pin is the length of a digest, 20 (SHA-1) or 32 (SHA-256), and the digest; it must live as
// long as the handle. 0 where this curl can't do it.
int certificate_pin_set(void *easy, const unsigned char *pin);
