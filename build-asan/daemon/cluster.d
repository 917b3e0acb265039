build-asan/daemon/cluster.o: daemon/cluster.c daemon/cluster.h \
 /usr/include/postgresql/libpq-fe.h \
 /usr/include/postgresql/postgres_ext.h \
 /usr/include/postgresql/pg_config_ext.h daemon/cluster_internal.h \
 include/rectify/must.h
daemon/cluster.h:
/usr/include/postgresql/libpq-fe.h:
/usr/include/postgresql/postgres_ext.h:
/usr/include/postgresql/pg_config_ext.h:
daemon/cluster_internal.h:
include/rectify/must.h:
