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
