/* curve.c - key pairs of CURVE, by which the daemon knows its clients. */
#include "client/curve.h"

#include <zmq.h>

bool curve_new(char public_key[CURVE_KEY_BYTES], char secret_key[CURVE_KEY_BYTES]) {
  return zmq_curve_keypair(public_key, secret_key) == 0;
}

bool curve_public_of(const char *secret_key, char public_key[CURVE_KEY_BYTES]) {
  return zmq_curve_public(public_key, secret_key) == 0;
}
