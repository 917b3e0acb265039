# rectify: `make run` shows it working, `make test` proves it.  One makefile; programs go to build/.
#
# Another build beside this one: make test SANITIZE=-fsanitize=address,undefined B=build-asan
SHELL := /bin/bash
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc) --no-print-directory
# `make lint test` does one after the other: both install packages and build.
ifneq ($(and $(word 2,$(MAKECMDGOALS)),$(filter-out all tests-built,$(MAKECMDGOALS))),)
.NOTPARALLEL:
endif
endif
.DEFAULT_GOAL := all
B := build
ifneq ($(words $(B)),1)
$(error B must be the path of a directory, without spaces)
endif
CC ?= gcc
PKGS := libzmq libpq libprotobuf-c libcrypto libfyaml
SANITIZE ?=
OPT ?= -O2
WARN := -Wall -Wextra -Werror -Wconversion -Wno-sign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wformat=2 -Wwrite-strings -Wundef -Wswitch-enum
CFLAGS_ALL := -std=gnu17 $(OPT) -g $(WARN) -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIC -fno-common \
              -Iinclude -I. -I$(B)/proto -I$(B)/embedded -I/usr/include/postgresql $(SANITIZE) $(CFLAGS)
GEN_CFLAGS := -std=gnu17 $(OPT) -g -w -fPIC -I$(B)/proto $(SANITIZE)
LDFLAGS_ALL := -Wl,-z,relro,-z,now $(SANITIZE) $(LDFLAGS)

