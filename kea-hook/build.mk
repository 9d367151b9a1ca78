# The hook's core, in C: decision, phone table, health.  No C++ type in sight.
LIBS        += libhook
libhook-src := $(wildcard kea-hook/*.c)
libhook-inc := lib kea-hook

# The shim around it, in C++: Kea's objects in, Kea's objects out.  nodelete: Kea unloads and
# loads a hook at every change of its configuration, and what is in force must outlive that.
MODULES                       += libdhcp_option150.so
libdhcp_option150.so-src      := $(wildcard kea-hook/*.cc)
libdhcp_option150.so-inc      := lib kea-hook
libdhcp_option150.so-cppflags := -isystem /usr/include/kea
libdhcp_option150.so-use      := libhook libcpr
libdhcp_option150.so-ld       := $(CXX)
libdhcp_option150.so-map      := kea-hook/exports.map
libdhcp_option150.so-ldflags  := -Wl,-z,nodelete -lkea-dhcp++ -lkea-hooks -lkea-stats -lkea-cc \
				 -lkea-asiolink -lkea-log -lkea-util -lkea-exceptions $(if $(filter default,$(PROFILE)),-Wl$(comma)-z$(comma)defs)
INSTALL_FILES += 644:$B/libdhcp_option150.so:$(HOOKDIR)/libdhcp_option150.so
INSTALL_FILES += 644:docs/kea-hook-option150.8:$(PREFIX)/share/man/man8/kea-hook-option150.8

# What has a .cc beside it, or names Kea's types, is C++.
hook-cxx    := kea-hook/core.h $(patsubst %.cc,%.h,$(wildcard kea-hook/*.cc))
HEADERS     += $(filter-out $(hook-cxx),$(wildcard kea-hook/*.h))
HEADERS_CXX += $(filter $(hook-cxx),$(wildcard kea-hook/*.h))
