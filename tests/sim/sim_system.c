/* sim_system.c - the clock, random numbers, the disk's calls of the spool, the log and the end of a process, as the linker puts
 * them in the place of the system's (see the Makefile, SIM_WRAPS). */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "client/spool_file.h"
#include "daemon/batch.h"
#include "daemon/log.h"
#include "document/document.h"
#include "tests/sim/sim.h"

/* ---- time ---- */

usec_t sim_born = SIM_BORN;
#define BOOTED (1000 * SECOND) /* before the run */

int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out) {
  usec_t now = sim.now + BOOTED;
  if (id == CLOCK_REALTIME) now = sim_born + sim.now + (sim.process != NULL ? sim.process->skew : 0);
  out->tv_sec = now / SECOND;
  out->tv_nsec = now % SECOND * 1000;
  return 0;
}

static uint64_t random_calls;
ssize_t __wrap_getrandom(void *out, size_t length, unsigned flags);
ssize_t __wrap_getrandom(void *out, size_t length, unsigned flags) {
  uint8_t *at = out;
  (void)flags;
  random_calls++;
  for (size_t i = 0; i < length; i++) at[i] = (uint8_t)dice_below(DICE_RANDOM, 256);
  return (ssize_t)length;
}

/* ---- zones: the system's files say the same each time, and reading them takes 20 ms ---- */

#define ZONES_KEPT 8
bool __real_zone_load(const char *name, struct zone *out);
bool __wrap_zone_load(const char *name, struct zone *out);
bool __wrap_zone_load(const char *name, struct zone *out) {
  static struct {
    char name[64];
    struct zone zone;
  } kept[ZONES_KEPT];
  static uint32_t count;
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(kept[i].name, name) == 0) {
      *out = kept[i].zone;
      return true;
    }
  if (!__real_zone_load(name, out)) return false;
  if (count < ZONES_KEPT && strlen(name) < sizeof kept[0].name) {
    memcpy(kept[count].name, name, strlen(name) + 1);
    kept[count++].zone = *out;
  }
  return true;
}

/* ---- policies: each takeover reads all that were published, and there are few ---- */

#define POLICIES_KEPT 32
typedef struct policy *parse_fn(const char *file_name, const char *text, size_t length, struct document_report *report);
parse_fn __real_policy_parse, __real_policy_parse_stored, __wrap_policy_parse, __wrap_policy_parse_stored;

/* A policy has no pointers. */
static struct policy *parse_once(parse_fn *parse, const char *file_name, const char *text, size_t length, struct document_report *report) {
  static struct {
    parse_fn *parse;
    char *text;
    size_t length;
    struct policy policy;
  } kept[POLICIES_KEPT];
  static uint32_t count;
  struct policy *policy = NULL;
  for (uint32_t i = 0; i < count && policy == NULL; i++) {
    if (kept[i].parse != parse || kept[i].length != length || memcmp(kept[i].text, text, length) != 0) continue;
    policy = malloc(sizeof *policy);
    must(policy != NULL);
    *policy = kept[i].policy;
  }
  if (policy != NULL) return policy;
  policy = parse(file_name, text, length, report);
  if (policy == NULL || count == POLICIES_KEPT) return policy;
  kept[count].parse = parse;
  kept[count].text = malloc(length);
  must(kept[count].text != NULL);
  memcpy(kept[count].text, text, kept[count].length = length);
  kept[count++].policy = *policy;
  return policy;
}

struct policy *__wrap_policy_parse(const char *file_name, const char *text, size_t length, struct document_report *report) {
  return parse_once(__real_policy_parse, file_name, text, length, report);
}

struct policy *__wrap_policy_parse_stored(const char *file_name, const char *text, size_t length, struct document_report *report) {
  return parse_once(__real_policy_parse_stored, file_name, text, length, report);
}

/* ---- the end of a process ---- */

jmp_buf *system_exit;

_Noreturn void __wrap__exit(int code);
_Noreturn void __wrap_exit(int code);
_Noreturn void __real_exit(int code);

_Noreturn void __wrap_exit(int code) {
  if (system_exit == NULL) __real_exit(code);
  longjmp(*system_exit, code == 0 ? 256 : code);
}

_Noreturn void __wrap__exit(int code) { __wrap_exit(code); }

/* ---- the log ---- */

void log_open(bool foreground, int level_max) { (void)foreground, (void)level_max; }

