# The hook's core, in C: decision, phone table, health.  No C++ type in sight.
LIBS        += libhook
libhook-src := $(wildcard kea-hook/*.c)
libhook-inc := lib kea-hook
HEADERS     += $(wildcard kea-hook/*.h)
