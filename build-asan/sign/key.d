build-asan/sign/key.o: sign/key.c include/rectify/must.h sign/note.h \
 include/rectify/core.h include/rectify/model.h \
 include/rectify/calendar.h include/rectify/limits.h \
 include/rectify/policy.h include/rectify/words.h \
 include/rectify/status.def include/rectify/track.def \
 include/rectify/kind.def include/rectify/severity.def \
 include/rectify/role.def include/rectify/clock.def \
 include/rectify/light.def include/rectify/edge.def \
 include/rectify/evidence.def include/rectify/notice.def \
 include/rectify/recipient.def include/rectify/origin.def \
 include/rectify/relation.def include/rectify/form.def \
 include/rectify/holder.def include/rectify/condition.def \
 include/rectify/mark.def include/rectify/command.def \
 include/rectify/rule.def include/rectify/error.def \
 include/rectify/registry.h
include/rectify/must.h:
sign/note.h:
include/rectify/core.h:
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
