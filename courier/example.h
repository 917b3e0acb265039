/* example.h - an invented notice of each kind, to look at templates and to test them. */
#ifndef RECTIFY_COURIER_EXAMPLE_H
#define RECTIFY_COURIER_EXAMPLE_H

#include "courier/letter.h"

/* Renders the example of `kind` (a name of notice.def, or "digest") at 2026-03-02 in Shanghai.  False: no such kind. */
bool example_render(const struct template_set *set, const char *kind, enum language language, struct letter *letter);

#endif
