/* evidence.c - see evidence.h. */
#include "client/command/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/command/upload.h"
#include "rectify/must.h"

void evidence_init(struct evidence_list *list) {
  memset(list, 0, sizeof *list);
}

void evidence_free(struct evidence_list *list) {
  for (size_t i = 0; i < list->count; i++) {
    free(list->names[i]);
    free(list->paths[i]);
  }
  list->count = 0;
}

/* "KIND:", "KIND/N:" or "N:" before the file.  False: `text` has no such prefix and is a file's name as it stands. */
static bool read_prefix(const char *text, uint32_t *kind, uint32_t *measure, const char **path) {
  const char *colon = strchr(text, ':');
  if (colon == NULL) return false;
  const char *digits = memchr(text, '/', (size_t)(colon - text));
  const size_t word = digits == NULL ? (size_t)(colon - text) : (size_t)(digits - text);
  char number[12];
  int64_t count = 0;
  uint32_t found = word_number(words_evidence, text, word);
  if (digits != NULL && found == 0) return false;
  if (digits == NULL && found == 0) digits = text; /* "N:FILE" */
  else if (digits != NULL) digits++;
  if (digits != NULL) {
    size_t length = (size_t)(colon - digits);
    if (length == 0 || length >= sizeof number) return false;
    memcpy(number, digits, length);
    number[length] = '\0';
    if (!number_read(number, 1, MEASURES_MAX, &count)) return false;
  }
  if (found != 0) *kind = found;
  *measure = (uint32_t)count;
  *path = colon + 1;
  return true;
}

/* A word before a colon that is neither a kind nor a file. */
static bool misspelt(const char *text) {
  char word[64];
  (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(text, ":"), text);
  if (number_read(word, INT64_MIN, INT64_MAX, &(int64_t){0})) {
    complain("'%s': a plan has measures 1 to %d", word, MEASURES_MAX);
    return false;
  }
  word[strcspn(word, "/")] = '\0';
  if (word_number(words_evidence, word, strlen(word)) != 0)
    complain("'%s': a plan has measures 1 to %d", text, MEASURES_MAX);
  else if (word[0] == '\0') complain("'%s': before the colon stands KIND, N or KIND/N, for measure N of the plan", text);
  else (void)read_word(words_evidence, "kind of evidence", word);
  return false;
}

bool evidence_add(struct evidence_list *list, const char *text, uint32_t kind) {
  const char *path = text;
  uint32_t measure = 0;
  if (list->count == EVIDENCE_MAX) {
    complain("at most %d pieces of evidence go with one command", EVIDENCE_MAX);
    return false;
  }
  bool prefixed = read_prefix(text, &kind, &measure, &path);
  if (!prefixed && strchr(text, ':') != NULL && access(text, F_OK) != 0) return misspelt(text);
  size_t at = list->count;
  Rectify__V1__Evidence *piece = &list->pieces[at];
  rectify__v1__evidence__init(piece);
  list->unreadable = !file_look(path, list->sha256[at], &piece->size);
  if (list->unreadable) return false;
  const char *slash = strrchr(path, '/');
  list->names[at] = strdup(slash == NULL ? path : slash + 1);
  list->paths[at] = strdup(path);
  must(list->names[at] != NULL && list->paths[at] != NULL);
  piece->kind = kind;
  piece->measure = measure;
  piece->sha256 = wire_bytes(list->sha256[at], HASH_BYTES);
  piece->name = wire_text(list->names[at]);
  list->pointers[list->count++] = piece;
  return true;
}

char *text_from(FILE *in) {
  char *text = malloc(TEXT_BYTES_MAX + 2);
  must(text != NULL);
  size_t length = fread(text, 1, TEXT_BYTES_MAX + 1, in);
  if (ferror(in) != 0 || length > TEXT_BYTES_MAX || memchr(text, 0, length) != NULL) {
    if (length > TEXT_BYTES_MAX) complain("the text is longer than %d bytes", TEXT_BYTES_MAX);
    else complain("the text cannot be read, or holds NUL bytes");
    free(text);
    return NULL;
  }
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) length--;
  text[length] = '\0';
  return text;
}

/* Removes the lines that begin with #, in place, and blank lines at the end. */
static void drop_comments(char *text) {
  char *to = text;
  for (char *line = text; *line != '\0';) {
    size_t length = strcspn(line, "\n");
    size_t whole = length + (line[length] == '\n');
    if (line[0] != '#') {
      memmove(to, line, whole);
      to += whole;
    }
    line += whole;
  }
  while (to > text && (to[-1] == '\n' || to[-1] == ' ')) to--;
  *to = '\0';
}

/* Whether a program of this name is on the PATH. */
static bool is_program(const char *name) {
  char path[4096];
  const char *from = getenv("PATH");
  for (size_t length; from != NULL; from = from[length] == ':' ? from + length + 1 : NULL) {
    length = strcspn(from, ":");
    int got = snprintf(path, sizeof path, "%.*s/%s", (int)length, from, name);
    if (length > 0 && got > 0 && (size_t)got < sizeof path && access(path, X_OK) == 0) return true;
  }
  return false;
}

/* Where nobody says which: Debian's choice, else what is there; NULL for nothing. */
static const char *any_editor(void) {
  static const char *const names[] = {"editor", "nano", "vi"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (is_program(names[i])) return names[i];
  return NULL;
}

static bool run_editor(const char *path) {
  const char *editor = getenv("VISUAL");
  int status = -1;
  if (editor == NULL || editor[0] == '\0') editor = getenv("EDITOR");
  if (editor == NULL || editor[0] == '\0') editor = any_editor();
  if (editor == NULL) {
    complain("no editor was found; say -m TEXT, or set VISUAL or EDITOR; nothing was done");
    return false;
  }
  pid_t child = fork();
  if (child == 0) {
    char script[1024];
    (void)snprintf(script, sizeof script, "%s \"$1\"", editor);
    (void)execl("/bin/sh", "sh", "-c", script, "sh", path, (char *)NULL);
    _exit(127);
  }
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (child > 0 && status == 0) return true;
  complain("the editor '%s' did not end well; nothing was done: say -m TEXT, or set VISUAL or EDITOR", editor);
  return false;
}

char *text_from_editor(const char *purpose) {
  char path[] = "/tmp/rectify-XXXXXX";
  char *text = NULL;
  int file = mkstemp(path);
  if (file < 0) {
    complain("cannot make a file for the editor: %m");
    return NULL;
  }
  (void)dprintf(file, "\n# %s: write the reason above.  Lines that begin with # are dropped; an empty text cancels.\n",
                purpose);
  (void)close(file);
  FILE *in = run_editor(path) ? fopen(path, "re") : NULL;
  if (in != NULL) {
    text = text_from(in);
    (void)fclose(in);
  }
  (void)unlink(path);
  if (text != NULL) drop_comments(text);
  return text;
}
