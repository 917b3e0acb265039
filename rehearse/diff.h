/* diff.h - in what two policies differ, in the words of the domain, and what that changes for findings.  Pure: no I/O. */
#ifndef RECTIFY_REHEARSE_DIFF_H
#define RECTIFY_REHEARSE_DIFF_H

#include "rehearse/longest.h"

/* Called for each difference: what it is about ("track supervision, limit of rectify"), and the value in either; "none"
 * where one of them has no such thing.  Texts are borrowed for the call. */
typedef void difference_fn(void *context, const char *what, const char *before, const char *after);

/* Calls `each` for every difference, in the order of a policy file, and returns how many there were.  The files' tests and
 * comments do not count. */
uint32_t policy_diff(const struct policy *before, const struct policy *after, difference_fn *each, void *context);

/* What happens to a plain finding (no code, category or words; never found before) of a kind and severity. */
struct treatment {
  uint16_t route;     /* 0: none matches, it waits for the office */
  uint8_t track;
  struct span due;    /* limit of rectify */
};
void policy_treatment(const struct policy *policy, uint32_t kind, uint32_t severity, struct treatment *out);

#endif