CORE := $(patsubst %.c,$(B)/%.o,$(wildcard core/*.c))
PROTO := $(patsubst %.c,$(B)/%.o,$(wildcard proto/*.c)) $(B)/proto/rectify/v1/rectify.pb-c.o
DOCUMENT := $(patsubst %.c,$(B)/%.o,$(wildcard document/*.c))
REHEARSE := $(patsubst %.c,$(B)/%.o,$(wildcard rehearse/*.c))
SIGN := $(patsubst %.c,$(B)/%.o,$(wildcard sign/*.c))
VERIFY := $(patsubst %.c,$(B)/%.o,$(wildcard verify/*.c))
DAEMON := $(patsubst %.c,$(B)/%.o,$(wildcard daemon/*.c))
CLIENT := $(patsubst %.c,$(B)/%.o,$(filter-out client/command/%,$(wildcard client/*.c)))
COURIER := $(patsubst %.c,$(B)/%.o,$(wildcard courier/*.c))
COMMAND := $(patsubst %.c,$(B)/%.o,$(wildcard client/command/*.c))
PB_H := $(B)/proto/rectify/v1/rectify.pb-c.h

# One short line a step; V=1 shows the commands.
Q := $(if $(V),,@)
say = @$(if $(V),:,printf '%-7s %s\n' $(1) $(2))

# Tests: unit programs and helpers of the other rings, each one file, linked with whatever they use of the rest.
MAINS := $(B)/daemon/main.o $(B)/client/command/main.o $(B)/sign/main.o $(B)/courier/main.o
LIBRARY_ALL := $(B)/librectify-all.a
LIBS_ALL := -lzmq -lpq -lprotobuf-c -lcrypto -lfyaml -lsmartcols -lxlsxwriter -lcurl
TEST_PROGRAMS := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*.c tests/flow/*.c))
SPEC_RUNNER := $(if $(wildcard tests/spec/*.c),$(B)/tests/spec/runner)
HISTORY := $(B)/tests/history/history
SIM := $(B)/tests/sim/sim
SIM_BUGS := $(B)/tests/sim/sim-bugs
BENCH := $(patsubst %.c,$(B)/%,$(wildcard bench/*.c))
FUZZ := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
UNITDIR ?= $(PREFIX)/lib/systemd/system

CATALOGUE := $(B)/locale/zh_CN/LC_MESSAGES/rectify.mo
all: $(B)/rectifyd $(B)/rectify $(B)/rectify-sign $(B)/rectify-courier $(B)/librectify.a $(CATALOGUE) ## build the programs

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

run: ## install what is missing, build, play the demonstration city; ONCE=1 ends after it
	@scripts/deps.sh run
	@$(MAKE) all
	@B=$(B) ONCE=$(ONCE) deploy/demo/run.sh

test: ## install what is missing, build, run every test; the last line is `N passed, N failed`, and `, N skipped` if any
	@scripts/deps.sh run test
	@$(MAKE) all tests-built
	@B=$(B) scripts/test.sh unit spec fuzz sim sql flow

SEEDS ?= 2000
sim: ## play SEEDS seeds (2000) and a century in the simulator; docs/RELIABILITY.md
	@scripts/deps.sh run test
	@$(MAKE) $(SIM) $(SIM_BUGS)
	@B=$(B) SEEDS=$(SEEDS) scripts/test.sh sim

CYCLES ?= 20
faults: ## real faults for long, CYCLES=20 of each, and a table of what was checked, lost (0), doubled (0); build/faults.md
	@scripts/deps.sh run test faults
	@$(MAKE) all tests-built
	@B=$(B) CYCLES=$(CYCLES) scripts/faults.sh

check: ## before a commit: unit tests, specs and the quick half of lint
	@scripts/deps.sh run test
	@$(MAKE) all tests-built
	@$(MAKE) lint-quick
	@B=$(B) scripts/test.sh unit spec

lint: ## layers, purity, function lengths, shellcheck, codespell, cppcheck, clang
	@scripts/deps.sh run lint
	@$(MAKE) all
	@$(MAKE) lint-quick lint-tools lint-clang

lint-quick:
	@scripts/check_layers.sh
	@B=$(B) scripts/check_purity.sh
	@scripts/check_text.sh
	@scripts/check_functions.py
	@scripts/check_defs.py
	@scripts/rules_by_spec.py --check
	@scripts/lifecycle.py --check
	@B=$(B) scripts/po.sh check

lint-tools:
	@scripts/check_tools.sh

# The second compiler sees other things.  Syntax only: nothing is written.
lint-clang: $(patsubst %,lint-clang/%,$(wildcard core/*.c proto/*.c document/*.c rehearse/*.c sign/*.c verify/*.c daemon/*.c client/*.c client/command/*.c courier/*.c bench/*.c bench/lib/*.c))
lint-clang/%: $(PB_H) $(B)/embedded/migrations.inc
	@clang $(filter-out -D_FORTIFY_SOURCE=2,$(CFLAGS_ALL)) -fsyntax-only $*

# rectify(1) comes from the table of commands itself: nothing to keep in step.
MANUALS := $(B)/man/rectify.1 $(patsubst docs/man/%.scd,$(B)/man/%,$(wildcard docs/man/*.scd))
docs: ## write docs/LIFECYCLE.md again, from the tables; build the manual pages
	@scripts/deps.sh run docs
	@$(MAKE) $(MANUALS)
	@scripts/lifecycle.py
$(B)/man/rectify.1: $(B)/rectify
	@mkdir -p $(@D)
	$(call say,SCDOC,$@)
	$(Q)set -o pipefail; $(B)/rectify __manual | scdoc > $@.new && mv $@.new $@
$(B)/man/%: docs/man/%.scd
	@mkdir -p $(@D)
	$(call say,SCDOC,$@)
	$(Q)scdoc < $< > $@.new && mv $@.new $@

# Into build/, so that a short trial does not replace the figures of the record.
RESULTS ?= $(B)/bench/results
bench: ## measure: each script of bench/ says what and how; RESULTS=bench/results keeps the figures
	@scripts/deps.sh run
	@$(MAKE) all $(BENCH) $(B)/tests/flow/export_city
	@for script in bench/*.sh; do B=$(B) RESULTS='$(RESULTS)' "$$script" || exit 1; done

# The same sources by clang, with what libFuzzer and the sanitizers want to know; main() is libFuzzer's.
FUZZ_SECONDS ?= 20
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=shift,pointer-overflow
fuzz: ## search for inputs that break a reader, FUZZ_SECONDS=20 for each; what is found goes to build-fuzz/found
	@scripts/deps.sh run lint
	@$(MAKE) B=build-fuzz CC=clang OPT=-O1 SANITIZE='$(FUZZ_FLAGS)' build-fuzz/librectify-all.a \
	  $(patsubst %.c,build-fuzz/%.o,$(wildcard tests/fuzz/fuzz_*.c))
	@FUZZ_FLAGS='$(FUZZ_FLAGS)' FUZZ_SECONDS=$(FUZZ_SECONDS) LIBS='$(LIBS_ALL)' scripts/fuzz.sh build-fuzz

# Builds of their own, by gcc.  THREADS: where threads meet (libzmq's, the courier's and the verifier's); wire.t and watch.t measure memory and
# queues, which are others under ThreadSanitizer.
SANITIZE_MAKE = $(MAKE) OPT=-O1 CFLAGS='-U_FORTIFY_SOURCE -Wno-error' all tests-built
THREADS := $(patsubst %,tests/flow/%.t,daemon identity spool proven seal signed courier courier_kills letters evidence tamper)
sanitize: ## unit, spec, fuzz, sim and flow by AddressSanitizer and UBSan, unit and flow tests with threads by ThreadSanitizer: an hour
	@scripts/deps.sh run test
	@$(SANITIZE_MAKE) B=build-asan SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
	@$(SANITIZE_MAKE) B=build-tsan SANITIZE=-fsanitize=thread
	@scripts/sanitize.sh build-asan unit spec fuzz flow
	@SEEDS=200 scripts/sanitize.sh build-asan tests/sim/seeds.t
	@scripts/sanitize.sh build-tsan unit $(THREADS)

# Without optimisation, so that each branch of the source is one of the program.
coverage: ## which branches of core/ and verify/ are taken by unit, spec, fuzz and tests/flow/tamper.t; build-cov/coverage.txt
	@scripts/deps.sh run test coverage
	@$(MAKE) B=build-cov SANITIZE=--coverage OPT=-O0 CFLAGS='-U_FORTIFY_SOURCE -Wno-error' all tests-built
	@find build-cov -name '*.gcda' -delete
	@B=build-cov scripts/test.sh unit spec fuzz
	@gcovr -r . --object-directory build-cov -f core/ -b --exclude-branches-by-pattern '.*must\(.*' | tee build-cov/coverage.txt
	@B=build-cov scripts/test.sh tests/flow/tamper.t
	@gcovr -r . --object-directory build-cov -f verify/ -b --exclude-branches-by-pattern '.*must\(.*' | tee -a build-cov/coverage.txt

# Faults are drawn by SEED from all one-line slips that scripts/mutate.py knows.
COUNT ?= 50
SEED ?= 1
mutate: ## plant COUNT=50 one-line faults into core/, one at a time; unit, spec and a few seeds of the simulator must find 95 %
	@scripts/deps.sh run test
	@$(MAKE) all tests-built
	@B=$(B) scripts/mutate.py --count $(COUNT) --seed $(SEED)

deps: ## install the Debian packages that building, testing, lint and the manual pages need
	@scripts/deps.sh run test lint docs

install: ## install what is missing, build, put in place programs, library, policies and unit file; DESTDIR, PREFIX
	@scripts/deps.sh run docs
	@$(MAKE) all $(MANUALS)
	install -d "$(DESTDIR)$(SBINDIR)" "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(LIBDIR)" "$(DESTDIR)$(UNITDIR)"
	install -d "$(DESTDIR)$(INCLUDEDIR)/rectify/v1" "$(DESTDIR)$(DATADIR)/rectify/proto/rectify/v1"
	install -d "$(DESTDIR)$(DATADIR)/rectify/policy/calendar" "$(DESTDIR)$(DATADIR)/rectify/policy/ledger" "$(DESTDIR)$(DATADIR)/doc/rectify"
	install -d "$(DESTDIR)$(DATADIR)/rectify/templates/zh_CN" "$(DESTDIR)$(DATADIR)/rectify/templates/en"
	install -d "$(DESTDIR)$(DATADIR)/locale/zh_CN/LC_MESSAGES"
	install -m 644 $(CATALOGUE) "$(DESTDIR)$(DATADIR)/locale/zh_CN/LC_MESSAGES/rectify.mo"
	install -d "$(DESTDIR)$(DATADIR)/bash-completion/completions" "$(DESTDIR)$(PREFIX)/lib/sysusers.d"
	install -d "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d" "$(DESTDIR)$(MANDIR)/man1" "$(DESTDIR)$(MANDIR)/man5"
	install -m 755 $(B)/rectifyd "$(DESTDIR)$(SBINDIR)/rectifyd"
	install -m 755 $(B)/rectify-sign "$(DESTDIR)$(SBINDIR)/rectify-sign"
	install -m 755 $(B)/rectify-courier "$(DESTDIR)$(SBINDIR)/rectify-courier"
	install -m 755 $(B)/rectify "$(DESTDIR)$(BINDIR)/rectify"
	install -m 644 $(B)/librectify.a "$(DESTDIR)$(LIBDIR)/librectify.a"
	install -m 644 include/rectify/client.h "$(DESTDIR)$(INCLUDEDIR)/rectify/client.h"
	install -m 644 $(PB_H) "$(DESTDIR)$(INCLUDEDIR)/rectify/v1/rectify.pb-c.h"
	install -m 644 proto/rectify/v1/rectify.proto "$(DESTDIR)$(DATADIR)/rectify/proto/rectify/v1/rectify.proto"
	install -m 644 policy/*.yaml "$(DESTDIR)$(DATADIR)/rectify/policy"
	install -m 644 policy/calendar/*.yaml "$(DESTDIR)$(DATADIR)/rectify/policy/calendar"
	install -m 644 policy/ledger/*.yaml "$(DESTDIR)$(DATADIR)/rectify/policy/ledger"
	install -m 644 templates/zh_CN/*.txt "$(DESTDIR)$(DATADIR)/rectify/templates/zh_CN"
	install -m 644 templates/en/*.txt "$(DESTDIR)$(DATADIR)/rectify/templates/en"
	for page in $(MANUALS); do install -m 644 $$page "$(DESTDIR)$(MANDIR)/man$${page##*.}/" || exit 1; done
	install -m 644 README.md LICENSE docs/*.md deploy/rectifyd.yaml deploy/courier.yaml deploy/contacts.yaml deploy/GRANTS.md "$(DESTDIR)$(DATADIR)/doc/rectify"
	install -m 644 deploy/rectifyd.sysusers "$(DESTDIR)$(PREFIX)/lib/sysusers.d/rectifyd.conf"
	install -m 644 deploy/rectifyd.tmpfiles "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/rectifyd.conf"
	sed 's|@SBINDIR@|$(SBINDIR)|; s|@DATADIR@|$(DATADIR)|' deploy/rectifyd.service > "$(DESTDIR)$(UNITDIR)/rectifyd.service"
	sed 's|@SBINDIR@|$(SBINDIR)|; s|@DATADIR@|$(DATADIR)|' deploy/rectify-sign.service > "$(DESTDIR)$(UNITDIR)/rectify-sign.service"
	sed 's|@SBINDIR@|$(SBINDIR)|; s|@DATADIR@|$(DATADIR)|' deploy/rectify-courier.service > "$(DESTDIR)$(UNITDIR)/rectify-courier.service"
	$(B)/rectify completion bash > "$(DESTDIR)$(DATADIR)/bash-completion/completions/rectify"

$(PB_H) $(B)/proto/rectify/v1/rectify.pb-c.c &: proto/rectify/v1/rectify.proto
	@mkdir -p $(B)/proto
	$(call say,PROTOC,$<)
	@command -v protoc-c >/dev/null || { echo 'protoc-c is not installed: `make deps` installs all that building needs' >&2; exit 1; }
	$(Q)protoc-c --c_out=$(B)/proto -I proto $<
$(B)/proto/rectify/v1/rectify.pb-c.o: $(B)/proto/rectify/v1/rectify.pb-c.c $(B)/flags
	$(call say,CC,$<)
	$(Q)$(CC) $(GEN_CFLAGS) -c $< -o $@
$(B)/%.o: %.c $(B)/flags | $(PB_H)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

# Objects of another compiler or of other flags are not mixed in.
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(CFLAGS_ALL)' | cmp -s - $@ || echo '$(CC) $(CFLAGS_ALL)' > $@
FORCE:

# Files compiled in by .incbin: changing one rebuilds the object that holds it.
$(B)/document/embedded.o: $(wildcard policy/*.yaml policy/calendar/*.yaml policy/ledger/*.yaml deploy/registry.yaml)
$(B)/courier/template_embedded.o: $(wildcard templates/*/*.txt)
$(B)/daemon/migrate.o: $(wildcard migrations/*.sql) $(B)/embedded/migrations.inc
$(B)/embedded/migrations.inc: FORCE
	@scripts/embed.sh $@
$(B)/daemon/statements.o: $(wildcard daemon/sql/*.sql)

$(B)/rectifyd: $(DAEMON) $(filter-out $(B)/sign/main.o,$(SIGN)) $(DOCUMENT) $(PROTO) $(CORE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ -lzmq -lpq -lprotobuf-c -lcrypto -lfyaml
$(B)/rectify-sign: $(SIGN) $(CORE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ -lcrypto
$(B)/rectify: $(COMMAND) $(CLIENT) $(REHEARSE) $(VERIFY) $(filter-out $(B)/sign/main.o,$(SIGN)) $(DOCUMENT) $(PROTO) $(CORE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ -lzmq -lprotobuf-c -lcrypto -lfyaml -lsmartcols -lxlsxwriter

$(B)/rectify-courier: $(COURIER) $(CLIENT) $(filter-out $(B)/sign/main.o,$(SIGN)) $(DOCUMENT) $(PROTO) $(CORE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ -lzmq -lprotobuf-c -lcrypto -lfyaml -lcurl

$(CATALOGUE): po/zh_CN.po
	@mkdir -p $(@D)
	$(call say,MSGFMT,$@)
	$(Q)msgfmt $< -o $@

$(B)/librectify.a: $(CLIENT) $(filter-out $(B)/sign/main.o,$(SIGN)) $(PROTO) $(CORE)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# Everything but the mains, for tests.
$(LIBRARY_ALL): $(filter-out $(MAINS),$(DAEMON) $(COMMAND) $(CLIENT) $(SIGN) $(COURIER)) $(VERIFY) $(REHEARSE) $(DOCUMENT) $(PROTO) $(CORE)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
$(TEST_PROGRAMS): $(B)/%: $(B)/%.o $(LIBRARY_ALL)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $< $(LIBRARY_ALL) -o $@ -lcmocka $(LIBS_ALL)
$(B)/tests/spec/runner: $(patsubst %.c,$(B)/%.o,$(wildcard tests/spec/*.c)) $(LIBRARY_ALL)
$(HISTORY): $(patsubst %.c,$(B)/%.o,$(wildcard tests/history/*.c)) $(LIBRARY_ALL)
$(B)/tests/spec/runner $(HISTORY):
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(LIBS_ALL)
# The simulator: all of the program but what touches the system, which its own files take the place of; so no -lzmq and no -lpq.
SIM_WRAPS := -Wl,--wrap=clock_gettime,--wrap=getrandom,--wrap=exit,--wrap=_exit,--wrap=zone_load,--wrap=policy_parse,--wrap=policy_parse_stored
SIM_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/sim/*.c))
$(SIM_OBJECTS): CFLAGS_ALL += -U_FORTIFY_SOURCE
$(B)/tests/sim/sim_documents.o: $(wildcard tests/sim/*.yaml policy/municipal.yaml)
SIM_LIBRARY := $(B)/tests/sim/program.a
$(SIM_LIBRARY): $(filter-out $(MAINS),$(DAEMON) $(CLIENT) $(SIGN) $(COURIER)) $(DOCUMENT) $(PROTO) $(CORE)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
$(SIM): $(SIM_OBJECTS) $(SIM_LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $(SIM_WRAPS) $^ -o $@ -lprotobuf-c -lcrypto -lfyaml
# The same with planted bugs, one of which can be switched on: from copies of the sources that they are in.
SIM_INCLUDED := daemon/probe daemon/content daemon/seal courier/deliver
SIM_INCLUDING := $(patsubst %,tests/sim/sim_%.c,$(notdir $(SIM_INCLUDED)))
PLANTED := $(shell sed -n 's/^FILE //p' tests/sim/bugs.txt | sort -u)
PLANTED_OBJECTS := $(patsubst %.c,$(B)/tests/sim/planted/%.o,$(filter-out $(SIM_INCLUDED:%=%.c),$(PLANTED)) $(SIM_INCLUDING))
$(B)/tests/sim/planted/%.c: %.c tests/sim/bugs.txt scripts/plant.py
	@mkdir -p $(@D)
	$(call say,PLANT,$@)
	$(Q)scripts/plant.py $< $@
$(PLANTED_OBJECTS): %.o: %.c $(SIM_INCLUDED:%=$(B)/tests/sim/planted/%.c) $(B)/flags | $(PB_H)
	$(call say,CC,$@)
	$(Q)$(CC) -I$(B)/tests/sim/planted $(CFLAGS_ALL) -U_FORTIFY_SOURCE -MMD -MP -c $< -o $@
$(SIM_BUGS): $(PLANTED_OBJECTS) $(filter-out $(patsubst %.c,$(B)/%.o,$(PLANTED) $(SIM_INCLUDING)),$(SIM_OBJECTS)) $(SIM_LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $(SIM_WRAPS) $^ -o $@ -lprotobuf-c -lcrypto -lfyaml
# The daemon with the planted bugs, for the controls of the fault tests: RECTIFY_BUG=N switches one on.
BUGGED := $(filter daemon/%,$(PLANTED))
BUGGED_OBJECTS := $(BUGGED:%.c=$(B)/tests/lib/bugged/%.o)
$(BUGGED_OBJECTS): $(B)/tests/lib/bugged/%.o: $(B)/tests/sim/planted/%.c $(B)/flags | $(PB_H)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@
RECTIFYD_BUGS := $(B)/tests/lib/rectifyd-bugs
$(RECTIFYD_BUGS): $(BUGGED_OBJECTS) $(B)/tests/lib/bugged.o $(filter-out $(BUGGED:%.c=$(B)/%.o),$(DAEMON)) \
  $(filter-out $(B)/sign/main.o,$(SIGN)) $(DOCUMENT) $(PROTO) $(CORE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ -lzmq -lpq -lprotobuf-c -lcrypto -lfyaml
# Each tests/fuzz/fuzz_NAME.c defines LLVMFuzzerTestOneInput; the corpus of NAME is replayed by tests/lib/replay.c.
$(FUZZ): $(B)/%: $(B)/%.o $(B)/tests/lib/replay.o $(LIBRARY_ALL)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(LIBS_ALL)
# Each bench/NAME.c is linked with bench/lib/ and with whatever it uses of the whole.
$(BENCH): $(B)/%: $(B)/%.o $(patsubst %.c,$(B)/%.o,$(wildcard bench/lib/*.c)) $(LIBRARY_ALL)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(LIBS_ALL)
# Put before a program, it breaks what that stands on; never with a sanitizer, which has a malloc of its own.
FAULTS_SO := $(B)/tests/lib/faults.so
$(FAULTS_SO): tests/lib/faults.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -std=gnu17 $(OPT) -g $(WARN) -D_GNU_SOURCE -fPIC -shared $< -o $@ -ldl
tests-built: $(TEST_PROGRAMS) $(SPEC_RUNNER) $(HISTORY) $(FUZZ) $(SIM) $(SIM_BUGS) $(RECTIFYD_BUGS) $(FAULTS_SO)

clean: ## remove everything built
	rm -rf $(B)

-include $(shell find $(B) -path $(B)/peers -prune -o -name '*.d' -print 2>/dev/null)
.PHONY: all help run test sim faults check lint lint-quick lint-tools lint-clang docs bench fuzz sanitize coverage mutate deps install tests-built clean FORCE
.SECONDARY:
