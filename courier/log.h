/* log.h - the courier's log: syslog and stderr, one line an event: "courier.event key=value ...".  err: somebody must act;
 * warning: degraded and going on; info: the life of the courier.  Control characters become '?'. */
#ifndef RECTIFY_COURIER_LOG_H
#define RECTIFY_COURIER_LOG_H

#include <stdbool.h>
#include <syslog.h>

void log_open(void);
void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)

#endif
