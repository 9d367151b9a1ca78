# Intake of firmware packages.  Everything but main.c is an archive that the unit tests link.
LIBS            += libhelper
libhelper-src   := $(filter-out tftp-helper/main.c,$(wildcard tftp-helper/*.c))
libhelper-inc   := lib tftp-helper
libhelper-pkgs  := libarchive jansson libmd libseccomp libsystemd zlib
HEADERS         += $(wildcard tftp-helper/*.h)
PROGS           += cpr-helper
cpr-helper-src  := tftp-helper/main.c
cpr-helper-inc  := lib tftp-helper
cpr-helper-use  := libhelper libcpr-cli libcpr
INSTALL_FILES   += 755:$B/cpr-helper:$(SBINDIR)/cpr-helper
INSTALL_FILES   += 644:docs/cpr-helper.8:$(PREFIX)/share/man/man8/cpr-helper.8
# Installed, not enabled: see SETTING UP in cpr-helper.8.
helper-units    := phone-cpr-helper.service phone-cpr-refresh.service phone-cpr-refresh.path \
		   phone-cpr-.service.d/sandbox.conf
INSTALL_FILES   += $(foreach u,$(helper-units),644:tftp-helper/systemd/$u:$(PREFIX)/lib/systemd/system/$u)
INSTALL_FILES   += 644:tftp-helper/systemd/phone-cpr.catalog:$(PREFIX)/lib/systemd/catalog/phone-cpr.catalog
INSTALL_FILES   += 644:tftp-helper/systemd/sysusers.conf:$(PREFIX)/lib/sysusers.d/phone-cpr.conf
INSTALL_FILES   += 644:tftp-helper/systemd/tmpfiles.conf:$(PREFIX)/lib/tmpfiles.d/phone-cpr.conf
