build-asan/daemon/cluster_make.o: daemon/cluster_make.c \
 daemon/cluster_internal.h daemon/cluster.h
daemon/cluster_internal.h:
daemon/cluster.h:
