/* main.c - rectify-courier: carries notices from the daemon to people, by mail, chat, webhook or syslog.
 *
 *   rectify-courier run CONFIG              in the foreground until SIGTERM; SIGHUP reads all files again
 *   rectify-courier check CONFIG            reads all that CONFIG names, and says what is wrong
 *   rectify-courier render KIND [--zh|--en] [--html] [--config CONFIG]
 *                                           prints an example of a kind of notice, or of a `digest`
 *
 * Exit: 0 ended as asked, 64 usage, 71 the system refused, 78 a file is wrong.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "courier/clock.h"
#include "courier/deliver.h"
#include "courier/example.h"
#include "courier/log.h"
#include "courier/post.h"
#include "rectify/must.h"

#define EXIT_USAGE 64
#define EXIT_SYSTEM 71
#define EXIT_CONFIG 78
#define GRACE_MSEC 10000 /* for what is under way when the end is asked for */
#define TICK_MSEC 250    /* while a channel waits for its rate, or to be tried again */

static _Noreturn void usage(void) {
  fputs("usage: rectify-courier run CONFIG\n"
        "       rectify-courier check CONFIG\n"
        "       rectify-courier render KIND|digest [--zh|--en] [--html] [--config CONFIG]\n"
        "       rectify-courier help | version\n",
        stderr);
  exit(EXIT_USAGE);
}

static struct settings *load_or_end(const char *path) {
  char *errors = NULL;
  struct settings *settings = settings_load(path, &errors);
  if (settings == NULL) {
    fputs(errors != NULL ? errors : "out of memory\n", stderr);
    exit(EXIT_CONFIG);
  }
  free(errors);
  return settings;
}

/* ---- run ---- */

struct courier {
  const char *path;
  struct settings *settings;
  struct calendar *calendar;
  uint32_t calendar_version; /* that it was looked for in */
  struct wire wire;
  struct posting posting;
  struct delivering delivering;
  int signals;
  bool ending, reload; /* reload: as soon as nothing is under way */
  int64_t round_at, end_at; /* clock_forward_msec() */
};

static struct calendar *weekdays(void) {
  for (const struct document_embedded *one = document_embedded_calendars; one->file_name != NULL; one++) {
    struct document_report report = {0};
    struct calendar *calendar = calendar_parse(one->file_name, one->text, one->length, &report);
    document_report_free(&report);
    must(calendar != NULL);
    if (strcmp(calendar->name, "weekdays") == 0) return calendar;
    calendar_free(calendar);
  }
  must(false);
  return NULL;
}

static void set_calendar(struct courier *it, struct calendar *calendar) {
  if (calendar == NULL) return;
  if (it->calendar != NULL) calendar_free(it->calendar);
  it->calendar = calendar;
}

/* The published calendar that the settings name, when a newer one may be there. */
static void renew_calendar(struct courier *it, uint32_t version) {
  const char *name = it->settings->config.calendar;
  bool answered;
  if (version == it->calendar_version) return;
  if (name[0] == '\0') {
    it->calendar_version = version;
    return;
  }
  struct calendar *found = wire_calendar(&it->wire, name, &answered);
  if (!answered) return; /* the next round asks again */
  it->calendar_version = version;
  if (found != NULL) log_info("courier.calendar name=%s version=%u", name, version);
  else log_warning("courier.calendar_missing name=%s using=weekdays", name);
  set_calendar(it, found != NULL ? found : weekdays());
}

/* True: there is more to do at once. */
static bool round_of(struct courier *it) {
  uint32_t calendar_version;
  deliver_round(&it->delivering, it->settings);
  if (!wire_ping(&it->wire, &calendar_version)) return false;
  renew_calendar(it, calendar_version);
  const uint64_t nowhere = it->posting.nowhere;
  const int made = post_round(&it->posting, &it->wire, it->settings, it->calendar);
  if (made <= 0) return post_has_more(&it->posting, made);
  log_info("courier.posted letters=%d waiting=%u", made, it->posting.count);
  if (it->posting.nowhere > nowhere)
    log_warning("courier.nowhere letters=%llu all=%llu reason=\"no address in the contacts\"",
                (unsigned long long)(it->posting.nowhere - nowhere), (unsigned long long)it->posting.nowhere);
  return true;
}

/* What a channel has sent within the last minute counts on. */
static void take_over(struct courier *it, struct settings *next) {
  for (uint32_t i = 0; i < next->config.channel_count; i++) {
    const char *name = next->config.channels[i].name;
    const struct channel *old = settings_channel(it->settings, name, strlen(name));
    if (old != NULL && old->rate.per_minute == next->channels[i].rate.per_minute) next->channels[i].rate = old->rate;
  }
  settings_free(it->settings);
  it->settings = next;
  it->calendar_version = 0;
  wire_close(&it->wire);
  it->wire.config = &it->settings->config;
}

/* All files are judged before anything changes.  No worker is at work: zones are loaded by way of the environment. */
static void read_again(struct courier *it) {
  char *errors = NULL;
  struct settings *next = settings_load(it->path, &errors);
  it->reload = false;
  if (next == NULL) {
    log_err("courier.not_reloaded reason=\"%.1500s\"", errors != NULL ? errors : "out of memory");
  } else {
    take_over(it, next);
    log_info("courier.reloaded contacts=%u channels=%u", next->contacts.count, next->config.channel_count);
  }
  free(errors);
}

static void take_signals(struct courier *it) {
  struct signalfd_siginfo signal;
  while (read(it->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
    if (signal.ssi_signo == SIGHUP) it->reload = true;
    else if (!it->ending) {
      it->ending = true;
      it->end_at = clock_forward_msec() + GRACE_MSEC;
      log_info("courier.ending under_way=%u", it->delivering.under_way);
    }
  }
}

static bool is_hungry(const struct courier *it) {
  for (uint32_t i = 0; i < it->settings->config.channel_count; i++)
    if (it->settings->channels[i].hungry) return true;
  return false;
}

/* Who ends begins no round. */
static int64_t wait_msec(const struct courier *it, bool more, int64_t now) {
  int64_t wait = (it->ending ? it->end_at : it->round_at) - now;
  if (more || wait < 0) return 0;
  if ((is_hungry(it) || it->reload || it->ending || it->delivering.report_count > 0) && wait > TICK_MSEC) wait = TICK_MSEC;
  return wait;
}

static bool is_over(const struct courier *it, int64_t now) {
  if (!it->ending) return false;
  return now >= it->end_at || (it->delivering.under_way == 0 && it->delivering.report_count == 0);
}

static void loop(struct courier *it) {
  for (int64_t now; now = clock_forward_msec(), take_signals(it), !is_over(it, now);) {
    if (it->reload && it->delivering.under_way == 0) read_again(it);
    if (!it->ending && now >= it->round_at) {
      const bool again = round_of(it);
      it->round_at = clock_forward_msec() + (again ? 0 : it->settings->config.poll_seconds * INT64_C(1000));
    }
    const bool more = deliver_step(&it->delivering, &it->wire, it->settings, !it->ending && !it->reload);
    deliver_wait(&it->delivering, it->signals, (int)wait_msec(it, more, clock_forward_msec()));
  }
}

static int open_signals(void) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTERM);
  sigaddset(&mask, SIGINT);
  sigaddset(&mask, SIGHUP);
  (void)signal(SIGPIPE, SIG_IGN);
  if (sigprocmask(SIG_BLOCK, &mask, NULL) != 0) return -1;
  return signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* No core files, no debuggers.  Memory is not locked as a whole: letters are many, secrets few (settings.c locks those). */
static void guard_memory(void) {
  const struct rlimit none = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0);
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int run_run(int count, char **words) {
  static struct courier it;
  if (count != 1) usage();
  it.path = words[0];
  it.settings = load_or_end(it.path);
  it.wire.config = &it.settings->config;
  set_calendar(&it, weekdays());
  it.signals = open_signals();
  log_open();
  guard_memory();
  if (it.signals < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !deliver_open(&it.delivering)) {
    log_err("courier.no_start reason=\"%s\"", strerror(errno));
    return EXIT_SYSTEM;
  }
  log_info("courier.started officer=%s contacts=%u channels=%u", it.settings->config.officer, it.settings->contacts.count,
           it.settings->config.channel_count);
  loop(&it);
  log_info("courier.ended delivered=%llu failed=%llu refused=%llu letters=%llu", (unsigned long long)it.delivering.delivered,
           (unsigned long long)it.delivering.failed, (unsigned long long)it.delivering.refused,
           (unsigned long long)it.posting.letters);
  if (it.delivering.under_way > 0) return 0; /* their leases end by themselves */
  deliver_free(&it.delivering);
  post_free(&it.posting);
  wire_close(&it.wire);
  settings_free(it.settings);
  calendar_free(it.calendar);
  curl_global_cleanup();
  return 0;
}

/* ---- check ---- */

static int run_check(int count, char **words) {
  if (count != 1) usage();
  struct settings *settings = load_or_end(words[0]);
  printf("%s: %u channels, %u contacts, templates %s\n", words[0], settings->config.channel_count, settings->contacts.count,
         settings->config.templates[0] != '\0' ? settings->config.templates : "as delivered");
  settings_free(settings);
  return 0;
}

/* ---- render ---- */

static int run_render(int count, char **words) {
  const char *config = NULL;
  enum language language = LANGUAGE_ZH;
  bool html = false;
  if (count < 1) usage();
  for (int i = 1; i < count; i++) {
    if (strcmp(words[i], "--zh") == 0) language = LANGUAGE_ZH;
    else if (strcmp(words[i], "--en") == 0) language = LANGUAGE_EN;
    else if (strcmp(words[i], "--html") == 0) html = true;
    else if (strcmp(words[i], "--config") == 0 && i + 1 < count) config = words[++i];
    else usage();
  }
  struct settings *settings = config != NULL ? load_or_end(config) : NULL;
  char *errors = NULL;
  static struct template_set delivered;
  must(settings != NULL || templates_load("", &delivered, &errors));
  struct letter letter = {0};
  const bool known = example_render(settings != NULL ? &settings->templates : &delivered, words[0], language, &letter);
  if (!known) fprintf(stderr, "rectify-courier: '%s' is no kind of notice, nor `digest`\n", words[0]);
  else if (html) printf("%s", buffer_text(&letter.html));
  else printf("%s\n\n%s", buffer_text(&letter.subject), buffer_text(&letter.text));
  letter_free(&letter);
  settings_free(settings);
  free(errors);
  return known ? 0 : EXIT_USAGE;
}

static int run_help(int count, char **words) {
  (void)count;
  (void)words;
  puts("rectify-courier carries notices from rectifyd to people.\n\n"
       "  rectify-courier run CONFIG      in the foreground until SIGTERM; SIGHUP reads all files again\n"
       "  rectify-courier check CONFIG    reads all that CONFIG names, and says what is wrong\n"
       "  rectify-courier render KIND [--zh|--en] [--html] [--config CONFIG]\n"
       "                                  prints an example of a kind of notice, or of a `digest`\n"
       "  rectify-courier version\n\n"
       "Exit codes: 0 ended as asked, 64 usage, 71 the system refused, 78 a file is wrong.\n"
       "docs/COURIER.md has the files, the channels and the variables of templates.");
  return 0;
}

static int run_version(int count, char **words) {
  (void)count;
  (void)words;
  printf("rectify-courier 0.1.0, %s\n", curl_version());
  return 0;
}

static const struct {
  const char *name;
  int (*run)(int count, char **words);
} commands[] = {{"run", run_run}, {"check", run_check}, {"render", run_render}, {"help", run_help}, {"--help", run_help},
                {"version", run_version}, {"--version", run_version}};

int main(int count, char **words) {
  for (size_t i = 0; count >= 2 && i < sizeof commands / sizeof *commands; i++)
    if (strcmp(words[1], commands[i].name) == 0) return commands[i].run(count - 2, words + 2);
  usage();
}
