# One make for the whole tree.  Each folder's build.mk says WHAT it builds;
# HOW is said here and only here.  `make help` lists the targets.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += -r
SHELL := /bin/bash
comma := ,

# What a packager may set.
VERSION    := 0.1.0
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
CFLAGS     ?= -O2 -g
CXXFLAGS   ?= $(CFLAGS)
# Of Kea itself, whatever PREFIX: newer ones load a hook from nowhere else, nor does Debian's
# AppArmor profile let any.
HOOKDIR    ?= /usr/lib/$(shell $(CC) -print-multiarch)/kea/hooks
INSTALL    ?= install
PKG_CONFIG ?= pkg-config

# Build profiles: each has a directory of its own, so they never mix.
PROFILE ?= default
B       := build/$(PROFILE)
profile-default :=
profile-asan    := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
profile-tsan    := -fsanitize=thread -fno-omit-frame-pointer
profile-cov     := --coverage -O0
# of clang alone: tests/fuzz/run
profile-fuzz    := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ifeq ($(origin profile-$(PROFILE)),undefined)
$(error no PROFILE '$(PROFILE)': choose default, asan, tsan, cov or fuzz)
endif

# Targets that must work before the compiler and the libraries are there.
early := demo check fuzz-doctor deps missing help clean
ifneq ($(if $(MAKECMDGOALS),$(filter-out $(early),$(MAKECMDGOALS)),all),)

CC        := $(if $(filter default,$(origin CC)),gcc,$(CC))
CXX       := $(if $(filter default,$(origin CXX)),g++,$(CXX))
warn      := -Wall -Wextra -Wformat=2 -Wshadow -Wvla -Wpointer-arith -Wwrite-strings -Wundef \
	     $(if $(WERROR),-Werror)
warn-c    := -Wstrict-prototypes -Wmissing-prototypes
harden    := -fPIC -fvisibility=hidden -fstack-protector-strong
cppflags   = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I$B $(CPPFLAGS)
cflags     = -std=c11 $(warn) $(warn-c) $(harden) $(CFLAGS) $(profile-$(PROFILE))
cxxflags   = -std=c++17 $(warn) $(harden) $(CXXFLAGS) $(profile-$(PROFILE))
ldflags    = -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) $(profile-$(PROFILE))

ifeq ($(filter 1,$V)$(findstring s,$(firstword -$(MAKEFLAGS))),)
say = @printf '  %-5s%s\n' $1 $(or $2,$@);
endif

# What there is to build: LIBS, PROGS, MODULES (for another's process), TOOLS (not installed),
# TESTS, FUZZERS, HEADERS, HEADERS_CXX, INSTALL_FILES.
include $(sort $(wildcard */build.mk))

# A packager without the tests' tools builds all the same; without a library nobody does.
needed := $(sort $(foreach x,$(LIBS) $(PROGS) $(TOOLS),$($x-pkgs)))
ifneq ($(shell $(PKG_CONFIG) --exists $(needed) && echo there),there)
$(error $(PKG_CONFIG) does not find all of: $(needed). `make deps` installs what is missing)
endif

# How to build it.  A stamp is rewritten only when its text changes, so that flags and
# source lists can be prerequisites.
stamp   = $(shell mkdir -p $(dir $1); printf '%s\n' '$2' | cmp -s - $1 2>/dev/null || printf '%s\n' '$2' >$1)
objects = $(patsubst %,$B/obj/%.o,$(basename $1))

# $1: a name; $1-src sources, $1-inc include folders, $1-pkgs pkg-config names, $1-cppflags.
define compile
$(call objects,$($1-src)): private target-flags := $($1-inc:%=-I%) $($1-cppflags) $(if $($1-pkgs),$(shell $(PKG_CONFIG) --cflags $($1-pkgs)))
endef
define archive
$B/obj/$1.a: $(call objects,$($1-src)) $B/obj/$1.list
	$$(call say,AR)rm -f $$@; $$(AR) rcs $$@ $$(filter %.o,$$^)
endef
# $1-use: archives in link order; what they need of pkg-config comes with them.  $1-ld: the
# linker driver; $1-map: the version script that makes it a shared object.
pkgs-of = $(sort $($1-pkgs) $(foreach a,$($1-use),$($a-pkgs)))
define link
$B/$1: $(call objects,$($1-src)) $($1-use:%=$B/obj/%.a) $B/obj/$1.list $($1-map)
	$$(call say,LINK)$(or $($1-ld),$$(CC)) $(if $($1-map),-shared -Wl$(comma)--version-script=$($1-map)) $$(ldflags) -o $$@ $$(filter %.o %.a,$$^) $($1-ldflags) $(if $(call pkgs-of,$1),$(shell $(PKG_CONFIG) --libs $(call pkgs-of,$1))) $$(LDLIBS)
endef

linked := $(PROGS) $(MODULES) $(TOOLS) $(TESTS) $(FUZZERS)
$(foreach x,$(LIBS) $(linked),$(eval $(call compile,$x))$(call stamp,$B/obj/$x.list,$($x-src) $($x-use) $($x-ldflags)))
$(foreach x,$(LIBS),$(eval $(call archive,$x)))
$(foreach x,$(linked),$(eval $(call link,$x)))

$(call stamp,$B/obj/flags,$(CC) $(CXX) $(cppflags) $(cflags) $(cxxflags))
$(call stamp,$B/version.h,#define CPR_VERSION "$(VERSION)")

$B/obj/%.o: %.c $B/obj/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(cppflags) $(target-flags) $(cflags) -MMD -MP -c -o $@ $<
$B/obj/%.o: %.cc $B/obj/flags
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) $(cppflags) $(target-flags) $(cxxflags) -MMD -MP -c -o $@ $<
-include $(patsubst %.o,%.d,$(foreach x,$(LIBS) $(linked),$(call objects,$($x-src))))
endif

all: $(addprefix $B/,$(PROGS) $(MODULES) $(TOOLS))  ## build the programs and the Kea hook into build/default/
threaded: $(addprefix $B/,$(THREADED))
fuzzers: $(addprefix $B/,$(FUZZERS))
tests: all $(addprefix $B/,$(TESTS))  ## build the programs and the unit tests

demo: missing  ## install what is missing, build, and bring a wiped phone back
	@$(MAKE) --no-print-directory all
	@tests/e2e/demo $B

check: missing  ## install what is missing, run every test, plain and with sanitizers
	@$(MAKE) --no-print-directory check-headers check-format
	@$(MAKE) --no-print-directory tests
	@$(MAKE) --no-print-directory tests PROFILE=asan
	@$(MAKE) --no-print-directory threaded PROFILE=tsan
	@tests/run

missing:
	@debian/deps --missing >/dev/null || debian/deps
deps:  ## install what debian/control asks for (no service is started or enabled)
	@debian/deps

bench-conf: all  ## measure what a generate costs (UPDATE=1: into docs/BENCHMARKS.md)
	@B=$B tests/bench/conf $(if $(UPDATE),--update)
bench-doctor: all  ## measure what reading a capture costs (UPDATE=1: into docs/BENCHMARKS.md)
	@B=$B tests/bench/doctor $(if $(UPDATE),--update)
bench-helper: all  ## measure what taking a package costs (UPDATE=1: into docs/BENCHMARKS.md)
	@B=$B tests/bench/helper $(if $(UPDATE),--update)
bench-hook: all  ## measure what the Kea hook costs (UPDATE=1: into docs/BENCHMARKS.md)
	@B=$B tests/bench/hook $(if $(UPDATE),--update)

fuzz-doctor:  ## mutated captures and logs through cpr-doctor, SECONDS_EACH=300 (needs clang)
	@tests/fuzz/run $(SECONDS_EACH)

check-boot: all  ## boot a small Debian with the units in systemd-nspawn (root; fetches it once)
	@B=$B bats tests/boot

check-headers:  ## compile every header on its own
	@set -e; for h in $(HEADERS); do \
	  echo "#include \"$$h\"" | $(CC) $(cppflags) -I. -Ilib -Idoctor -I$${h%/*} -std=c11 $(warn) $(warn-c) -Werror -fsyntax-only -x c -; done
	@set -e; for h in $(HEADERS_CXX); do \
	  echo "#include \"$$h\"" | $(CXX) $(cppflags) -I. -Ilib -I$${h%/*} -isystem /usr/include/kea \
	    -std=c++17 $(warn) -Werror -fsyntax-only -x c++ -; done
check-kea-headers:  ## compile the Kea hook with the headers of newer Keas (fetched, not installed)
	@tests/kea/headers $(CXX) $(cppflags) -Ilib -Ikea-hook -std=c++17 $(warn) -Werror
check-format:  ## compare the sources with .clang-format
	@clang-format --dry-run -Werror $(wildcard */*.[ch] */*.cc */*/*.[ch] */*/*.cc)
	@# bats does not see a command fail that stands behind a bare "!"
	@if grep -nE '^\s+! [^|]*$$' tests/*/*.bats; then echo 'write "run ! COMMAND"' >&2; exit 1; fi
format:  ## rewrite the sources in the house style
	@clang-format -i $(wildcard */*.[ch] */*.cc */*/*.[ch] */*/*.cc)

# INSTALL_FILES is a table of mode:source:destination; install and uninstall read it.
field = $(word $1,$(subst :, ,$2))
install: all  ## install under $(DESTDIR)$(PREFIX)
	@set -e; $(foreach f,$(INSTALL_FILES),$(INSTALL) -D -m $(call field,1,$f) $(call field,2,$f) "$(DESTDIR)$(call field,3,$f)";)
uninstall:  ## remove what install put there
	rm -f $(foreach f,$(INSTALL_FILES),"$(DESTDIR)$(call field,3,$f)")
clean:  ## remove build/
	rm -rf build
help:  ## show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{printf "  %-18s %s\n",$$1,$$2}'
.PHONY: all tests threaded fuzzers demo check check-boot bench-conf bench-doctor bench-helper bench-hook fuzz-doctor missing deps check-headers check-kea-headers check-format format install uninstall clean help
