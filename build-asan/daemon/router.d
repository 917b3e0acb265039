build-asan/daemon/router.o: daemon/router.c daemon/router.h daemon/zap.h \
 sign/curve.h sign/secret.h include/rectify/limits.h \
 include/rectify/must.h
daemon/router.h:
daemon/zap.h:
sign/curve.h:
sign/secret.h:
include/rectify/limits.h:
include/rectify/must.h:
