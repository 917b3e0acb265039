build-asan/daemon/quota.o: daemon/quota.c daemon/quota.h \
 include/rectify/calendar.h include/rectify/limits.h \
 include/rectify/must.h
daemon/quota.h:
include/rectify/calendar.h:
include/rectify/limits.h:
include/rectify/must.h:
