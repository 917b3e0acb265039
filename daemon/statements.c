#include "daemon/pg.h"

#define BY_KEY 3

/* Each file becomes a NUL-terminated text in the program. */
#define STATEMENT(NAME, file, where)                                                                         \
  __asm__(".section .rodata\n.globl sql_" #file "\nsql_" #file ":\n.incbin \"daemon/sql/" #file ".sql\"\n.byte 0\n.previous\n"); \
  extern const char sql_##file[];
#include "daemon/statements.def"
#undef STATEMENT

static const struct statement_text texts[] = {
#define STATEMENT(NAME, file, where) {#file, sql_##file, (where) == BY_KEY ? PG_READS : (where), (where) == BY_KEY},
#include "daemon/statements.def"
#undef STATEMENT
};

const struct statement_text *statement_text(enum statement statement) { return &texts[statement]; }
