build-asan/daemon/stranger.o: daemon/stranger.c daemon/zap.h sign/curve.h \
 sign/secret.h include/rectify/must.h
daemon/zap.h:
sign/curve.h:
sign/secret.h:
include/rectify/must.h:
