# Bench mode, on the doctor's state machine and in the words of its report.  Everything but main.c is an archive that the unit tests link.
LIBS             += librecover
librecover-src   := $(filter-out recover/main.c,$(wildcard recover/*.c))
librecover-inc   := lib doctor
librecover-pkgs  := jansson
HEADERS          += $(wildcard recover/*.h)
PROGS            += cpr-recover
cpr-recover-src  := recover/main.c
cpr-recover-inc  := lib doctor
cpr-recover-use  := librecover libdoctor libengine libcpr-cli libcpr
cpr-recover-pkgs := jansson
INSTALL_FILES    += 755:$B/cpr-recover:$(SBINDIR)/cpr-recover
INSTALL_FILES    += 644:docs/cpr-recover.8:$(PREFIX)/share/man/man8/cpr-recover.8
