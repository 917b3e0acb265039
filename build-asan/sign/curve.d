build-asan/sign/curve.o: sign/curve.c sign/curve.h sign/secret.h
sign/curve.h:
sign/secret.h:
