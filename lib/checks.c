#include "checks.h"

#include "check.h"
#include "cleanup.h"
#include "observed.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool reported(const struct cpr_sink *s, const char *file)
{
	for (size_t i = 0; i < s->out->n; i++)
		if (strcmp(s->out->finding[i].id, s->check->id) == 0 &&
			strcmp(s->out->finding[i].file, file) == 0)
			return true;
	return false;
}

__attribute__((format(printf, 4, 0))) static void add(struct cpr_sink *s,
	enum cpr_severity severity, const char *file, const char *format, va_list args)
{
	struct cpr_finding f = {
		.id = s->check->id, .severity = severity, .remedy = s->check->remedy};
	struct cpr_finding *grown =
		reallocarray(s->out->finding, s->out->n + 1, sizeof(*grown));

	if (grown)
		s->out->finding = grown;
	f.file = strdup(file);
	if (vasprintf(&f.text, format, args) < 0)
		f.text = NULL;
	if (!grown || !f.file || !f.text) {
		free(f.file);
		free(f.text);
		s->out->lost = true;
		return;
	}
	s->out->finding[s->out->n++] = f;
}

void cpr_found_as(struct cpr_sink *s, enum cpr_severity severity, const char *file,
	const char *format, ...)
{
	va_list args;

	if (*file && reported(s, file))
		return;
	va_start(args, format);
	add(s, severity, file, format, args);
	va_end(args);
}

void cpr_found_each(struct cpr_sink *s, enum cpr_severity severity, const char *file,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(s, severity, file, format, args);
	va_end(args);
}

