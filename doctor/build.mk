# The doctor.  Its engine is an archive of its own: the bench and the simulated phone use it too.
LIBS           += libengine
libengine-src  := $(wildcard doctor/engine/*.c)
libengine-inc  := lib
libengine-pkgs := libxml-2.0
LIBS           += libdoctor
libdoctor-src  := $(filter-out doctor/main.c,$(wildcard doctor/*.c))
libdoctor-inc  := lib doctor
libdoctor-pkgs := jansson libcap-ng libpcap libseccomp libsystemd zlib
HEADERS        += $(wildcard doctor/*.h doctor/engine/*.h)

PROGS          += cpr-doctor
cpr-doctor-src := doctor/main.c
cpr-doctor-inc := lib doctor dnsmasq-conf
cpr-doctor-use := libdoctor libengine libconf libcpr-cli libcpr
INSTALL_FILES  += 755:$B/cpr-doctor:$(SBINDIR)/cpr-doctor
INSTALL_FILES  += 644:docs/cpr-doctor.8:$(PREFIX)/share/man/man8/cpr-doctor.8
