/* posts.h - whether the people whom a policy counts on are there: a policy against a registry.  Pure: no I/O. */
#ifndef RECTIFY_REHEARSE_POSTS_H
#define RECTIFY_REHEARSE_POSTS_H

#include "rectify/registry.h"
#include "rehearse/gaps.h"

/* Adds what is missing on `day`: units that routes name and the registry does not know, units for which nobody answers or
 * nobody decides on accountability, recipients of ladders and routes who are nobody. */
void policy_posts(const struct policy *policy, const struct registry *registry, day_t day, struct gaps *gaps);

#endif
