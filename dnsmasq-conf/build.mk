# The generator.
LIBS         += libconf
libconf-src  := $(filter-out dnsmasq-conf/main.c,$(wildcard dnsmasq-conf/*.c))
libconf-inc  := lib dnsmasq-conf
libconf-pkgs := libxml-2.0 jansson libmd
libconf-cppflags := -DCPR_HOOKDIR='"$(HOOKDIR)"'
HEADERS      += $(wildcard dnsmasq-conf/*.h)
# It is a part of that object.
$B/obj/dnsmasq-conf/schema.o: dnsmasq-conf/XMLDefault.rng
INSTALL_FILES += 644:dnsmasq-conf/XMLDefault.rng:$(PREFIX)/share/phone-cpr/XMLDefault.rng

PROGS          += cpr-conf
cpr-conf-src   := dnsmasq-conf/main.c
cpr-conf-inc   := lib dnsmasq-conf
cpr-conf-use   := libconf libcpr-cli libcpr
INSTALL_FILES  += 755:$B/cpr-conf:$(SBINDIR)/cpr-conf
INSTALL_FILES  += 644:docs/cpr-conf.8:$(PREFIX)/share/man/man8/cpr-conf.8
