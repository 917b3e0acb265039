build-asan/core/workday.o: core/workday.c include/rectify/calendar.h \
 include/rectify/limits.h
include/rectify/calendar.h:
include/rectify/limits.h:
