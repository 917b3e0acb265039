/* help.c - `rectify --help`, `rectify VERB --help`, and finding verbs by name: all from the verb table. */
#include <string.h>

#include "client/command/command.h"
#include "client/command/wrap.h"
#include "core/text.h"

#define VERBS_MAX 96
#define FLAG_WIDTH 30
#define VERB_WIDTH 19
#define ZH_WIDTH 14
#define HEAD_BYTES_MAX 512 /* of a verb's name with its synopsis or summary */

static const char program_head[] =
    "rectify - findings, and what becomes of them\n"
    "\n"
    "usage: rectify [OPTION...] COMMAND [ARGUMENT...]\n"
    "       rectify               on a terminal: your inbox\n";

static const char program_tail[] =
    "\n"
    "Who acts: over TCP the key says who you are (--key), and the daemon holds every request against it.  On\n"
    "the daemon's own machine the request names the actor: say --as OFFICER or set RECTIFY_ACTOR; there only\n"
    "the permissions of the socket keep others out.\n"
    "\n"
    "Environment: RECTIFY_ENDPOINT, RECTIFY_ACTOR, RECTIFY_KEY, RECTIFY_SPOOL, RECTIFY_LANG (zh or en; else LANG),\n"
    "NO_COLOR, VISUAL and EDITOR, TZ.  Without RECTIFY_ENDPOINT: ~/.local/state/rectify/rectifyd.sock if it exists,\n"
    "else /var/lib/rectify/rectifyd.sock.  Without RECTIFY_SPOOL: ~/.local/state/rectify/spool.\n"
    "\n"
    "Exit codes:\n"
    "   0  done\n"
    "   1  refused by the daemon, or some rows were\n"
    "   2  something does not agree, or was tampered with (doctor, verify,\n"
    "      receipt check, witness)\n"
    "  64  wrong command line\n"
    "  65  input file unusable\n"
    "  69  no answer, and nothing was saved here; of a command the outcome is unknown: running it again is safe where ids\n"
    "      are kept: submit of files, commands with --id\n"
    "  71  system trouble\n"
    "  75  saved here, not received there yet: it goes out with the next command that reaches a daemon, or `spool send`\n"
    "  76  the answer was not one\n"
    "  78  a document (policy, calendar, registry, mapping) has errors\n"
    "\n"
    "`rectify COMMAND --help` explains one command, with examples; `rectify help plan` lists those that begin so.\n";

static const struct title {
  const char *en, *zh;
} titles[] = {
    [GROUP_REPORT] = {"Report", "提交问题"},
    [GROUP_UNIT] = {"The unit: its handler and its principal", "责任单位：整改责任人、第一责任人"},
    [GROUP_OFFICE] = {"The rectification office: answers and time", "整改办：审批与期限"},
    [GROUP_RELATE] = {"The rectification office: cases that have to do with each other", "整改办：事项之间的关系"},
    [GROUP_VERIFY] = {"Verification and look-back", "核查与回头看"},
    [GROUP_ACCOUNT] = {"Accountability: the daemon proposes, a person decides", "问责：系统建议，由人决定"},
    [GROUP_ANYBODY] = {"Whoever has to do with the case", "与事项有关的人员"},
    [GROUP_SEE] = {"See", "查看"},
    [GROUP_DATES] = {"Dates and the clock", "日期与时钟"},
    [GROUP_ADMINISTER] = {"Administer and check", "管理与检查"},
    [GROUP_TRUST] = {"Prove", "验证"},
    [GROUP_HELP] = {"Help", "帮助"},
    [GROUP_HIDDEN] = {"", ""},
};

const char *group_title(enum group group, bool zh) { return zh ? titles[group].zh : titles[group].en; }

/* Names in Chinese of what is no command on cases; those stand in command.def. */
static const struct title names[] = {
    {"bulk", "批量办理"},       {"inbox", "待办"},           {"show", "查看事项"},         {"history", "办理经过"},
    {"why", "时限由来"},        {"next", "后续预告"},        {"cases", "事项列表"},        {"ledger", "整改台账"},
    {"watch", "实时关注"},      {"notices", "通知"},         {"letters", "信件"},         {"documents", "已发布文件"},  {"due", "计算时限"},
    {"clock show", "当前时间"}, {"clock advance", "推进时钟"}, {"unit list", "单位"},       {"officer list", "人员"},
    {"registry load", "发布名册"}, {"policy check", "检查规则"}, {"policy test", "规则测试"}, {"policy diff", "规则比较"},
    {"policy rehearse", "规则推演"}, {"policy publish", "发布规则"}, {"calendar publish", "发布日历"},
    {"ping", "系统状态"},       {"doctor", "数据自检"},      {"completion", "命令补全"},   {"help", "帮助"},
    {"version", "版本"},        {"key new", "生成密钥"},     {"key public", "查看公钥"},   {"key sign", "签名"},
    {"receipt check", "核对回执"}, {"receipt get", "取回执"}, {"verify", "验证日志"},     {"witness", "见证签名"},
    {"export log", "导出日志"}, {"key register", "登记密钥"}, {"key revoke", "吊销密钥"}, {"key list", "密钥列表"},
    {"lookback draw", "回头看抽样"}, {"lookback check", "核对抽样"}, {"lookback report", "抽样结论"},
    {"spool show", "查看暂存"}, {"spool send", "发出暂存"},  {"spool drop", "放弃暂存"},
    {"bundle export", "导出离线包"}, {"bundle import", "导入离线包"},
};

static const char *verb_zh(const struct verb *verb) {
  if (verb->command != 0) return word_zh(words_command, verb->command);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(names[i].en, verb->name) == 0) return names[i].zh;
  return "";
}

static void print_flag(FILE *out, const struct flag *flag, size_t width) {
  char left[64];
  int length = snprintf(left, sizeof left, flag->letter != 0 ? "-%c, --" : "    --", flag->letter);
  length += snprintf(left + length, sizeof left - (size_t)length, "%s%s%s", flag->name, flag->argument != NULL ? " " : "",
                     flag->argument != NULL ? flag->argument : "");
  (void)fprintf(out, "  %-*s  ", FLAG_WIDTH, left);
  wrap_words(out, flag->help, FLAG_WIDTH + 4 + (size_t)(length > FLAG_WIDTH ? length - FLAG_WIDTH : 0), FLAG_WIDTH + 4,
             width);
}

static void print_flags(FILE *out, const char *title, const struct flag *flags, size_t width) {
  if (flags[0].name == NULL) return;
  (void)fprintf(out, "\n%s:\n", title);
  for (; flags->name != NULL; flags++) print_flag(out, flags, width);
}

/* One line for a verb, in Chinese with the word that the office uses. */
static void print_row(FILE *out, const struct verb *verb, bool zh, size_t width) {
  size_t indent = VERB_WIDTH + 3;
  (void)fprintf(out, "  %-*s ", VERB_WIDTH, verb->name);
  if (zh) {
    const char *word = verb_zh(verb);
    const size_t wide = text_width(word);
    (void)fprintf(out, "%s%*s ", word, wide < ZH_WIDTH ? (int)(ZH_WIDTH - wide) : 0, "");
    indent += ZH_WIDTH + 1;
  }
  wrap_words(out, verb->summary, indent, indent, width);
}

void help_program(FILE *out, bool zh) {
  const size_t width = wrap_width(out);
  (void)fputs(program_head, out);
  for (enum group group = GROUP_REPORT; group < GROUP_HIDDEN; group++) {
    (void)fprintf(out, "\n%s:\n", group_title(group, zh));
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
      if (verb->group == group) print_row(out, verb, zh, width);
  }
  print_flags(out, "Options, before or after the command", global_flags, width);
  wrap_text(out, program_tail, width);
}

/* The values that an option takes, in three columns as wide as they need to be. */
static void print_words(FILE *out, const struct flag *flag, size_t width) {
  size_t name_width = 0, zh_width = 0;
  if (flag->words == NULL) return;
  (void)fprintf(out, "\n--%s %s:\n", flag->name, flag->argument);
  for (const struct word *word = flag->words; word->name != NULL; word++) {
    if (strlen(word->name) > name_width) name_width = strlen(word->name);
    if (text_width(word->zh) > zh_width) zh_width = text_width(word->zh);
  }
  for (const struct word *word = flag->words; word->name != NULL; word++) {
    (void)fprintf(out, "  %-*s  %s%*s  ", (int)name_width, word->name, word->zh, (int)(zh_width - text_width(word->zh)), "");
    wrap_words(out, word->text, name_width + zh_width + 6, name_width + zh_width + 6, width);
  }
}

void help_verb(FILE *out, const struct verb *verb, size_t width) {
  const bool acts = verb->command != 0;
  char line[HEAD_BYTES_MAX];
  (void)snprintf(line, sizeof line, "rectify %s - %s%s%s%s", verb->name, verb->summary, acts ? " (" : "",
                 acts ? word_zh(words_command, verb->command) : "", acts ? ")" : "");
  wrap_words(out, line, 0, 2, width);
  (void)snprintf(line, sizeof line, "usage: rectify %s %s", verb->name, verb->synopsis);
  (void)fputc('\n', out);
  wrap_words(out, line, 0, 7, width);
  (void)fputc('\n', out);
  wrap_text(out, verb->help[0] == '\n' ? verb->help + 1 : verb->help, width);
  print_flags(out, "Options", verb->flags, width);
  for (const struct flag *flag = verb->flags; flag->name != NULL; flag++) print_words(out, flag, width);
  (void)fputc('\n', out);
  wrap_text(out, "The options of `rectify --help` (--as, --json, --csv, --zh, --endpoint, ...) work here too.\n", width);
}

/* Whether `verb` is `name` and a second word. */
static bool in_family(const struct verb *verb, const char *name) {
  size_t length = strlen(name);
  return strncmp(verb->name, name, length) == 0 && verb->name[length] == ' ' && verb->group != GROUP_HIDDEN;
}

bool verb_has_family(const char *name) {
  for (const struct verb *verb = verbs; verb->name != NULL; verb++)
    if (in_family(verb, name)) return true;
  return false;
}

bool help_family(FILE *out, const char *name, bool zh) {
  bool any = false;
  for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
    if (!in_family(verb, name)) continue;
    any = true;
    print_row(out, verb, zh, wrap_width(out));
  }
  return any;
}

/* Whether `verb` is called by the words, and by how many of them. */
static int called(const struct verb *verb, const char *first, const char *second) {
  size_t length = strlen(first);
  if (strncmp(verb->name, first, length) != 0) return 0;
  if (verb->name[length] == '\0') return 1;
  if (second == NULL || verb->name[length] != ' ') return 0;
  return strcmp(verb->name + length + 1, second) == 0 ? 2 : 0;
}

const struct verb *verb_find(const char *first, const char *second, int *words) {
  for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
    int count = called(verb, first, second);
    if (count == 0) continue;
    *words = count;
    return verb;
  }
  return NULL;
}

const char *verb_nearest(const char *name) {
  struct word table[VERBS_MAX + 1];
  size_t count = 0;
  for (const struct verb *verb = verbs; verb->name != NULL && count < VERBS_MAX; verb++)
    if (verb->group != GROUP_HIDDEN)
      table[count++] = (struct word){.number = 1, .name = verb->name, .zh = "", .text = ""};
  table[count] = (struct word){0, NULL, NULL, NULL};
  const char *near = word_nearest(table, name, strlen(name));
  if (near != NULL) return near;
  size_t length = strlen(name); /* "registry" alone */
  for (const struct verb *verb = verbs; verb->name != NULL; verb++)
    if (strncmp(verb->name, name, length) == 0 && verb->group != GROUP_HIDDEN) return verb->name;
  return NULL;
}

int verb_unknown(const struct session *session, const char *name, const char *second) {
  const char *near = verb_nearest(name);
  if (second != NULL) complain("there is no command '%s %s'", name, second);
  else if (near != NULL) complain("there is no command '%s'; did you mean '%s'?", name, near);
  else complain("there is no command '%s'", name);
  if (help_family(stderr, name, session->zh)) return EXIT_USE;
  (void)fputs("`rectify --help` lists the commands\n", stderr);
  return EXIT_USE;
}
