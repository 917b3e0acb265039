build-asan/daemon/cluster_process.o: daemon/cluster_process.c \
 daemon/cluster_internal.h daemon/cluster.h
daemon/cluster_internal.h:
daemon/cluster.h:
