/* log.c - see log.h. */
#include "courier/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "courier/clock.h"

void log_open(void) { openlog("rectify-courier", LOG_PID | LOG_NDELAY, LOG_DAEMON); }

static void defuse(char *line) {
  for (char *at = line; *at != '\0'; at++)
    if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = '?';
}

static const char *level_name(int level) {
  if (level <= LOG_ERR) return "err";
  return level == LOG_WARNING ? "warning" : "info";
}

void log_line(int level, const char *format, ...) {
  char line[2048], when[32];
  struct tm utc;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  defuse(line);
  syslog(level, "%s", line);
  const int64_t now = clock_wall_msec();
  const time_t seconds = now / 1000;
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
  fprintf(stderr, "%s.%03dZ rectify-courier %s: %s\n", when, (int)(now % 1000), level_name(level), line);
}
