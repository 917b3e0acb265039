build-asan/core/zone.o: core/zone.c include/rectify/calendar.h \
 include/rectify/limits.h include/rectify/must.h
include/rectify/calendar.h:
include/rectify/limits.h:
include/rectify/must.h:
