/* language.h - words of the program in the user's language, by gettext: msgids are English, `po/zh_CN.po` has the Chinese.
 *
 * Words of the domain (statuses, rules, commands) do not go through here: their tables (`include/rectify/ *.def`) carry
 * both languages.  Whoever prints a text of a table or a literal asks `_()`; complain() and complain_usage() ask for their
 * format themselves.  scripts/po.sh gathers what is to be translated. */
#ifndef RECTIFY_LANGUAGE_H
#define RECTIFY_LANGUAGE_H

#include <libintl.h>
#include <stdbool.h>

/* Sets the locale up, before anything is printed.  Texts are UTF-8 whatever the locale says, and minimal systems know no
 * other locale than C.UTF-8: the language is chosen by itself, in language_choose(). */
void language_open(void);

/* What is printed from now on is Chinese, or English.  May be called again; sets LANGUAGE for this process and its children. */
void language_choose(bool zh);

/* `text` in the chosen language; borrowed for ever.  "" gives "" (gettext itself would give the catalogue's header). */
const char *language_text(const char *text) __attribute__((format_arg(1)));
#define _(text) language_text(text)
/* A literal that somebody else will ask _() for. */
#define N_(text) text

/* The form for `count`. */
const char *language_form(const char *one, const char *many, unsigned long long count)
    __attribute__((format_arg(1), format_arg(2)));

#endif
