/* cluster_driver.c - drives daemon/cluster.h and daemon/migrate.h from tests and scripts.
 *
 *   cluster_driver DATA_DIR [MIGRATION.sql ...]
 *
 * Drops root, starts or adopts the cluster, prints "ok CONNINFO" (of the superuser) or "fault TEXT", then obeys lines
 * of stdin, answering each with one line (newlines inside a fault are printed as "|"): check            -> "check
 * RESULT"          cluster_check() conninfo USER    -> "conninfo TEXT" migrate          -> "ok" or "fault TEXT"    the
 * files of the command line, or those compiled in verify [USER]    -> the same, of migrate_check() stop, leave      ->
 * "ok", and ends.  End of input leaves.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cluster.h"
#include "daemon/migrate.h"
#include "rectify/must.h"

#define FILES_MAX 16

static struct migration list[FILES_MAX];
static int list_count;
static char error[8192];

static void read_migration(int number, const char *path) {
  FILE *file = fopen(path, "r");
  must(file != NULL && number <= FILES_MAX);
  char *text = calloc(1, 65536);
  must(text != NULL);
  size_t length = fread(text, 1, 65535, file);
  fclose(file);
  const char *slash = strrchr(path, '/');
  list[number - 1] = (struct migration){number, slash != NULL ? slash + 1 : path, path, text, text + length};
  list_count = number;
}

static int answer(int result) {
  for (char *at = error; *at != '\0'; at++)
    if (*at == '\n') *at = '|';
  if (result == 0) puts("ok");
  else printf("fault %s\n", error);
  return result;
}

static void migrate(const char *conninfo) {
  answer(list_count > 0 ? migrate_run_list(conninfo, list, list_count, error, sizeof error)
                        : migrate_run(conninfo, error, sizeof error));
}

static void verify(const char *conninfo) {
  answer(list_count > 0 ? migrate_check_list(conninfo, list, list_count, error, sizeof error)
                        : migrate_check(conninfo, error, sizeof error));
}

/* Obeys one line; false when the cluster has been given back. */
static bool obey(struct cluster *cluster, char *line) {
  line[strcspn(line, "\n")] = '\0';
  char *argument = strchr(line, ' ');
  if (argument != NULL) *argument++ = '\0';
  const char *user = argument != NULL ? argument : CLUSTER_SUPERUSER;
  if (strcmp(line, "check") == 0) printf("check %d\n", cluster_check(cluster));
  else if (strcmp(line, "conninfo") == 0) printf("conninfo %s\n", cluster_conninfo(cluster, user));
  else if (strcmp(line, "migrate") == 0) migrate(cluster_conninfo(cluster, user));
  else if (strcmp(line, "verify") == 0) verify(cluster_conninfo(cluster, user));
  else {
    if (strcmp(line, "stop") == 0) cluster_stop(cluster);
    else cluster_leave(cluster);
    return answer(0) != 0;
  }
  return true;
}

int main(int argc, char **argv) {
  struct cluster *cluster;
  char line[256], leave[] = "leave";
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc < 2) return 64;
  for (int i = 2; i < argc; i++) read_migration(i - 1, argv[i]);
  if (cluster_drop_root(argv[1], error, sizeof error) != 0 ||
      cluster_start(argv[1], &cluster, error, sizeof error) != 0) {
    answer(-1);
    return 1;
  }
  printf("ok %s\n", cluster_conninfo(cluster, CLUSTER_SUPERUSER));
  while (fgets(line, sizeof line, stdin) != NULL)
    if (!obey(cluster, line)) return 0;
  obey(cluster, leave);
  return 0;
}
