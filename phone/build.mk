# A phone that is not there.  Everything but main.c is an archive that the unit tests link.
LIBS           += libphone
libphone-src   := $(filter-out phone/main.c,$(wildcard phone/*.c))
libphone-inc   := lib phone doctor
libphone-pkgs  := jansson libpcap
HEADERS        += $(wildcard phone/*.h)
PROGS          += cpr-phone
cpr-phone-src  := phone/main.c
cpr-phone-inc  := lib phone
cpr-phone-use  := libphone libengine libcpr-cli libcpr
cpr-phone-pkgs := jansson
INSTALL_FILES  += 755:$B/cpr-phone:$(BINDIR)/cpr-phone
INSTALL_FILES  += 644:docs/cpr-phone.8:$(PREFIX)/share/man/man8/cpr-phone.8
