/* bound.c - what the result of a look-back proves: draw.h.  In integers of any size, nothing is rounded. */
#include <openssl/bn.h>
#include <stdlib.h>

#include "client/command/draw.h"
#include "rectify/must.h"

/* A probability is at most 5 %. */
#define RARE_PERCENT 5

static BIGNUM *number(uint64_t value) {
  BIGNUM *out = BN_new();
  must(out != NULL && BN_set_word(out, value) == 1);
  return out;
}

static void multiply(BIGNUM *a, uint64_t by) { must(BN_mul_word(a, by) == 1); }

/* n over k; 0 where k > n. */
static BIGNUM *choose(uint64_t n, uint64_t k) {
  BIGNUM *out = number(k > n ? 0 : 1);
  for (uint64_t i = 0; i < k && k <= n; i++) {
    multiply(out, n - i);
    must(BN_div_word(out, i + 1) == 0); /* divides: it is a binomial at each step */
  }
  return out;
}

/* Whether part / whole <= 5 %; frees both. */
static bool is_rare(BIGNUM *part, BIGNUM *whole) {
  multiply(part, 100);
  multiply(whole, RARE_PERCENT);
  const bool rare = BN_cmp(part, whole) <= 0;
  BN_free(part);
  BN_free(whole);
  return rare;
}

static void add_product(BN_CTX *context, BIGNUM *sum, BIGNUM *a, BIGNUM *b) {
  must(BN_mul(a, a, b, context) == 1 && BN_add(sum, sum, a) == 1);
  BN_free(a);
  BN_free(b);
}

/* ---- one stratum ---- */

/* P(at most `bad` of `drawn` | `truly` bad ones among `size`) <= 5 %. */
static bool hypergeometric_is_rare(uint64_t size, uint64_t drawn, uint64_t truly, uint64_t bad) {
  BN_CTX *context = BN_CTX_new();
  BIGNUM *sum = number(0);
  must(context != NULL);
  for (uint64_t i = 0; i <= bad && i <= drawn; i++)
    if (i <= truly && drawn - i <= size - truly) add_product(context, sum, choose(truly, i), choose(size - truly, drawn - i));
  BN_CTX_free(context);
  return is_rare(sum, choose(size, drawn));
}

static uint64_t simple_bound(uint64_t size, uint64_t drawn, uint64_t bad) {
  uint64_t low = bad + 1, high = size + 1; /* the more are bad, the rarer it is that so few are seen */
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (hypergeometric_is_rare(size, drawn, middle, bad)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/* ---- several strata, none bad ---- */

/* Where one more bad case is the likeliest to stay unseen: with `placed` there, (left - drawn) / left. */
static size_t likeliest(const struct draw *draw, const uint64_t *placed) {
  size_t best = 0;
  uint64_t best_unseen = 0, best_left = 1;
  for (size_t i = 0; i < draw->stratum_count; i++) {
    const struct draw_stratum *stratum = &draw->strata[i];
    const uint64_t left = stratum->size - placed[i], unseen = left > stratum->drawn ? left - stratum->drawn : 0;
    if (left == 0 || unseen * best_left <= best_unseen * left) continue;
    best = i;
    best_unseen = unseen;
    best_left = left;
  }
  return best;
}

/* A stratum's chance to show none falls faster with each bad case in it, so that placing them one by one where it falls least is
 * the worst spread. */
static uint64_t worst_spread(const struct draw *draw) {
  uint64_t *placed = calloc(draw->stratum_count + 1, sizeof *placed), count = 0;
  BIGNUM *part = number(1), *whole = number(1);
  bool rare = false;
  must(placed != NULL);
  while (!rare && count < draw->case_count) {
    const size_t at = likeliest(draw, placed);
    const uint64_t left = draw->strata[at].size - placed[at];
    multiply(part, left > draw->strata[at].drawn ? left - draw->strata[at].drawn : 0);
    multiply(whole, left > 0 ? left : 1);
    placed[at]++;
    count++;
    rare = is_rare(BN_dup(part), BN_dup(whole));
  }
  BN_free(part);
  BN_free(whole);
  free(placed);
  return rare ? count : draw->case_count + 1;
}

/* ---- several strata, some bad ---- */

static BIGNUM *power(BN_CTX *context, uint64_t base, uint64_t exponent) {
  BIGNUM *a = number(base), *b = number(exponent), *out = BN_new();
  must(out != NULL && BN_exp(out, a, b, context) == 1);
  BN_free(a);
  BN_free(b);
  return out;
}

/* P(at most `bad`) of a binomial with `truly` trials at drawn / size.  Each term comes from the one before; both divisions leave
 * no rest. */
static bool binomial_is_rare(uint64_t size, uint64_t drawn, uint64_t truly, uint64_t bad) {
  if (drawn >= size) return truly > bad; /* all were looked at */
  BN_CTX *context = BN_CTX_new();
  must(context != NULL);
  BIGNUM *sum = number(0), *term = power(context, size - drawn, truly), *whole = power(context, size, truly);
  for (uint64_t i = 0; i <= bad && i <= truly; i++) {
    must(BN_add(sum, sum, term) == 1);
    multiply(term, truly - i);
    multiply(term, drawn);
    must(BN_div_word(term, i + 1) == 0 && BN_div_word(term, size - drawn) == 0);
  }
  BN_free(term);
  BN_CTX_free(context);
  return is_rare(sum, whole);
}

/* What is seen of a spread is a sum of independent chances (a hypergeometric number is one), whose mean is at least `truly` times
 * the lowest rate; below that mean by one, the binomial is at least as likely (Hoeffding 1956). */
static uint64_t binomial_bound(const struct draw *draw, uint64_t bad) {
  const struct draw_stratum *least = &draw->strata[0];
  for (size_t i = 1; i < draw->stratum_count; i++)
    if ((uint64_t)draw->strata[i].drawn * least->size < (uint64_t)least->drawn * draw->strata[i].size) least = &draw->strata[i];
  if (least->drawn == 0) return draw->case_count + 1;
  uint64_t low = ((bad + 1) * least->size + least->drawn - 1) / least->drawn, high = draw->case_count + 1;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (binomial_is_rare(least->size, least->drawn, middle, bad)) high = middle;
    else low = middle + 1;
  }
  return high < low ? high : low;
}

uint64_t draw_bound(const struct draw *draw, uint64_t bad, bool *conservative) {
  *conservative = draw->stratum_count > 1 && bad > 0;
  if (draw->stratum_count == 0) return 1;
  if (draw->stratum_count == 1) return simple_bound(draw->strata[0].size, draw->strata[0].drawn, bad);
  return bad == 0 ? worst_spread(draw) : binomial_bound(draw, bad);
}