void log_line(int level, const char *format, ...) {
  char text[600];
  if (!sim.trace) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const uint32_t number = sim.process != NULL ? sim.process->number : 99;
  const bool courier = number >= SIM_DAEMONS + SIM_PEOPLE;
  sim_tell("  %s %u%s: %s", courier ? "courier" : "daemon", courier ? number - SIM_DAEMONS - SIM_PEOPLE : number, level <= LOG_ERR ? " ERROR" : "", text);
}

/* ---- disks: what is written is there for others, and durable once it is synced ---- */

#define FILES_MAX 64
struct file {
  ino_t inode;
  uint32_t person;
  char path[128];
  off_t synced; /* so much survives */
  bool dirty;
};
static struct file files[FILES_MAX];
static uint32_t file_count;

static bool dead(void) { return sim.process == NULL || !sim.process->alive; }

/* kill -9 in this very call, now and then. */
static bool dies(void) {
  sim.writes++;
  if (dead()) return true;
  if (!dice_percent(DICE_DISK, sim.disk_dies)) return false;
  sim_tell("client %u dies while it writes", sim.process->number);
  sim.process->alive = false;
  return true;
}

static struct file *file_of(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return NULL;
  for (uint32_t i = 0; i < file_count; i++)
    if (files[i].inode == status.st_ino) return &files[i];
  return NULL;
}

static int disk_open(const char *path, int flags) {
  struct stat status;
  if (dead()) {
    errno = EIO;
    return -1;
  }
  int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 || fstat(fd, &status) != 0) return fd;
  struct file *file = file_of(fd);
  if (file == NULL && file_count < FILES_MAX) file = &files[file_count++];
  if (file == NULL) return fd;
  const bool again = file->inode == status.st_ino && (flags & O_TRUNC) == 0;
  *file = (struct file){status.st_ino, sim.process->number, "", again ? file->synced : status.st_size, again && file->dirty};
  snprintf(file->path, sizeof file->path, "%s", path);
  return fd;
}

static ssize_t disk_write(int fd, const void *data, size_t length, off_t at) {
  struct file *file = file_of(fd);
  const bool torn = dies();
  if (torn && sim.process == NULL) return -1;
  if (file != NULL && length > 0) file->dirty = true;
  if (torn) {
    if (file != NULL && length > 1) (void)!pwrite(fd, data, dice_below(DICE_DISK, (uint32_t)length), at);
    errno = EIO;
    return -1;
  }
  return pwrite(fd, data, length, at);
}

static int disk_sync(int fd) {
  struct stat status;
  if (dies()) {
    errno = EIO;
    return -1;
  }
  struct file *file = file_of(fd);
  if (file == NULL || fstat(fd, &status) != 0) return 0;
  file->synced = status.st_size;
  file->dirty = false;
  return 0;
}

static int disk_truncate(int fd, off_t length) {
  if (dead()) {
    errno = EIO;
    return -1;
  }
  struct file *file = file_of(fd);
  if (file != NULL && file->synced > length) file->synced = length;
  return ftruncate(fd, length);
}

static int disk_rename(const char *from, const char *to) {
  if (dies()) {
    errno = EIO;
    return -1;
  }
  for (uint32_t i = 0; i < file_count; i++) {
    if (strcmp(files[i].path, to) == 0) files[i] = files[--file_count];
    if (strcmp(files[i].path, from) == 0) snprintf(files[i].path, sizeof files[i].path, "%s", to);
  }
  return rename(from, to);
}

/* Of what was not synced any part may be there. */
void system_crash_disk(uint32_t person) {
  struct stat status;
  for (uint32_t i = 0; i < file_count; i++) {
    struct file *file = &files[i];
    if (file->person != person || !file->dirty || stat(file->path, &status) != 0 || status.st_size <= file->synced) continue;
    const uint32_t loose = (uint32_t)(status.st_size - file->synced);
    (void)!truncate(file->path, file->synced + (off_t)dice_below(DICE_DISK, loose + 1));
    file->dirty = false;
  }
}

/* What daemon/batch.c keeps of random bytes is used up, so that a run does not depend on the one before. */
void system_clear(void) {
  struct uuid key;
  for (const uint64_t calls = random_calls; calls == random_calls;) batch_random_key(&key);
  file_count = 0;
  spool_disk = (struct spool_disk){disk_open, disk_write, disk_sync, disk_truncate, disk_rename};
}
