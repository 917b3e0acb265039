/* ledger_map.h - which columns a ledger has, in which order, under which headings: a file of policy/ledger/, or one's own.
 *
 *   ledger: audit                      # its name
 *   of: cases                          # or steps
 *   title: {en: Audit ledger, zh: 审计整改台账}
 *   dates: chinese                     # 2026年3月9日; iso, slash, dots
 *   immediate: 5wd                     # first limits up to this are "immediate" in the column `type`,
 *   long: 125wd                        # from this on "long"; what is done in stages is "long" too
 *   columns:
 *     - {source: case, en: No., zh: 编号, width: 12}
 *
 * Sources are the names of include/rectify/ledger.def.  docs/LEDGER.md tells more.
 */
#ifndef RECTIFY_LEDGER_MAP_H
#define RECTIFY_LEDGER_MAP_H

#include "document/document.h"

#define LEDGER_COLUMNS_MAX 64
#define LEDGER_WIDTH_MAX 255 /* of a column, in characters: a spreadsheet's own bound */
#define LEDGER_BYTES_MAX (256 * 1024) /* of a file */

enum ledger_of { LEDGER_OF_CASES = 1, LEDGER_OF_STEPS = 2 }; /* as the column `of` of ledger.def */
enum ledger_dates { LEDGER_DATES_ISO = 1, LEDGER_DATES_SLASH, LEDGER_DATES_DOTS, LEDGER_DATES_CHINESE };

struct ledger_column {
  uint32_t source; /* enum ledger */
  char en[CODE_BYTES_MAX + 1], zh[CODE_BYTES_MAX + 1]; /* headings */
  int32_t width;   /* characters; 0: as the source is usually wide */
};

struct ledger_map {
  char name[CODE_BYTES_MAX + 1];
  enum ledger_of of;
  char title_en[NAME_BYTES_MAX + 1], title_zh[NAME_BYTES_MAX + 1];
  enum ledger_dates dates;
  int32_t immediate, long_from; /* working days */
  uint32_t column_count;
  struct ledger_column columns[LEDGER_COLUMNS_MAX];
};

/* Reads a map into *out.  False with all errors in *report; then *out is not to be used. */
bool ledger_map_parse(const char *file_name, const char *text, size_t length, struct ledger_map *out,
                      struct document_report *report);

/* The maps of policy/ledger/, compiled in; ends with file_name NULL. */
extern const struct document_embedded document_embedded_ledgers[];

#endif
