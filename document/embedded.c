/* embedded.c - the default documents, compiled in, so that a fresh daemon starts without a file.
 *
 * Paths are relative to the repository's root, where the compiler runs.  The rows are written by the assembler, because
 * only it knows the length of an .incbin as a constant.
 */
#include "document/document.h"

_Static_assert(sizeof(struct document_embedded) == 3 * 8, "the rows below are three words of 8 bytes");

/* The bytes of a file, and its name. */
#define EMBED(label, path)                            \
  __asm__(".section .rodata\n"                        \
          "embedded_" label "_name: .asciz \"" path "\"\n" \
          "embedded_" label "_begin: .incbin \"" path "\"\n" \
          "embedded_" label "_end: .byte 0\n"         \
          ".previous\n")

#define TABLE(symbol)                                 \
  ".section .data.rel.ro,\"aw\"\n"                    \
  ".balign 8\n"                                       \
  ".globl " symbol "\n"                               \
  ".type " symbol ", @object\n" symbol ":\n"

/* One struct document_embedded. */
#define ROW(label)                                    \
  ".quad embedded_" label "_name\n"                   \
  ".quad embedded_" label "_begin\n"                  \
  ".quad embedded_" label "_end - embedded_" label "_begin\n"

#define TABLE_END(symbol) ".size " symbol ", . - " symbol "\n.previous\n"

EMBED("municipal", "policy/municipal.yaml");
EMBED("registry", "deploy/registry.yaml");
EMBED("cn", "policy/calendar/cn.yaml");
EMBED("weekdays", "policy/calendar/weekdays.yaml");
EMBED("us_federal", "policy/calendar/us-federal.yaml");
EMBED("ledger_rectification", "policy/ledger/rectification.yaml");
EMBED("ledger_work", "policy/ledger/work.yaml");
EMBED("ledger_problem", "policy/ledger/problem.yaml");
EMBED("ledger_responsibility", "policy/ledger/responsibility.yaml");
EMBED("ledger_measures", "policy/ledger/measures.yaml");
EMBED("ledger_audit", "policy/ledger/audit.yaml");
EMBED("ledger_discipline", "policy/ledger/discipline.yaml");

__asm__(TABLE("document_embedded_policy") ROW("municipal") TABLE_END("document_embedded_policy"));
__asm__(TABLE("document_embedded_registry") ROW("registry") TABLE_END("document_embedded_registry"));
__asm__(TABLE("document_embedded_calendars") ROW("cn") ROW("weekdays") ROW("us_federal") ".quad 0, 0, 0\n"
            TABLE_END("document_embedded_calendars"));
__asm__(TABLE("document_embedded_ledgers") ROW("ledger_rectification") ROW("ledger_work") ROW("ledger_problem")
            ROW("ledger_responsibility") ROW("ledger_measures") ROW("ledger_audit") ROW("ledger_discipline")
            ".quad 0, 0, 0\n" TABLE_END("document_embedded_ledgers"));
