build-asan/core/must.o: core/must.c include/rectify/must.h
include/rectify/must.h:
