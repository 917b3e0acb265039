/* digest.c - see digest.h. */
#include "sign/digest.h"

#include <openssl/evp.h>

#include "rectify/must.h"

/* The digest is fetched once: the one-shot call would look it up for every hash. */
void digest_sha256(const void *data, size_t length, uint8_t out[HASH_BYTES]) {
  static EVP_MD *digest;
  static EVP_MD_CTX *context;
  unsigned int written = 0;
  if (digest == NULL) {
    digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    context = EVP_MD_CTX_new();
  }
  must(digest != NULL && context != NULL && EVP_DigestInit_ex2(context, digest, NULL) == 1 &&
       EVP_DigestUpdate(context, data, length) == 1 && EVP_DigestFinal_ex(context, out, &written) == 1 &&
       written == HASH_BYTES);
}
