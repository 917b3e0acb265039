/* sim_documents.c - what a fresh daemon publishes in the simulator, in the place of document/embedded.c: one calendar, the shipped policy
 * and the city of the simulator; and what its couriers are told. */
#include "document/document.h"

/* The bytes of a file. */
#define BYTES(label, path)                                                                      \
  __asm__(".section .rodata\nsim_" label ": .incbin \"" path "\"\nsim_" label "_end: .byte 0\n" \
          ".balign 8\nsim_" label "_length: .quad sim_" label "_end - sim_" label "\n.previous\n")
BYTES("calendar", "tests/sim/calendar.yaml");
BYTES("policy", "policy/municipal.yaml");
BYTES("registry", "tests/sim/city.yaml");
BYTES("courier", "tests/sim/courier.yaml");
BYTES("contacts", "tests/sim/contacts.yaml");

#define TABLE(symbol, label, end)                                                                                         \
  __asm__(".section .data.rel.ro,\"aw\"\n.balign 8\n.globl " symbol "\n.type " symbol ", @object\n" symbol ":\n"          \
          ".quad sim_" label "_name\n.quad sim_" label "\n.quad sim_" label "_end - sim_" label "\n" end ".previous\n"   \
          ".section .rodata\nsim_" label "_name: .asciz \"" label ".yaml\"\n.previous\n")
TABLE("document_embedded_policy", "policy", "");
TABLE("document_embedded_registry", "registry", "");
TABLE("document_embedded_calendars", "calendar", ".quad 0, 0, 0\n");
TABLE("sim_courier_file", "courier", "");
TABLE("sim_contacts_file", "contacts", "");
