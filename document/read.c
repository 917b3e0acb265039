/* read.c - a whole file into memory, bounded. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "document/document.h"

/* Reads until the end or until `room` bytes are there; -1 with errno set. */
static ssize_t read_all(int file, char *out, size_t room) {
  size_t used = 0;
  while (used < room) {
    ssize_t got = read(file, out + used, room - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    used += (size_t)got;
  }
  return (ssize_t)used;
}

/* One byte more than allowed tells a file that is too large. */
char *document_read(const char *path, size_t bytes_max, size_t *length) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0) return NULL;
  char *text = malloc(bytes_max + 1);
  ssize_t got = text != NULL ? read_all(file, text, bytes_max + 1) : -1;
  int error = got > (ssize_t)bytes_max ? EFBIG : errno;
  close(file);
  if (got < 0 || got > (ssize_t)bytes_max) {
    free(text);
    errno = error;
    return NULL;
  }
  *length = (size_t)got;
  text[*length] = '\0';
  return text;
}
