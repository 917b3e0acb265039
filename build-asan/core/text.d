build-asan/core/text.o: core/text.c core/text.h \
 include/rectify/calendar.h include/rectify/limits.h
core/text.h:
include/rectify/calendar.h:
include/rectify/limits.h:
