/* language.c - gettext, told where the catalogue is and which language is wanted. */
#include "client/command/language.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN "rectify"

/* The catalogue lies beside the program: in build/locale, or where it was installed, in ../share/locale. */
static void bind_catalogue(void) {
  char path[PATH_MAX], place[PATH_MAX + 32];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  if (slash == NULL) return;
  *slash = '\0';
  (void)snprintf(place, sizeof place, "%s/locale", path);
  if (access(place, R_OK) != 0) (void)snprintf(place, sizeof place, "%s/../share/locale", path);
  (void)bindtextdomain(DOMAIN, place);
}

void language_open(void) {
  if (setlocale(LC_ALL, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) (void)setlocale(LC_CTYPE, "C.UTF-8");
  (void)setlocale(LC_MESSAGES, "C.UTF-8");
  bind_catalogue();
  (void)bind_textdomain_codeset(DOMAIN, "UTF-8");
  (void)textdomain(DOMAIN);
}

void language_choose(bool zh) {
  (void)setenv("LANGUAGE", zh ? "zh_CN" : "en", 1);
  (void)setlocale(LC_MESSAGES, "C.UTF-8"); /* gettext looks at LANGUAGE anew */
}

const char *language_text(const char *text) { return text[0] == '\0' ? text : gettext(text); }

const char *language_form(const char *one, const char *many, unsigned long long count) {
  return ngettext(one, many, (unsigned long)count);
}
