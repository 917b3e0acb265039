#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/clock.h"

static bool to_stderr;
static int level_wanted = LOG_INFO;

void log_open(bool foreground, int level_max) {
  to_stderr = foreground;
  level_wanted = level_max;
  openlog("rectifyd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

/* One event is one line: control characters become '?', so that nothing from outside can forge a second one. */
static void defuse(char *line) {
  for (char *at = line; *at != '\0'; at++) {
    if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = '?';
  }
}

static const char *level_name(int level) {
  if (level <= LOG_ERR) return "err";
  return level == LOG_WARNING ? "warning" : "info";
}

/* syslog notes the time itself; who reads stderr needs it in the line.  Real time, also where the domain's clock is manual. */
static void put_line(int level, const char *line) {
  char when[32];
  struct tm utc;
  const usec_t now = clock_system();
  const time_t seconds = now / USEC_PER_SECOND;
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
  fprintf(stderr, "%s.%03dZ rectifyd %s: %s\n", when, (int)(now % USEC_PER_SECOND / 1000), level_name(level), line);
}

void log_line(int level, const char *format, ...) {
  if (level > level_wanted) return;
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  defuse(line);
  syslog(level, "%s", line);
  if (to_stderr) put_line(level, line);
}
