/* point.c - which 32 bytes are a public key at all: note.h, curve.h.
 *
 * Ed25519 (RFC 8032) lets everything pass that decodes.  For a point of small order a signature can be made without any secret
 * that holds for many messages, and bytes beyond the field write a point in a second way, so that one key would be two.  With
 * a point of small order X25519 (RFC 7748) gives a secret that everybody knows: anybody could connect by such a key. */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/curve.h"
#include "sign/note.h"

#define PRIME "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed" /* 2^255 - 19 */
#define CURVE_D "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"

/* The y of the eight points of small order, little endian: 0, 1, -1 and the two of order 8. */
static const uint8_t small_orders[][NOTE_KEY_BYTES] = {
    {0},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

static bool is_small(const uint8_t y[NOTE_KEY_BYTES]) {
  for (size_t i = 0; i < sizeof small_orders / sizeof *small_orders; i++)
    if (memcmp(y, small_orders[i], NOTE_KEY_BYTES) == 0) return true;
  return false;
}

/* Whether y < p and some x of the field has -x^2 + y^2 = 1 + d x^2 y^2: x^2 = (y^2 - 1) / (d y^2 + 1), and a quotient is a
 * square exactly when the product is. */
static bool is_on_curve(const uint8_t bytes[NOTE_KEY_BYTES]) {
  BN_CTX *context = BN_CTX_new();
  BIGNUM *p = NULL, *d = NULL, *y = BN_lebin2bn(bytes, NOTE_KEY_BYTES, NULL), *u = BN_new(), *v = BN_new();
  must(context != NULL && y != NULL && u != NULL && v != NULL && BN_hex2bn(&p, PRIME) > 0 && BN_hex2bn(&d, CURVE_D) > 0);
  bool canonical = BN_cmp(y, p) < 0;
  must(BN_mod_sqr(u, y, p, context) == 1 && BN_mod_mul(v, u, d, p, context) == 1);
  must(BN_add_word(v, 1) == 1 && BN_sub_word(u, 1) == 1 && BN_mod_mul(u, u, v, p, context) == 1);
  const int square = BN_kronecker(u, p, context);
  BN_free(p), BN_free(d), BN_free(y), BN_free(u), BN_free(v);
  BN_CTX_free(context);
  return canonical && square >= 0;
}

bool public_key_is_sound(const uint8_t key[NOTE_KEY_BYTES]) {
  uint8_t y[NOTE_KEY_BYTES];
  memcpy(y, key, sizeof y);
  y[NOTE_KEY_BYTES - 1] &= 0x7f; /* the highest bit is the sign of x */
  return !is_small(y) && is_on_curve(y);
}

/* libcrypto refuses to derive the secret that all points of small order give. */
bool curve_is_sound(const uint8_t key[CURVE_KEY_BYTES]) {
  static const uint8_t any[CURVE_KEY_BYTES] = {1};
  uint8_t secret[CURVE_KEY_BYTES];
  size_t length = sizeof secret;
  EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, any, sizeof any);
  EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, key, CURVE_KEY_BYTES);
  EVP_PKEY_CTX *context = own == NULL ? NULL : EVP_PKEY_CTX_new(own, NULL);
  bool sound = theirs != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
               EVP_PKEY_derive_set_peer(context, theirs) == 1 && EVP_PKEY_derive(context, secret, &length) == 1;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(theirs);
  EVP_PKEY_free(own);
  return sound;
}
