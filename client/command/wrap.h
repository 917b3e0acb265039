/* wrap.h - words for people in lines of a given width. */
#ifndef RECTIFY_WRAP_H
#define RECTIFY_WRAP_H

#include <stddef.h>
#include <stdio.h>

/* Columns of lines on `out`: as many as the terminal has, 64 to 100; 80 where it is none. */
size_t wrap_width(FILE *out);

/* Prints `text`: lines that begin with a space and empty lines as they are, but a command `  rectify ...` that is too wide
 * broken as a shell takes it; all others joined to paragraphs and broken between words. */
void wrap_text(FILE *out, const char *text, size_t width);

/* Goes on a line that stands at column `at`: words of `text`, broken lines indented by `indent`.  Ends the line. */
void wrap_words(FILE *out, const char *text, size_t at, size_t indent, size_t width);

/* As wrap_width() on a terminal, else SIZE_MAX: what nobody looks at is not broken. */
size_t wrap_limit(FILE *out);

/* One line of an explanation, broken where it is wider than `width`: behind a semicolon or between words or wide characters,
 * with the rest indented by `indent`, or by two more than the line itself when that is 0.  Control characters are made
 * visible. */
void wrap_line(FILE *out, const void *text, size_t length, size_t indent, size_t width);

/* The same for the rest of a line that stands at column `at`. */
void wrap_rest(FILE *out, const void *text, size_t length, size_t at, size_t indent, size_t width);

#endif
