build-asan/daemon/migrate.o: daemon/migrate.c daemon/migrate.h \
 /usr/include/postgresql/libpq-fe.h \
 /usr/include/postgresql/postgres_ext.h \
 /usr/include/postgresql/pg_config_ext.h include/rectify/must.h \
 build-asan/embedded/migrations.inc
daemon/migrate.h:
/usr/include/postgresql/libpq-fe.h:
/usr/include/postgresql/postgres_ext.h:
/usr/include/postgresql/pg_config_ext.h:
include/rectify/must.h:
build-asan/embedded/migrations.inc:
