build-asan/daemon/cluster_root.o: daemon/cluster_root.c \
 daemon/cluster_internal.h daemon/cluster.h
daemon/cluster_internal.h:
daemon/cluster.h:
