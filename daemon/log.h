/* log.h - the daemon's log: syslog, and stderr in the foreground.  One line an event: "event.name key=value ...",
 * on stderr after the time (UTC), the program and the level.
 *
 * The log is not the audit trail.  err: somebody must act; warning: degraded and going on; info: the life of the daemon.
 * Values from outside are escaped (no control characters reach a terminal).  Never blocks on the network; syslog(3) may
 * block when the local receiver stalls.
 */
#ifndef RECTIFY_LOG_H
#define RECTIFY_LOG_H

#include <stdbool.h>
#include <syslog.h>

void log_open(bool foreground, int level_max);
void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)

#endif
