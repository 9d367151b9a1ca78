#include "event.h"

#include "cleanup.h"
#include "cli/cli.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-journal.h>

const struct cpr_event_row cpr_events[CPR_EVENTS] = {
	[CPR_EVENT_STARTED] = {"started", "7fece7d54fb24e059e381465440c1662", 6,
		"Packages that are dropped into the folder are taken from now on."},
	[CPR_EVENT_STOPPED] = {"stopped", "0d31b28ddc514cfda1a86e05139ee647", 6,
		"What was being published is; what lies in the folder is taken at the next "
		"start."},
	[CPR_EVENT_ACCEPTED] = {"accepted", "04823b9f77be463ba80312a69252002d", 5,
		"The loads of a package are in the TFTP root.  No phone is told to run "
		"them, unless its model had no complete load."},
	[CPR_EVENT_REFUSED] = {"refused", "a4c76281dbdc46188a8632dedf8d7fc4", 3,
		"A package was moved to quarantine/, and nothing of it published.  The "
		"reasons stand in the .reason file beside it; fetch the package again, or "
		"import it by hand: cpr-helper import."},
	[CPR_EVENT_DEFERRED] = {"deferred", "dbe8bee872d64d50ad2cd0a827228d74", 6,
		"What lies in the folder is no whole package.  It may still be on its way: "
		"it is looked at again when it changes, and refused when it does not."},
	[CPR_EVENT_FAILED] = {"failed", "804e734d33574df7a04831382c5590c3", 3,
		"A package could not be taken because of this host: a full disk, missing "
		"rights.  Nothing of it was published, and what was served is; it is tried "
		"again every half minute."},
	[CPR_EVENT_PUBLISHED] = {"published", "fc23bfdc394749b786915b35d068d2f8", 6,
		"Term files and XMLDefault.cnf.xml agree with the firmware that is "
		"there."},
	[CPR_EVENT_NOT_PUBLISHED] = {"not-published", "7a227e329a9341ddac8a5081e8ad7846",
		3,
		"Term files or XMLDefault.cnf.xml could not be put in place; the lines "
		"before this one say why.  The old ones serve."},
	[CPR_EVENT_LOAD_GONE] = {"load-gone", "3511910a76094c319371c292aca2fcfe", 4,
		"A load that phones are told to run was removed from the TFTP root.  "
		"XMLDefault.cnf.xml names another complete load of the model instead, or "
		"none.  Its images are still there: 'cpr-helper remove' takes all."},
	[CPR_EVENT_ROOT_ABSENT] = {"root-absent", "9010e6c4181a4194b61d138138b7c84a", 3,
		"The TFTP root is gone, or cannot be read: perhaps it is not mounted.  "
		"Packages wait; it is looked for every five seconds."},
	[CPR_EVENT_ROOT_PRESENT] = {"root-present", "390a3bc99d5a40f3b2f24ce0dc295ee3", 5,
		"The TFTP root is back, and what is missing in it is put there."},
	[CPR_EVENT_OVERFLOW] = {"overflow", "cdaf8b4bf1bc4c7892d540bd97ee5b9a", 6,
		"More happened in the folder than the kernel keeps.  Nothing is lost: all of "
		"it is looked at again."},
	[CPR_EVENT_SITE_REFUSED] = {"site-refused", "9f82e1ce6d04456f91bfc3b4599661a9", 3,
		"The site file was not taken at a reload; what it said before holds."},
};

void cpr_event(enum cpr_event e, const char *package, const char *format, ...)
{
	const struct cpr_event_row *row = &cpr_events[e];
	_cleanup_(cpr_freep) char *text = NULL;
	va_list args;

	va_start(args, format);
	text = cpr_text_format("", format, args);
	va_end(args);
	if (!text)
		return;
	if (!cpr_cli_journal() ||
		sd_journal_send("MESSAGE=%s", text, "MESSAGE_ID=%s", row->id,
			"PRIORITY=%d", row->priority, "PHONE_CPR_EVENT=%s", row->name,
			package ? "PHONE_CPR_PACKAGE=%s" : NULL, package, NULL) < 0)
		cpr_say(row->priority, "%s", text);
}
