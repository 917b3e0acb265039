build-asan/tests/lib/replay.o: tests/lib/replay.c include/rectify/must.h
include/rectify/must.h:
