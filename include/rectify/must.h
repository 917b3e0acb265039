/* must.h - live assertions: a bug ends the program in every build, with the place and the condition.
 *
 * Only for what cannot happen unless this program is wrong; faults of disk, network and peers are return values, and what
 * the rules forbid is a refusal.
 */
#ifndef RECTIFY_MUST_H
#define RECTIFY_MUST_H

_Noreturn void must_fail(const char *condition, const char *file, int line);

#define must(condition) ((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__))

#endif
