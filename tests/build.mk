# tests/unit/test-*.c and tests/tools/*.c are found by name: adding a file adds a test or a tool.
CMOCKA_CFLAGS := $(shell $(PKG_CONFIG) --cflags cmocka)
CMOCKA_LIBS   := $(shell $(PKG_CONFIG) --libs cmocka)

# The maker of synthetic firmware packages, for unit tests, e2e and the demo.
LIBS              += libfirmware
libfirmware-src   := $(filter-out tests/firmware/mkfirmware.c,$(wildcard tests/firmware/*.c))
libfirmware-inc   := lib tests
libfirmware-pkgs  := libarchive libmd
HEADERS           += $(wildcard tests/firmware/*.h)
TOOLS             += $(if $(wildcard tests/firmware/mkfirmware.c),mkfirmware)
mkfirmware-src    := tests/firmware/mkfirmware.c
mkfirmware-inc    := lib tests
mkfirmware-use    := libcpr-cli libfirmware libcpr

# Of what runs in a server's packet threads; `make check` builds these with PROFILE=tsan too.
THREADED := test-core test-decide test-health test-phones
TESTS += $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test-*.c))
define declare-test
$1-src      := tests/unit/$1.c
$1-inc      := lib dnsmasq-conf tftp-helper phone recover kea-hook doctor tests
$1-use       = $(if $(filter test-doctor-fuzz,$1),libfuzz) $$(filter libconf libhelper libphone librecover libdoctor libhook,$$(LIBS)) libengine libcpr-cli libfirmware libcpr
$1-cppflags := $(CMOCKA_CFLAGS)
$1-ldflags  := $(CMOCKA_LIBS)
endef
$(foreach t,$(TESTS),$(eval $(call declare-test,$t)))

# What e2e tests run that is no program of ours.
define declare-tool
TOOLS  += $1
$1-src := tests/tools/$1.c
$1-inc := lib dnsmasq-conf
$1-use := libconf libcpr-cli libcpr
endef
$(foreach t,$(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c)),$(eval $(call declare-tool,$t)))

# A hook library beside ours, for the tests of what another one does to it.
TOOLS              += refuse.so
refuse.so-src      := tests/kea/refuse.cc
refuse.so-cppflags := -isystem /usr/include/kea
refuse.so-ld       := $(CXX)
refuse.so-map      := kea-hook/exports.map
refuse.so-ldflags  := -lkea-hooks -lkea-cc -lkea-exceptions

# The C core under the benchmark of the Kea hook.
TOOLS          += bench-core
bench-core-src := tests/bench/core.c
bench-core-inc := lib kea-hook
bench-core-use := libhook libcpr

# Captures of any size for the benchmark of cpr-doctor.
TOOLS          += mkcapture
mkcapture-src  := tests/bench/mkcapture.c
mkcapture-inc  := lib tests
mkcapture-use  := libcpr-cli libfirmware libcpr

# Verdicts on captures that end early.
TOOLS     += cuts
cuts-src  := tests/captures/cuts.c
cuts-inc  := lib doctor
cuts-use  := libdoctor libengine libcpr

# Strangers' bytes through cpr-doctor: for a unit test, and with PROFILE=fuzz for libFuzzer.
LIBS         += libfuzz
libfuzz-src  := tests/fuzz/doctor.c tests/fuzz/mutate.c
libfuzz-inc  := lib doctor tests
HEADERS      += tests/fuzz/fuzz.h tests/fuzz/target.h
define declare-fuzzer
FUZZERS    += fuzz-$1
fuzz-$1-src     := tests/fuzz/target-$1.c
fuzz-$1-inc     := tests
fuzz-$1-use     := libfuzz libdoctor libengine libcpr
fuzz-$1-ldflags := -fsanitize=fuzzer
endef
$(foreach f,$(if $(filter fuzz,$(PROFILE)),capture log),$(eval $(call declare-fuzzer,$f)))
