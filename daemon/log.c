#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void log_line(int level, const char *format, ...) {
  if (level > level_wanted) return;
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  defuse(line);
  syslog(level, "%s", line);
  if (to_stderr) fprintf(stderr, "rectifyd %s: %s\n", level_name(level), line);
}
