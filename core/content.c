/* content.c - see content.h. */
#include "rectify/content.h"

#include <string.h>

/* ---- the first bytes ---- */

enum { WHATEVER = 0, ONLY_BINARY = 1 }; /* letters that a text may begin with too */

static const struct magic {
  uint8_t at, length;
  char bytes[12];
  uint8_t when;
  uint8_t content;
} magics[] = {
    /* What can run comes first: a file may be two things at once. */
    {0, 2, "#!", WHATEVER, CONTENT_SCRIPT},
    {0, 4, "\x7f" "ELF", WHATEVER, CONTENT_PROGRAM},
    {0, 2, "MZ", ONLY_BINARY, CONTENT_PROGRAM},
    {0, 4, "\xfe\xed\xfa\xce", WHATEVER, CONTENT_PROGRAM},
    {0, 4, "\xfe\xed\xfa\xcf", WHATEVER, CONTENT_PROGRAM},
    {0, 4, "\xce\xfa\xed\xfe", WHATEVER, CONTENT_PROGRAM},
    {0, 4, "\xcf\xfa\xed\xfe", WHATEVER, CONTENT_PROGRAM},
    {0, 4, "\xca\xfe\xba\xbe", WHATEVER, CONTENT_PROGRAM},
    {0, 4, "\0asm", WHATEVER, CONTENT_PROGRAM},
    {0, 5, "%PDF-", WHATEVER, CONTENT_PDF},
    {0, 3, "\xff\xd8\xff", WHATEVER, CONTENT_JPEG},
    {0, 8, "\x89PNG\r\n\x1a\n", WHATEVER, CONTENT_PNG},
    {0, 6, "GIF87a", ONLY_BINARY, CONTENT_GIF},
    {0, 6, "GIF89a", ONLY_BINARY, CONTENT_GIF},
    {8, 4, "WEBP", ONLY_BINARY, CONTENT_WEBP},
    {0, 4, "II*\0", WHATEVER, CONTENT_TIFF},
    {0, 4, "MM\0*", WHATEVER, CONTENT_TIFF},
    {4, 8, "ftypheic", ONLY_BINARY, CONTENT_HEIC},
    {4, 8, "ftypheix", ONLY_BINARY, CONTENT_HEIC},
    {4, 8, "ftyphevc", ONLY_BINARY, CONTENT_HEIC},
    {4, 8, "ftypmif1", ONLY_BINARY, CONTENT_HEIC},
    {4, 8, "ftypmsf1", ONLY_BINARY, CONTENT_HEIC},
    {4, 7, "ftypiso", ONLY_BINARY, CONTENT_MP4},
    {4, 7, "ftypmp4", ONLY_BINARY, CONTENT_MP4},
    {4, 8, "ftypavc1", ONLY_BINARY, CONTENT_MP4},
    {4, 7, "ftypM4V", ONLY_BINARY, CONTENT_MP4},
    {4, 7, "ftyp3gp", ONLY_BINARY, CONTENT_MP4},
    {4, 6, "ftypqt", ONLY_BINARY, CONTENT_MP4},
    {0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", WHATEVER, CONTENT_OLE2},
    {0, 6, "Rar!\x1a\x07", WHATEVER, CONTENT_ARCHIVE},
    {0, 6, "7z\xbc\xaf\x27\x1c", WHATEVER, CONTENT_ARCHIVE},
    {0, 2, "\x1f\x8b", WHATEVER, CONTENT_ARCHIVE},
    {0, 3, "BZh", ONLY_BINARY, CONTENT_ARCHIVE},
    {0, 6, "\xfd" "7zXZ", WHATEVER, CONTENT_ARCHIVE},
};

static uint32_t head_length(const struct content_look *look) {
  return look->seen < CONTENT_HEAD_BYTES ? (uint32_t)look->seen : CONTENT_HEAD_BYTES;
}

static bool begins(const struct content_look *look, uint32_t at, const char *bytes, uint32_t length) {
  return head_length(look) >= at + length && memcmp(look->head + at, bytes, length) == 0;
}

static uint32_t by_magic(const struct content_look *look, bool is_text) {
  for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
    const struct magic *magic = &magics[i];
    if (magic->when == ONLY_BINARY && is_text) continue;
    if (begins(look, magic->at, magic->bytes, magic->length)) return magic->content;
  }
  return CONTENT_NONE;
}

/* ---- text ---- */

/* RFC 3629: what may follow the first byte of a character. */
static bool begin_character(struct content_look *look, uint8_t byte) {
  look->utf8_low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  look->utf8_high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  if (byte >= 0xc2 && byte <= 0xdf) look->utf8_left = 1;
  else if (byte >= 0xe0 && byte <= 0xef) look->utf8_left = 2;
  else if (byte >= 0xf0 && byte <= 0xf4) look->utf8_left = 3;
  else return byte >= 0x20 ? byte < 0x7f : byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
  return true;
}

static bool go_on_character(struct content_look *look, uint8_t byte) {
  const bool fine = byte >= look->utf8_low && byte <= look->utf8_high;
  look->utf8_left--;
  look->utf8_low = 0x80;
  look->utf8_high = 0xbf;
  return fine;
}

static void feed_text(struct content_look *look, const uint8_t *data, size_t length) {
  for (size_t i = 0; i < length && !look->not_text; i++)
    look->not_text = look->utf8_left > 0 ? !go_on_character(look, data[i]) : !begin_character(look, data[i]);
}

