# SPDX-License-Identifier: Apache-2.0
#
# mxcensus: one non-recursive Makefile.
#
#   make            build $(BUILD)/mxcensus
#   make demo       everything from nothing: packages, build, lab, scan, table
#   make check      everything that is tested, from nothing
#   make install    PREFIX=/usr/local DESTDIR=
#
# SAN=address,undefined or SAN=thread builds with sanitizers in a folder of its
# own; WERROR=1 makes warnings errors; V=1 shows the commands.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
SAN ?=
WERROR ?=
V ?=

comma := ,
BUILD ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))
VENV ?= build/venv
Q := $(if $(V),,@)
MAKEFLAGS += --no-print-directory

# ---- what to build --------------------------------------------------------

SRC := $(wildcard scanner/*.c scanner/base/*.c scanner/rules/*.c \
	workers/*.c output/*.c)
OBJ := $(SRC:%.c=$(BUILD)/%.o)
LIB := $(filter-out $(BUILD)/scanner/main.o,$(OBJ))
TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,\
	$(wildcard tests/unit/test_*.c))
TEST_SHARED := $(patsubst %.c,$(BUILD)/%.o,\
	$(filter-out tests/unit/test_%.c,$(wildcard tests/unit/*.c)))
# Tables that the build makes from data/.
INC := $(BUILD)/special_purpose.inc $(BUILD)/providers.inc
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

# msgpack-c is called msgpack up to 5.x and msgpack-c from 6.0.0 on.
MSGPACK = $(shell pkg-config --exists msgpack-c && echo msgpack-c || \
	echo msgpack)
PKGS = libuv libcurl libssl libcrypto libzstd zlib libidn2 libpsl jansson \
	$(MSGPACK)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2 -Wswitch-enum \
	-Wimplicit-fallthrough -Wundef
CFLAGS ?= -O2 -g
# Calls between files cost the program a tenth of its time.  Tests do without:
# what they link would be compiled anew for each.  LTO= switches it off.
ifeq ($(origin LTO),undefined)
LTO := $(if $(SAN),,$(shell $(CC) --version 2>/dev/null | \
	grep -q 'Free Software Foundation' && echo -flto=auto))
endif
OUR_CFLAGS = -std=c11 -D_GNU_SOURCE -DMXCENSUS_VERSION='"$(VERSION)"' \
	-I. -I$(BUILD) $(WARN) $(if $(WERROR),-Werror) -pthread \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer) $(if $(LTO),$(LTO) -ffat-lto-objects) \
	$(shell pkg-config --cflags $(PKGS))
OUR_LDFLAGS = -pthread $(if $(SAN),-fsanitize=$(SAN)) $(LTO)
LIBS = $(shell pkg-config --libs $(PKGS)) -lldns -lm

.PHONY: all deps venv demo demo-run check check-run check-unit check-scripts \
	check-lab check-style install clean fuzz dist man
.DELETE_ON_ERROR:

all: $(BUILD)/mxcensus

$(BUILD)/mxcensus: $(OBJ)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c | $(INC)
	@mkdir -p $(dir $@)
	@echo "  CC    $<"
	$(Q)$(CC) $(CFLAGS) $(OUR_CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

# The addresses that are never contacted, from the list people can read.
$(BUILD)/special_purpose.inc: data/special-purpose.txt \
		workers/special_purpose.awk
	@mkdir -p $(dir $@)
	$(Q)awk -f workers/special_purpose.awk data/special-purpose.txt > $@

# Who a name belongs to, from the list people can read.
$(BUILD)/providers.inc: data/providers.tsv scanner/rules/providers.awk
	@mkdir -p $(dir $@)
	$(Q)LC_ALL=C awk -f scanner/rules/providers.awk data/providers.tsv > $@

$(BUILD)/libmxcensus.a: $(LIB)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/tests/%: private LTO = -fno-lto
$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(TEST_SHARED) \
		$(BUILD)/libmxcensus.a
	@mkdir -p $(dir $@)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

# The same program with one constant of one rule changed: what `judge` is
# tested with (tests/lab/judge_again.sh).
CHANGED_RULE ?= scanner/rules/sts_policy.c
CHANGED_CONSTANT := MAX_AGE_SHORT_S=90000

$(BUILD)/changed-rule.o: $(CHANGED_RULE) $(CHANGED_RULE:%.c=$(BUILD)/%.o)
	@grep -q '^#ifndef $(firstword $(subst =, ,$(CHANGED_CONSTANT)))$$' $< || \
		{ echo "$<: nothing to change by $(CHANGED_CONSTANT)"; exit 1; }
	@echo "  CC    $< ($(CHANGED_CONSTANT))"
	$(Q)$(CC) $(CFLAGS) $(OUR_CFLAGS) $(CPPFLAGS) -D$(CHANGED_CONSTANT) \
		-c -o $@ $<

$(BUILD)/mxcensus-changed-rule: $(BUILD)/changed-rule.o \
		$(filter-out $(CHANGED_RULE:%.c=$(BUILD)/%.o),$(OBJ))
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.SECONDARY:

# ---- from nothing ---------------------------------------------------------

deps:
	@scripts/deps.sh

venv:
	@scripts/venv.sh $(VENV)

demo:
	@scripts/deps.sh
	@scripts/venv.sh $(VENV)
	@$(MAKE) demo-run

demo-run: $(BUILD)/mxcensus
	@MXCENSUS=$(BUILD)/mxcensus tests/lab/in-net tests/lab/demo.sh

check:
	@scripts/deps.sh tests
	@scripts/venv.sh $(VENV)
	@$(MAKE) check-run

check-run: $(BUILD)/mxcensus $(TESTS)
	@BUILD=$(BUILD) MXCENSUS=$(BUILD)/mxcensus SAN=$(SAN) tests/run.sh

check-unit: $(TESTS)
	@BUILD=$(BUILD) tests/run.sh unit

check-style check-scripts check-lab: $(BUILD)/mxcensus
	@BUILD=$(BUILD) MXCENSUS=$(BUILD)/mxcensus tests/run.sh $(@:check-%=%)

check-run check-lab: $(BUILD)/mxcensus-changed-rule

# ---- fuzzing: make fuzz TARGET=sts_policy SECONDS=60 -----------------------

FUZZ_CC ?= clang
SECONDS ?= 60
TARGET ?= $(FUZZ)

fuzz: $(INC)
	@mkdir -p $(BUILD)/fuzz
	@for t in $(TARGET); do \
		echo "  FUZZ  $$t ($(SECONDS) s)"; \
		$(FUZZ_CC) -g -O1 -fsanitize=fuzzer,address,undefined \
			-std=c11 -D_GNU_SOURCE -DMXCENSUS_VERSION='"$(VERSION)"' \
			-I. -I$(BUILD) $$(pkg-config --cflags $(PKGS)) -pthread \
			-o $(BUILD)/fuzz/$$t tests/fuzz/fuzz_$$t.c \
			$(filter-out scanner/main.c,$(SRC)) $(LIBS) || exit 1; \
		mkdir -p $(BUILD)/fuzz/corpus-$$t; \
		$(BUILD)/fuzz/$$t -max_total_time=$(SECONDS) -timeout=5 \
			-print_final_stats=1 $(BUILD)/fuzz/corpus-$$t \
			tests/fuzz/corpus/$$t 2>$(BUILD)/fuzz/$$t.log || \
			{ tail -20 $(BUILD)/fuzz/$$t.log; exit 1; }; \
		grep -E 'number_of_executed_units' $(BUILD)/fuzz/$$t.log; \
	done

# The corpora are replayed by `make check`, with the compiler at hand.
$(BUILD)/tests/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o \
		$(BUILD)/tests/fuzz/replay.o $(BUILD)/libmxcensus.a
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

REPLAYS := $(FUZZ:%=$(BUILD)/tests/replay_%)
check-run check-unit: $(REPLAYS)

# ---- install --------------------------------------------------------------

$(BUILD)/mxcensus.1: $(BUILD)/mxcensus
	$(Q)$(BUILD)/mxcensus help --man > $@

man: $(BUILD)/mxcensus.1

# Each is scripts/NAME, and mxcensus-NAME once installed.
COMMANDS := summarize diff trend report export reports who

install: $(BUILD)/mxcensus $(BUILD)/mxcensus.1
	install -d $(DESTDIR)$(PREFIX)/bin \
		$(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/doc/mxcensus \
		$(DESTDIR)$(PREFIX)/share/mxcensus \
		$(DESTDIR)$(PREFIX)/lib/mxcensus/scripts
	install -m 755 $(BUILD)/mxcensus $(DESTDIR)$(PREFIX)/bin/mxcensus
	install -m 644 $(BUILD)/mxcensus.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/mxcensus.1
	install -m 644 README.md CHANGELOG.md LICENSE output/SCHEMA.md \
		$(DESTDIR)$(PREFIX)/share/doc/mxcensus
	install -m 644 data/exclude.txt data/providers.tsv \
		data/special-purpose.txt \
		$(DESTDIR)$(PREFIX)/share/mxcensus
	cp -R scripts/. $(DESTDIR)$(PREFIX)/lib/mxcensus/scripts/
	find $(DESTDIR)$(PREFIX)/lib/mxcensus/scripts -name __pycache__ \
		-prune -exec rm -rf {} +
	for c in $(COMMANDS); do \
		ln -sf ../lib/mxcensus/scripts/$$c \
			$(DESTDIR)$(PREFIX)/bin/mxcensus-$$c; \
	done

clean:
	rm -rf build build-*

dist:
	git archive --format=tar.gz --prefix=mxcensus-$(VERSION)/ \
		-o mxcensus-$(VERSION).tar.gz HEAD

-include $(OBJ:.o=.d) $(wildcard $(BUILD)/tests/unit/*.d $(BUILD)/tests/fuzz/*.d)

# ---- measuring: one line a figure, see tests/bench ------------------------

.PHONY: bench-scripts

bench-scripts: $(BUILD)/mxcensus
	@MXCENSUS=$(abspath $(BUILD))/mxcensus $(VENV)/bin/python3 \
		tests/bench/scripts.py $(BENCH_ARGS)

.PHONY: bench-output

# What a domain record costs, in CPU and in bytes: BENCH_DOMAINS=1000000.
$(BUILD)/bench/output: $(BUILD)/tests/bench/output.o \
		$(BUILD)/tests/unit/facts_sample.o $(BUILD)/libmxcensus.a
	@mkdir -p $(dir $@)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: bench-dns

$(BUILD)/bench/dns_loop: $(BUILD)/tests/bench/dns_loop.o \
		$(BUILD)/libmxcensus.a
	@mkdir -p $(dir $@)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: bench-probe

$(BUILD)/bench/probe_%: $(BUILD)/tests/bench/probe_%.o \
		$(BUILD)/tests/bench/probe_parts.o $(BUILD)/tests/unit/pki.o \
		$(BUILD)/libmxcensus.a
	@mkdir -p $(dir $@)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

PROBE_BENCHES := $(patsubst %,$(BUILD)/bench/probe_%,server floor pool)

bench-output: $(BUILD)/bench/output
	@echo "$$(uname -srm), $$(nproc) cores, $$(date -u +%F)"
	@$(BUILD)/bench/output $(BENCH_DOMAINS)

# In a network of its own; needs nsd and dnsperf.
bench-dns: $(BUILD)/mxcensus $(BUILD)/bench/dns_loop
	@MXCENSUS=$(abspath $(BUILD))/mxcensus tests/lab/in-net \
		$(VENV)/bin/python3 tests/bench/dns.py \
		--loop $(abspath $(BUILD))/bench/dns_loop $(BENCH_ARGS)

.PHONY: bench-window

$(BUILD)/bench/dns_lossy: $(BUILD)/tests/bench/dns_lossy.o
	@mkdir -p $(dir $@)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^

# The window that adapts beside fixed ones, against resolvers that lose.
bench-window: $(BUILD)/mxcensus $(BUILD)/bench/dns_lossy
	@MXCENSUS=$(abspath $(BUILD))/mxcensus tests/lab/in-net \
		$(VENV)/bin/python3 tests/bench/dns_window.py \
		--server $(abspath $(BUILD))/bench/dns_lossy $(BENCH_ARGS)

# In a network of its own; needs nsd.
bench-probe: $(BUILD)/mxcensus $(PROBE_BENCHES)
	@MXCENSUS=$(abspath $(BUILD))/mxcensus tests/lab/in-net \
		$(VENV)/bin/python3 tests/bench/probe.py \
		--programs $(abspath $(BUILD))/bench $(BENCH_ARGS)
.PHONY: bench-policy

$(BUILD)/bench/policy_loop: $(BUILD)/tests/bench/policy_loop.o \
		$(BUILD)/libmxcensus.a
	@mkdir -p $(dir $@)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# In a network of its own; needs nginx and curl.
bench-policy: $(BUILD)/bench/policy_loop
	@tests/lab/in-net $(VENV)/bin/python3 tests/bench/policy.py \
		--loop $(abspath $(BUILD))/bench/policy_loop $(BENCH_ARGS)

.PHONY: bench

# Everything that is measured, one after the other.
bench: bench-output bench-scripts bench-dns bench-window bench-probe \
	bench-policy bench-park bench-scan

.PHONY: bench-park

# What waits for MX hosts, in bytes: BENCH_ARGS="--domains 100000".
bench-park: $(BUILD)/mxcensus
	@MXCENSUS=$(abspath $(BUILD))/mxcensus tests/lab/in-net \
		$(VENV)/bin/python3 tests/bench/park.py $(BENCH_ARGS)

.PHONY: bench-scan

# A whole scan against the bulk lab: BENCH_ARGS="--domains 1000000".
bench-scan: $(BUILD)/mxcensus $(BUILD)/lab/bulk_server
	@MXCENSUS=$(abspath $(BUILD))/mxcensus tests/lab/in-net \
		$(VENV)/bin/python3 tests/bench/scan.py $(BENCH_ARGS)

# ---- the bulk lab's server: tests/lab/BULK.md -----------------------------

BULK_SRC := $(wildcard tests/lab/bulk_*.c)

$(BUILD)/lab/bulk_server: private LTO = -fno-lto
$(BUILD)/lab/bulk_server: $(BULK_SRC:%.c=$(BUILD)/%.o) \
		$(BUILD)/tests/unit/pki.o $(BUILD)/libmxcensus.a
	@mkdir -p $(dir $@)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

check-run check-lab: $(BUILD)/lab/bulk_server

# Its world is tested by hand-computed draws.
$(BUILD)/tests/test_bulk_world: $(BUILD)/tests/lab/bulk_world.o \
		$(BUILD)/tests/lab/bulk_dns.o

-include $(wildcard $(BUILD)/tests/lab/*.d)
