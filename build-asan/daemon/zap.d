build-asan/daemon/zap.o: daemon/zap.c daemon/zap.h sign/curve.h \
 sign/secret.h include/rectify/must.h
daemon/zap.h:
sign/curve.h:
sign/secret.h:
include/rectify/must.h:
