/* What a file is by its bytes: each kind that is taken and each that is not, in one piece and in parts of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rectify/content.h"

static uint32_t look_at(const void *data, size_t length, size_t part) {
  struct content_look look = {0};
  const uint8_t *bytes = data;
  for (size_t at = 0; at < length; at += part) content_feed(&look, bytes + at, length - at < part ? length - at : part);
  return content_of(&look);
}

/* However it is cut, it is the same. */
static void is(uint32_t wanted, const void *data, size_t length) {
  static const size_t sizes[] = {1, 2, 3, 7, 45, 46, 65, 66, 67, 131, 132, 133, 200, 4096, 1u << 20};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const uint32_t found = look_at(data, length, sizes[i]);
    if (found != wanted) print_error("in parts of %zu: %s, not %s\n", sizes[i], word_name(words_content, found), word_name(words_content, wanted));
    assert_int_equal(found, wanted);
  }
}
#define IS(wanted, text) is(CONTENT_##wanted, text, sizeof(text) - 1)

static void test_first_bytes(void **unused) {
  (void)unused;
  IS(PDF, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
  IS(PDF, "%PDF-1.4 all of it text\n");
  IS(JPEG, "\xff\xd8\xff\xe0\0\x10JFIF");
  IS(PNG, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
  IS(GIF, "GIF89a\x01\0\x01\0");
  IS(WEBP, "RIFF\x24\0\0\0WEBPVP8 ");
  IS(HEIC, "\0\0\0\x18" "ftypheic\0\0\0\0mif1heic");
  IS(MP4, "\0\0\0\x20" "ftypisom\0\0\x02\0");
  IS(MP4, "\0\0\0\x14" "ftypqt  \0\0\0\0");
  IS(TIFF, "II*\0\x08\0\0\0");
  IS(TIFF, "MM\0*\0\0\0\x08");
  IS(OLE2, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0");
}

static void test_refused(void **unused) {
  (void)unused;
  is(CONTENT_EMPTY, "", 0);
  IS(PROGRAM, "\x7f" "ELF\x02\x01\x01");
  IS(PROGRAM, "MZ\x90\0\x03\0\0\0");
  IS(PROGRAM, "MZ\x90\0" "ftypisom\0\0");
  IS(PROGRAM, "\xcf\xfa\xed\xfe\x07\0\0\x01");
  IS(SCRIPT, "#!/bin/sh\nrm -rf /\n");
  IS(SCRIPT, "#!/bftypisom\n\0\x01\x02");
  IS(SCRIPT, "\xef\xbb\xbf#!/usr/bin/python3\n");
  IS(MARKUP, "<!DOCTYPE html><html><script>alert(1)</script>");
  IS(MARKUP, "\xef\xbb\xbf  \n<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>");
  IS(ARCHIVE, "Rar!\x1a\x07\x01\0");
  IS(ARCHIVE, "\x1f\x8b\x08\0");
  IS(ARCHIVE, "PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
  IS(UNKNOWN, "\x01\x02\x03\x04");
  IS(UNKNOWN, "\xd6\xd0\xce\xc4\xa3\xac"); /* Chinese, but GB 18030 */
}

static void test_text(void **unused) {
  (void)unused;
  IS(TEXT, "unit,found\n\xe5\x8c\x97,2026-01-05\r\n");
  IS(TEXT, "\xef\xbb\xbf\xe5\x8f\xb0\xe8\xb4\xa6\n");
  IS(TEXT, "MZ is how it begins, and it is a text\n");
  IS(TEXT, "a < b\n");
  IS(TEXT, "first and last of each length: \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
  IS(TEXT, "\t\f\r\n all the white space there is");
  IS(TEXT, " \t\r\n\f");
  IS(MARKUP, " \t\r\n\f<svg/>");
  IS(UNKNOWN, "delete \x7f");
  IS(UNKNOWN, "over-long \xc1\xbf");
  IS(UNKNOWN, "over-long \xe0\x9f\xbf");
  IS(UNKNOWN, "over-long \xf0\x8f\xbf\xbf");
  IS(UNKNOWN, "no first byte \xf5\x80\x80\x80");
  IS(UNKNOWN, "cut off \xe5\x8c");
  IS(UNKNOWN, "over-long \xc0\xaf");
  IS(UNKNOWN, "half a pair \xed\xa0\x80");
  IS(UNKNOWN, "beyond \xf4\x90\x80\x80");
  IS(UNKNOWN, "with \0 in it");
  IS(UNKNOWN, "with \x1b[31m in it");
}

/* A ZIP as far as it is looked at: a first entry, a body, the directory. */
static size_t zip(uint8_t out[4096], const char *first, size_t body, const char *const *names) {
  size_t used = 30 + strlen(first) + body;
  memset(out, 0, 4096);
  memcpy(out, "PK\x03\x04", 4);
  out[26] = (uint8_t)strlen(first);
  memcpy(out + 30, first, strlen(first));
  memset(out + 30 + strlen(first), 'P', body);
  for (; *names != NULL; names++) {
    memcpy(out + used, "PK\x01\x02", 4);
    out[used + 28] = (uint8_t)strlen(*names);
    memcpy(out + used + 46, *names, strlen(*names));
    used += 46 + strlen(*names);
  }
  memcpy(out + used, "PK\x05\x06", 4);
  return used + 22;
}

static void is_zip_of(uint32_t wanted, const char *first, const char *a, const char *b) {
  static uint8_t bytes[4096];
  const char *names[] = {a, b, NULL};
  for (size_t body = 0; body < 70; body += 3) {
    const size_t length = zip(bytes, first, body, names);
    is(wanted, bytes, length);
  }
}

static void test_office(void **unused) {
  (void)unused;
  is_zip_of(CONTENT_DOCX, "[Content_Types].xml", "[Content_Types].xml", "word/document.xml");
  is_zip_of(CONTENT_XLSX, "[Content_Types].xml", "xl/workbook.xml", "[Content_Types].xml");
  is_zip_of(CONTENT_PPTX, "[Content_Types].xml", "docProps/app.xml", "ppt/presentation.xml");
  is_zip_of(CONTENT_OFD, "OFD.xml", "Doc_0/Document.xml", "OFD.xml");
  is_zip_of(CONTENT_ODF, "mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "mimetype", "content.xml");
  is_zip_of(CONTENT_MACROS, "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin");
  is_zip_of(CONTENT_ARCHIVE, "a.exe", "a.exe", "word/document.xml.exe");
  is_zip_of(CONTENT_ARCHIVE, "META-INF/MANIFEST.MF", "META-INF/MANIFEST.MF", "Main.class");
}

static void test_allowed(void **unused) {
  (void)unused;
  for (uint32_t content = 1; content <= CONTENT_COUNT; content++)
    assert_int_equal(content_is_taken(content), content < CONTENT_EMPTY);
  assert_false(content_is_taken(CONTENT_NONE));
  assert_false(content_is_taken(CONTENT_COUNT + 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_first_bytes), cmocka_unit_test(test_refused), cmocka_unit_test(test_text),
      cmocka_unit_test(test_office),      cmocka_unit_test(test_allowed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
