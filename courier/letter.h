/* letter.h - notices to the texts of one letter.  Callers: post.c, main.c, tests. */
#ifndef RECTIFY_COURIER_LETTER_H
#define RECTIFY_COURIER_LETTER_H

#include "courier/template.h"
#include "rectify/v1/rectify.pb-c.h"

struct letter {
  struct buffer subject, text, html; /* html is empty when it would be too long */
};

/* Renders `count` notices, 1..PLAN_LETTER_MAX, of one officer: one by its kind's template, more as a digest.  What is in *letter
 * is replaced; letter_free() frees it. */
void letter_render(const struct template_set *set, enum language language, const struct zone *zone, usec_t now,
                   const Rectify__V1__NoticeRow *const *rows, uint32_t count, struct letter *letter);
void letter_free(struct letter *letter);

#endif