const struct cpr_check cpr_checks[] = {
	{"no-tftp-server", CPR_ERROR,
		"DHCP tells the phones where their firmware is (option 150, option 66, "
		"siaddr). "
		"Without an address there is nothing to tell, and a wiped phone never "
		"asks for a file.",
		"set tftp-servers = {\"ADDRESS\"} in the site file",
		cpr_check_no_tftp_server},
	{"no-call-manager", CPR_WARNING,
		"XMLDefault.cnf.xml without a callManagerGroup is ignored as a whole by "
		"the phones (one source, and every sample has the group). A phone then "
		"recovers its firmware, and registers nowhere.",
		"set call-managers = {\"ADDRESS\"} in the site file",
		cpr_check_no_call_manager},
	{"model-not-answered", CPR_WARNING,
		"Phones get their TFTP server from DHCP, told apart from other gear by "
		"the vendor class they send. A phone that no server answers never asks "
		"for a file.",
		"switch a DHCP server on in the site file, or give the model its option "
		"150 by its MAC address; cpr-conf option150 says how to write it",
		cpr_check_model_not_answered},
	{"no-firmware", CPR_ERROR,
		"A TFTP root without a load for any phone brings none back.  It may be the "
		"wrong folder, or a file system that is not mounted.",
		"import a package with cpr-helper, or set tftp-root in the site file",
		cpr_check_no_firmware},
	{"missing-image", CPR_ERROR,
		"A phone fetches every file that the packing list names, in its order. "
		"One that "
		"is not there ends the recovery, and the phone starts over with the same "
		"list.",
		"import the package again; it holds the file", cpr_check_missing_image},
	{"wrong-case", CPR_ERROR,
		"TFTP servers on Linux tell JAR41 from jar41, and phones ask exactly as "
		"the list "
		"prints it; lists of 8.2(2) to 8.3(1) print capitals for files that are "
		"lower case.",
		"import the package with cpr-helper, which adds a link for each spelling",
		cpr_check_wrong_case},
	{"truncated-image", CPR_ERROR,
		"A file that was cut off or padded, by a broken download or a full disk, "
		"has the "
		"right name and header. The phone fetches it, refuses it, and starts over.",
		"fetch the package again and import it with --replace",
		cpr_check_truncated_image},
	{"renamed", CPR_ERROR,
		"A signed file holds its own name, and the phone compares it with the "
		"name it "
		"asked for (\"filename doesn't match filename in envelope\"). A renamed "
		"image is refused, whatever it is renamed to.",
		"give the file its own name back, or import its package again",
		cpr_check_renamed},
	{"loads-inner-name", CPR_ERROR,
		"A packing list is signed under its own name like an image. A list of "
		"another "
		"version or protocol, copied to the name the phone asks for, is refused.",
		"give the file its own name back, and import the package that holds the "
		"right list",
		cpr_check_loads_inner_name},
	{"container-malformed", CPR_ERROR,
		"The header of a signed file says its length, name and signature. Where "
		"it is damaged the phone cannot check the file and refuses it.",
		"fetch the package again and import it with --replace",
		cpr_check_container_malformed},
	{"loads-malformed", CPR_ERROR,
		"What a load consists of stands in its .loads file alone. A phone that "
		"cannot read the list asks for nothing more.",
		"fetch the package again and import it with --replace",
		cpr_check_loads_malformed},
	{"unreadable", CPR_ERROR,
		"TFTP servers give out only what everybody may read; the phone gets an "
		"error instead of the file.",
		"chmod a+r the file", cpr_check_unreadable},
	{"absolute-link", CPR_ERROR,
		"A TFTP server sees its root as the whole file system, or refuses what "
		"leads out of it: a link with an absolute path leads nowhere there.",
		"make it a relative link: ln -sr", cpr_check_absolute_link},
	{"beyond-tftp", CPR_WARNING,
		"Plain TFTP numbers its blocks of 512 bytes with 16 bits.  Images of the "
		"78xx and 88xx are larger; whether these phones ask for larger blocks, no "
		"source tells. Those that take HTTP ask port 6970 first.",
		"serve the TFTP root by HTTP on port 6970 as well",
		cpr_check_beyond_tftp},
	{"no-term-file", CPR_ERROR,
		"A wiped phone knows one name only: term<NN>.default.loads, with its "
		"model's number. Without this file none of the others is ever asked for.",
		"import the package of the load: it holds the term file of each of its "
		"models",
		cpr_check_no_term_file},
	{"term-not-served", CPR_ERROR,
		"SCCP and SIP packages bring term files of one name, so they are kept "
		"aside and the one of the plan is linked into the TFTP root.",
		"run cpr-conf generate", cpr_check_term_not_served},
	{"term-version", CPR_NOTE,
		"A phone boots with the load of its term file, reads XMLDefault.cnf.xml, "
		"and "
		"loads once more when that names another one. It costs some minutes, and "
		"with another protocol the phone is a different one.",
		"set recovery or load of the model in the site file to the same load",
		cpr_check_term_version},
	{"term-collision", CPR_NOTE,
		"SCCP and SIP packages bring term files of one name with different "
		"lists. The one that is served decides what a wiped phone becomes, and "
		"unzip overwrites the one with the other.",
		"set recovery of the model, or protocol, in the site file; import packages "
		"with cpr-helper, which keeps both",
		cpr_check_term_collision},
	{"hardware-mask", CPR_WARNING,
		"A list says by a mask which boards it is for. A phone that was built "
		"later than its load refuses it (\"Load rejected - hardware "
		"compatibility mismatch\") and asks for the term file again.",
		"import a load of 9.4(2), or take care that no newer board is among the "
		"phones",
		cpr_check_hardware_mask},
	{"upgrade-path", CPR_NOTE,
		"A phone checks what it loads with what it has: below 8.3(3) it takes "
		"nothing above 8.5(2), and until 8.5(2) it does not know the key that "
		"signs 8.5(2)SR1 and later. Sent there at once, it loops.",
		"import 8.5(2) too; for old phones set load and recovery of their model "
		"to it, and to the newer one when they run it",
		cpr_check_upgrade_path},
	{"dangling-load", CPR_WARNING,
		"XMLDefault.cnf.xml tells each model its load. A phone that runs another "
		"one asks for that list at every boot, gets an error or half a load, and "
		"stays as it is.",
		"import the load's package, or run cpr-conf generate where another load is "
		"complete",
		cpr_check_dangling_load},
	{"pin-not-served", CPR_ERROR,
		"A load that the site file names for a model, by load or recovery, is "
		"served as it is named or not at all: cpr-conf generate refuses to choose "
		"another one, and changes nothing.",
		"import the load's package, or take the line out of the site file",
		cpr_check_pin_not_served},
	{"no-complete-load", CPR_ERROR,
		"Only a load whose files are all there, whole and under their own names "
		"can be named in XMLDefault.cnf.xml.",
		"import a package for the model", cpr_check_no_complete_load},
	{"os79xx", CPR_ERROR,
		"A wiped 7940 or 7960 asks for OS79XX.TXT, which names its image, and "
		"for that image next. Old loads take a blank behind the name as part of it "
		"(CSCdv19260).",
		"run cpr-conf generate, or take the file away before it",
		cpr_check_os79xx},
	{"xmldefault-malformed", CPR_ERROR,
		"A phone that cannot parse XMLDefault.cnf.xml has neither a load to run "
		"nor a "
		"call manager to register with; and what cannot be parsed is not merged "
		"into.",
		"mend the file at the line that is named, or move it away and run cpr-conf "
		"generate",
		cpr_check_xmldefault_malformed},
	{"closed-to-server", CPR_ERROR,
		"A server reads its files as a user of its own. What that user cannot "
		"open is not served, and what dnsmasq cannot read in its folder of options "
		"is left out without a word to anybody.",
		"chmod a+r the file, and chmod a+x the folders on the way",
		cpr_check_closed_to_server},
	{"line-missing", CPR_ERROR,
		"Files of other packages are never edited. Until their owner adds the "
		"line that ties the generated file in, the server does not know of it.",
		"add the line; cpr-conf generate says where", cpr_check_line_missing},
	{"network-not-served", CPR_WARNING,
		"A network of the site file has TFTP servers of its own. Where the DHCP "
		"server cannot tell its phones from the others, they are sent to the "
		"general ones.",
		"add the line, or take the network out of the site file",
		cpr_check_network_not_served},
	{"option-missing", CPR_WARNING,
		"Without the map in.tftpd finds a file in the very spelling of its name only, "
		"and some lists spell otherwise; without a range of ports a firewall cannot "
		"know its transfers.",
		"add the line; cpr-conf generate says where", cpr_check_option_missing},
	{"secret-readable", CPR_WARNING,
		"TFTP asks for no password: whoever is on the network and guesses the MAC "
		"address in a file's name can read what stands in it.",
		"take the password out of the file, or let nobody but phones reach the "
		"TFTP server",
		cpr_check_secret_readable},
	{"tftp-root-differs", CPR_ERROR,
		"Phones get what the TFTP server gives out, which is not what lies in "
		"tftp-root where that is another folder, or closed to the server's user. "
		"What is told here of the firmware is not true for phones then.",
		"set tftp-root to the folder that is served, or let the server serve this "
		"one, and let its user read it",
		cpr_check_tftp_root_differs},
	{"server-differs", CPR_WARNING,
		"Phones use the first two servers that they are told, and turn to the "
		"second where the first does not answer. With another term file or list "
		"there, or none, they come back with another load, or not at all.",
		"bring the TFTP roots of all servers to the same state",
		cpr_check_server_differs},
	{"server-silent", CPR_ERROR,
		"A phone asks a server that does not answer four times in 16 seconds, for "
		"each file anew, before it turns to the second; without a second it "
		"never comes back.",
		"start its TFTP server, let UDP port 69 through to it, or take it out of "
		"tftp-servers",
		cpr_check_server_silent},
	{"firewall", CPR_ERROR,
		"DHCP comes in to UDP port 67. TFTP comes in to port 69, is answered from "
		"another port, and goes on between these two: a packet filter must take "
		"them for one connection, or let the ports of the transfers through, too.",
		"accept UDP ports 67 and 69, and what belongs to connections: ct state "
		"established,related",
		cpr_check_firewall},
};
const size_t cpr_checks_n = CPR_ARRAY_LEN(cpr_checks);

void cpr_checks_run(const struct cpr_plan *plan, const struct cpr_observed *seen,
	struct cpr_findings *out)
{
	static const struct cpr_observed nothing = {0};

	for (size_t i = 0; i < cpr_checks_n; i++) {
		struct cpr_sink sink = {.check = &cpr_checks[i],
			.seen = seen ? seen : &nothing,
			.out = out};

		cpr_checks[i].run(plan, &sink);
	}
}

void cpr_findings_clear(struct cpr_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->finding[i].file);
		free(f->finding[i].text);
	}
	free(f->finding);
	*f = (struct cpr_findings){0};
}

const char *cpr_severity_name(enum cpr_severity s)
{
	static const char *const name[] = {"note", "warning", "error"};

	return name[s];
}
