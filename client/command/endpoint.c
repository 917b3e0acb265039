/* endpoint.c - where the daemon is when neither --endpoint nor RECTIFY_ENDPOINT says: the socket of the user's own
 * daemon when it is there, else the system's. */
#include <stdlib.h>
#include <unistd.h>

#include "client/command/command.h"

#define SYSTEM_ENDPOINT "ipc:///var/lib/rectify/rectifyd.sock"

void endpoint_default(char out[ENDPOINT_BYTES_MAX]) {
  const char *said = getenv("RECTIFY_ENDPOINT");
  const char *home = getenv("HOME");
  if (said != NULL && said[0] != '\0') {
    (void)snprintf(out, ENDPOINT_BYTES_MAX, "%s", said);
    return;
  }
  if (home != NULL && home[0] == '/') {
    int length = snprintf(out, ENDPOINT_BYTES_MAX, "ipc://%s/.local/state/rectify/rectifyd.sock", home);
    if (length > 0 && length < ENDPOINT_BYTES_MAX && access(out + sizeof "ipc://" - 1, F_OK) == 0) return;
  }
  (void)snprintf(out, ENDPOINT_BYTES_MAX, "%s", SYSTEM_ENDPOINT);
}
