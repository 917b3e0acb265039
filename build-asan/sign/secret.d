build-asan/sign/secret.o: sign/secret.c sign/secret.h
sign/secret.h:
