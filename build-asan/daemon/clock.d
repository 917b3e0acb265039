build-asan/daemon/clock.o: daemon/clock.c daemon/clock.h \
 include/rectify/calendar.h include/rectify/limits.h
daemon/clock.h:
include/rectify/calendar.h:
include/rectify/limits.h:
