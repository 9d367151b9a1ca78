# The core.  It sees its own folder only, so it cannot include a consumer.
LIBS        += libcpr
libcpr-src  := $(wildcard lib/*.c)
libcpr-inc  := lib
libcpr-pkgs := libconfuse libmd nettle
HEADERS     += $(wildcard lib/*.h)
INSTALL_FILES += 644:docs/phone-cpr-site.conf.5:$(PREFIX)/share/man/man5/phone-cpr-site.conf.5

# What every program shares with its user: options, errors, progress bars, children.
LIBS           += libcpr-cli
libcpr-cli-src  := $(wildcard lib/cli/*.c)
libcpr-cli-inc  := lib
libcpr-cli-pkgs := libseccomp
HEADERS        += $(wildcard lib/cli/*.h)
