/* mapping.h - from a CSV record to the fields of a finding, as a YAML file says.
 *
 *   unit:  {column: unit_code}
 *   team:  {constant: team-1}
 *   kind:  {column: critical, words: {Yes: prominent, No: incipient}, otherwise: poor_execution}
 *   unit:  {column: unit_code, empty: unknown}
 *   id:    {derive: [inspection, line]}    or {column: NAME}; left out: derived from the whole row
 *
 * `empty` stands for a value that is not there.  With `words`, a value that is none of them becomes `otherwise`;
 * without `otherwise` the row is bad.
 */
#ifndef RECTIFY_MAPPING_H
#define RECTIFY_MAPPING_H

#include "client/command/csv.h"
#include "client/command/draft.h"
#include "document/document.h"

#define MAPPING_WORDS_MAX 64
#define MAPPING_DERIVE_MAX 16

struct mapping;
/* Reads a mapping.  NULL with errors in *report. */
struct mapping *mapping_parse(const char *file_name, const char *text, size_t length, struct document_report *report);
void mapping_free(struct mapping *mapping); /* NULL is fine */

/* Finds the columns that the mapping names in the header record.  False after filling *report: "file: there is no
 * column 'x'". */
bool mapping_bind(struct mapping *mapping, const struct csv_record *header, struct document_report *report);

/* Fills the draft from a record; problems are noted in the draft (draft_problem()).  *derived: the bytes that the id is
 * made from, borrowed until the next call; NULL when the record brings its id. */
void mapping_apply(struct mapping *mapping, const struct csv_record *record, struct draft *draft, const void **derived,
                   size_t *derived_length, bool *whole_row);

#endif
