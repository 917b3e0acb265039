build-asan/daemon/query.o: daemon/query.c daemon/query.h daemon/daemon.h \
 daemon/batch.h daemon/keys.h sign/curve.h sign/secret.h \
 include/rectify/model.h include/rectify/calendar.h \
 include/rectify/limits.h include/rectify/policy.h \
 include/rectify/words.h include/rectify/status.def \
 include/rectify/track.def include/rectify/kind.def \
 include/rectify/severity.def include/rectify/role.def \
 include/rectify/clock.def include/rectify/light.def \
 include/rectify/edge.def include/rectify/evidence.def \
 include/rectify/notice.def include/rectify/recipient.def \
 include/rectify/origin.def include/rectify/relation.def \
 include/rectify/form.def include/rectify/holder.def \
 include/rectify/condition.def include/rectify/mark.def \
 include/rectify/command.def include/rectify/rule.def \
 include/rectify/error.def include/rectify/registry.h daemon/router.h \
 daemon/zap.h daemon/tree.h include/rectify/core.h daemon/world.h \
 document/document.h proto/codec.h \
 build-asan/proto/rectify/v1/rectify.pb-c.h daemon/book.h daemon/clock.h \
 daemon/log.h daemon/pg.h /usr/include/postgresql/libpq-fe.h \
 /usr/include/postgresql/postgres_ext.h \
 /usr/include/postgresql/pg_config_ext.h daemon/statements.h \
 daemon/statements.def daemon/quota.h include/rectify/must.h
daemon/query.h:
daemon/daemon.h:
daemon/batch.h:
daemon/keys.h:
sign/curve.h:
sign/secret.h:
include/rectify/model.h:
include/rectify/calendar.h:
include/rectify/limits.h:
include/rectify/policy.h:
include/rectify/words.h:
include/rectify/status.def:
include/rectify/track.def:
include/rectify/kind.def:
include/rectify/severity.def:
include/rectify/role.def:
include/rectify/clock.def:
include/rectify/light.def:
include/rectify/edge.def:
include/rectify/evidence.def:
include/rectify/notice.def:
include/rectify/recipient.def:
include/rectify/origin.def:
include/rectify/relation.def:
include/rectify/form.def:
include/rectify/holder.def:
include/rectify/condition.def:
include/rectify/mark.def:
include/rectify/command.def:
include/rectify/rule.def:
include/rectify/error.def:
include/rectify/registry.h:
daemon/router.h:
daemon/zap.h:
daemon/tree.h:
include/rectify/core.h:
daemon/world.h:
document/document.h:
proto/codec.h:
build-asan/proto/rectify/v1/rectify.pb-c.h:
daemon/book.h:
daemon/clock.h:
daemon/log.h:
daemon/pg.h:
/usr/include/postgresql/libpq-fe.h:
/usr/include/postgresql/postgres_ext.h:
/usr/include/postgresql/pg_config_ext.h:
daemon/statements.h:
daemon/statements.def:
daemon/quota.h:
include/rectify/must.h:
