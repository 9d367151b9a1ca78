# The core.  It sees its own folder only, so it cannot include a consumer.
LIBS        += libcpr
libcpr-src  := $(wildcard lib/*.c)
libcpr-inc  := lib
libcpr-pkgs := libconfuse libmd
HEADERS     += $(wildcard lib/*.h)

# What every program shares with its user: options, errors, progress bars, children.
LIBS           += libcpr-cli
libcpr-cli-src := $(wildcard lib/cli/*.c)
libcpr-cli-inc := lib
HEADERS        += $(wildcard lib/cli/*.h)
