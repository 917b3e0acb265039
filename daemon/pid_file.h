/* pid_file.h - the file with the active daemon's process id.
 *
 * Who holds its lock has written it.  A standby opens the file, leaves it alone, and takes it over with the rest.
 */
#ifndef RECTIFY_PID_FILE_H
#define RECTIFY_PID_FILE_H

/* Opens `path` ("": there is to be none), while the process may still write where it lies, and writes it unless another
 * daemon holds it.  Returns 0, or -1 with errno. */
int pid_file_open(const char *path);
/* Writes it, once whoever held it has gone; nothing when it is ours already.  Returns 0, or -1 with errno. */
int pid_file_take(void);
/* Removes it, if it is ours. */
void pid_file_remove(void);

#endif
