/* must.c - where a bug ends: one line to stderr by write(2), then abort(), so that a core file and the supervisor see
 * it.  The one place in core that touches the outside. */
#include "rectify/must.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char *text) {
  ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
  (void)ignored;
}

_Noreturn void must_fail(const char *condition, const char *file, int line) {
  char digits[12];
  size_t at = sizeof digits - 1;
  digits[at] = '\0';
  do digits[--at] = (char)('0' + line % 10);
  while ((line /= 10) > 0 && at > 0);
  say("must failed: ");
  say(condition);
  say(" at ");
  say(file);
  say(":");
  say(digits + at);
  say("\n");
  abort();
}
