/* template_embedded.c - the texts of letters as they are delivered, compiled in; as document/embedded.c. */
#include "courier/template.h"

_Static_assert(sizeof(struct document_embedded) == 3 * 8, "the rows below are three words of 8 bytes");

/* A file between two labels, and its name. */
#define FILE_OF(label, path)                            \
  __asm__(".section .rodata\n"                          \
          "template_" label "_name: .asciz \"" path "\"\n" \
          "template_" label "_begin: .incbin \"" path "\"\n" \
          "template_" label "_end: .byte 0\n"           \
          ".previous\n");

#define ROW(label)                                      \
  ".quad template_" label "_name\n"                     \
  ".quad template_" label "_begin\n"                    \
  ".quad template_" label "_end - template_" label "_begin\n"

#define NOTICE(no, NAME, name, zh, text) FILE_OF("en_" #name, "templates/en/" #name ".txt")
FILE_OF("en_digest", "templates/en/digest.txt")
#include "rectify/notice.def"
#undef NOTICE
#define NOTICE(no, NAME, name, zh, text) FILE_OF("zh_" #name, "templates/zh_CN/" #name ".txt")
FILE_OF("zh_digest", "templates/zh_CN/digest.txt")
#include "rectify/notice.def"
#undef NOTICE

__asm__(
    ".section .data.rel.ro,\"aw\"\n"
    ".balign 8\n"
    ".globl template_embedded\n"
    ".type template_embedded, @object\n"
    "template_embedded:\n"
#define NOTICE(no, NAME, name, zh, text) ROW("en_" #name)
    ROW("en_digest")
#include "rectify/notice.def"
#undef NOTICE
#define NOTICE(no, NAME, name, zh, text) ROW("zh_" #name)
    ROW("zh_digest")
#include "rectify/notice.def"
#undef NOTICE
    ".size template_embedded, . - template_embedded\n"
    ".previous\n");