/* A mark of the byte order is no text of anybody's. */
static uint32_t text_start(const struct content_look *look) {
  uint32_t at = begins(look, 0, "\xef\xbb\xbf", 3) ? 3 : 0;
  while (at < head_length(look) && (look->head[at] == ' ' || look->head[at] == '\t' || look->head[at] == '\r' ||
                                    look->head[at] == '\n' || look->head[at] == '\f'))
    at++;
  return at;
}

static uint32_t kind_of_text(const struct content_look *look) {
  const uint32_t at = text_start(look);
  if (at < head_length(look) && look->head[at] == '<') return CONTENT_MARKUP;
  return begins(look, 0, "\xef\xbb\xbf#!", 5) ? CONTENT_SCRIPT : CONTENT_TEXT;
}

/* ---- ZIP ---- */

#define ENTRY_BYTES 46 /* of the directory (PKWARE APPNOTE 4.3.12), before the name */

enum { PART_WORD = 1, PART_EXCEL = 2, PART_SLIDES = 4, PART_OFD = 8, PART_MACROS = 16 };

static const struct part {
  const char *name;
  uint32_t bit;
} parts[] = {
    {"word/document.xml", PART_WORD},    {"xl/workbook.xml", PART_EXCEL},     {"xl/workbook.bin", PART_EXCEL},
    {"ppt/presentation.xml", PART_SLIDES}, {"OFD.xml", PART_OFD},             {"word/vbaProject.bin", PART_MACROS},
    {"xl/vbaProject.bin", PART_MACROS},  {"ppt/vbaProject.bin", PART_MACROS},
};

static void note_entry(struct content_look *look, const uint8_t *entry) {
  const uint32_t length = (uint32_t)(entry[28] | entry[29] << 8);
  const char *name = (const char *)entry + ENTRY_BYTES;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    if (strlen(parts[i].name) == length && memcmp(name, parts[i].name, length) == 0) look->parts |= parts[i].bit;
}

/* Entries that are whole within `data`; one that is not comes again with what is carried over. */
static void find_entries(struct content_look *look, const uint8_t *data, size_t length) {
  const uint8_t *end = data + length;
  while (end - data >= CONTENT_CARRY_BYTES) {
    const uint8_t *at = memchr(data, 'P', (size_t)(end - data) - CONTENT_CARRY_BYTES + 1);
    if (at == NULL) return;
    if (memcmp(at, "PK\x01\x02", 4) == 0) note_entry(look, at);
    data = at + 1;
  }
}

/* The seam between what is carried and what comes, then the rest, then what is carried on. */
static void feed_zip(struct content_look *look, const uint8_t *data, size_t length) {
  uint8_t seam[2 * CONTENT_CARRY_BYTES];
  const size_t more = length < CONTENT_CARRY_BYTES ? length : CONTENT_CARRY_BYTES;
  memcpy(seam, look->carry, look->carried);
  memcpy(seam + look->carried, data, more);
  find_entries(look, seam, look->carried + more);
  if (length > more) find_entries(look, data, length);
  const uint8_t *from = length > more ? data + length - CONTENT_CARRY_BYTES : seam;
  size_t left = length > more ? CONTENT_CARRY_BYTES : look->carried + more;
  if (left >= CONTENT_CARRY_BYTES) {
    from += left - (CONTENT_CARRY_BYTES - 1);
    left = CONTENT_CARRY_BYTES - 1;
  }
  memmove(look->carry, from, left);
  look->carried = (uint32_t)left;
}

/* Behind the last entry of the directory come 22 bytes at least: with the shortest name that is looked for, an entry is still
 * longer than CONTENT_CARRY_BYTES, which hold the longest. */
static uint32_t kind_of_zip(const struct content_look *look) {
  static const char odf[] = "mimetypeapplication/vnd.oasis.opendocument.";
  if (look->parts & PART_MACROS) return CONTENT_MACROS;
  if (begins(look, 30, odf, sizeof odf - 1)) return CONTENT_ODF;
  if (look->parts & PART_WORD) return CONTENT_DOCX;
  if (look->parts & PART_EXCEL) return CONTENT_XLSX;
  if (look->parts & PART_SLIDES) return CONTENT_PPTX;
  return look->parts & PART_OFD ? CONTENT_OFD : CONTENT_ARCHIVE;
}

static bool is_zip(const struct content_look *look) {
  return begins(look, 0, "PK\x03\x04", 4) || begins(look, 0, "PK\x05\x06", 4);
}

/* ---- the whole ---- */

void content_feed(struct content_look *look, const void *data, size_t length) {
  if (length == 0) return;
  if (look->seen < CONTENT_HEAD_BYTES) {
    const size_t room = CONTENT_HEAD_BYTES - (size_t)look->seen;
    memcpy(look->head + look->seen, data, length < room ? length : room);
  }
  look->seen += length;
  feed_text(look, data, length);
  feed_zip(look, data, length);
}

uint32_t content_of(const struct content_look *look) {
  const bool is_text = !look->not_text && look->utf8_left == 0;
  if (look->seen == 0) return CONTENT_EMPTY;
  const uint32_t known = by_magic(look, is_text);
  if (known != CONTENT_NONE) return known;
  if (is_zip(look)) return kind_of_zip(look);
  return is_text ? kind_of_text(look) : CONTENT_UNKNOWN;
}

bool content_is_taken(uint32_t content) {
  static const bool taken[CONTENT_COUNT + 1] = {
#define CONTENT(no, NAME, name, zh, taken, text) [no] = (taken) != 0,
#include "rectify/content.def"
#undef CONTENT
  };
  return content <= CONTENT_COUNT && taken[content];
}
