build-asan/client/spool_file.o: client/spool_file.c client/spool_file.h \
 include/rectify/must.h
client/spool_file.h:
include/rectify/must.h:
