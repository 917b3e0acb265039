build-asan/daemon/statements.o: daemon/statements.c daemon/statements.h \
 daemon/statements.def
daemon/statements.h:
daemon/statements.def:
