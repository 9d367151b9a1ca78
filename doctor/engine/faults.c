/* The table of faults, in the order of a boot: what comes first is looked for first, and where
 * it explains what comes later, `causes` says so and only it is named.
 *
 * Sources: "firmware" is static analysis of published firmware of the 79x1 generation,
 * "capture" a published capture or server log.  No phone was on a bench. */
#include "faults.h"

#define BIT(fault) (UINT32_C(1) << CPR_FAULT_##fault)

/* What a phone shows that does not find its server. */
#define NO_SERVER (BIT(PHONE_NEVER_ASKS) | BIT(TFTP_NO_ANSWER) | BIT(TFTP_OTHER_SERVER))

const struct cpr_fault cpr_faults[CPR_FAULT_N] = {
	[CPR_FAULT_DHCP_NO_OFFER] =
		{
			.name = "dhcp-no-offer",
			.why = "The phone asks for an address and gets none. It repeats "
			       "its DISCOVER every few seconds, for ever, and can do "
			       "nothing else. Either nothing answers where it asks (no "
			       "server, no relay, another VLAN, an empty pool, a server "
			       "that ignores it), or the answers do not lead to a lease "
			       "(NAK, an address that is in use, OFFERs that do not get "
			       "to the phone).",
			.remedy = "see that a DHCP server, not this host's own, listens "
				  "in this network (VLAN, relay), that its pool has a "
				  "free address and that it does not ignore this phone",
			.source = "RFC 2131 4.4.1; firmware: first timer 4 s",
			.absence = true,
			.look = cpr_look_dhcp_no_offer,
		},
	[CPR_FAULT_DHCP_LATE] =
		{
			.name = "dhcp-late",
			.why = "The first DISCOVERs went unanswered and a later one did "
			       "not. A switch port that runs spanning tree without "
			       "portfast is silent for some 30 s after each link up; a "
			       "phone that reboots pays that each time. An overloaded "
			       "server or relay looks the same.",
			.remedy = "set the phone's switch port to portfast (an edge "
				  "port); else look why the DHCP server or its relay "
				  "answers late",
			.source = "firmware: first timer 4 s; the cause is an inference",
			.absence = true,
			.look = cpr_look_dhcp_late,
		},
	[CPR_FAULT_DHCP_TWO_SERVERS] =
		{
			.name = "dhcp-two-servers",
			.why = "Two DHCP servers answer one DISCOVER and lead to different "
			       "TFTP servers. The phone takes the offer that comes first, "
			       "so it works at times.",
			.remedy =
				"switch off one of the two DHCP servers, or let both give "
				"the same TFTP server: the phone takes whichever offer "
				"comes first",
			.source = "RFC 2131 4.4.1; the picture is an inference",
			.causes = NO_SERVER | BIT(DHCP_NO_TFTP_SERVER),
			.look = cpr_look_dhcp_two_servers,
		},
	[CPR_FAULT_DHCP_NO_TFTP_SERVER] =
		{
			.name = "dhcp-no-tftp-server",
			.why = "The phone gets an address and no TFTP server: neither "
			       "option 150 nor 66, next server (siaddr) nor server name "
			       "(sname). It then asks nobody for files.",
			.remedy =
				"let the DHCP server send option 150 with the address of "
				"the TFTP server: cpr-conf option150 ADDRESS shows how to "
				"write it",
			.source = "firmware: the choice of the server",
			.causes = NO_SERVER,
			.look = cpr_look_dhcp_no_tftp_server,
		},
	[CPR_FAULT_DHCP_NOT_RENEWED_ALIKE] =
		{
			.name = "dhcp-not-renewed-alike",
			.why = "The answer to a renewal names other TFTP servers than the "
			       "answer before it. The firmware notices it (\"parameter "
			       "changed on Renewal\"); what it then does is not known.",
			.remedy =
				"let the server answer a renewal with the same options 150 "
				"and 66 as the first request: the phone notices a change "
				"under it",
			.source = "firmware: a text of its DHCP client",
			.causes = BIT(TFTP_OTHER_SERVER),
			.look = cpr_look_dhcp_not_renewed_alike,
		},
	[CPR_FAULT_OPTION150_WRONG_TYPE] =
		{
			.name = "option150-wrong-type",
			.why = "Option 150 is a list of addresses of four bytes each; here "
			       "it is text, or its length is no multiple of four. The "
			       "phone drops the lease, or takes the first letters for an "
			       "address: \"192.\" is 49.57.50.46.",
			.remedy =
				"define option 150 as a list of IPv4 addresses, four bytes "
				"each, not as text: 192.168.10.105 is the bytes c0 a8 0a 69",
			.source = "RFC 5859; a support thread with the decoded letters",
			.causes = NO_SERVER | BIT(DHCP_NO_OFFER) |
				  BIT(DHCP_NO_TFTP_SERVER) | BIT(OPTION150_BYTE_ORDER),
			.look = cpr_look_option150_wrong_type,
		},
	[CPR_FAULT_OPTION150_BYTE_ORDER] =
		{
			.name = "option150-byte-order",
			.why = "Option 150 holds the server's address with its bytes in "
			       "reverse, or with a zero lost: what comes of a value in "
			       "hexadecimal in some servers. The phone looks for a server "
			       "at a foreign address.",
			.remedy = "write the bytes of option 150 in the order of the "
				  "address: 192.168.10.105 is c0 a8 0a 69; cpr-conf "
				  "option150 --explain VALUE tells what a value comes to",
			.source = "source code of tftpd32; the picture is an inference",
			.causes = NO_SERVER | BIT(DHCP_NO_TFTP_SERVER),
			.look = cpr_look_option150_byte_order,
		},
	[CPR_FAULT_OPTION66_UNRESOLVED] =
		{
			.name = "option66-unresolved",
			.why = "There is no option 150, option 66 is a host name, and the "
			       "phone gets no address for it: no DNS server, no answer, or "
			       "no such name. It goes on to the next server (siaddr), if "
			       "there is one.",
			.remedy = "put the dotted address into option 66, or give a DNS "
				  "server (option 6) that knows the name",
			.source = "firmware: the choice of the server",
			.causes = NO_SERVER | BIT(DHCP_NO_TFTP_SERVER),
			.look = cpr_look_option66_unresolved,
		},
	[CPR_FAULT_TFTP_OTHER_SERVER] =
		{
			.name = "tftp-other-server",
			.why = "DHCP names a TFTP server and the phone asks another one: "
			       "an Alternate TFTP server, set by hand, goes before DHCP, "
			       "and *7412369#085 keeps it.",
			.remedy = "reset the phone's network settings (123456789*0# or "
				  "3491672850*#; *7412369#085 keeps them), or set "
				  "Alternate TFTP to No in its menu",
			.source = "firmware: the choice of the server, the reset table",
			.causes = BIT(TFTP_NO_ANSWER) | BIT(TFTP_FILE_MISSING) |
				  BIT(TFTP_FILE_CASE) | BIT(TFTP_ACCESS_DENIED),
			.look = cpr_look_tftp_other_server,
		},
	[CPR_FAULT_PHONE_NEVER_ASKS] =
		{
			.name = "phone-never-asks",
			.why = "The phone has an address and a TFTP server and asks it for "
			       "nothing, again and again. Its memory may be damaged "
			       "(\"Invalid default load name\"), its power too low to go "
			       "on (a 7970 on inline power); or its packets do not pass "
			       "the place of this capture.",
			.remedy =
				"capture at the phone's own switch port to be sure; "
				"power it by a brick; reset it with 3491672850*#; if it "
				"stays so, the phone is broken",
			.source = "firmware: texts; a support article for the power; "
				  "the picture is an inference",
			.absence = true,
			.look = cpr_look_phone_never_asks,
		},
	[CPR_FAULT_PHONE_DAMAGED] =
		{
			.name = "phone-damaged",
			.why = "The phone cannot read its own model: it calls itself "
			       "\"79XX\", or asks for termZZ.default.loads. No server can "
			       "have that file.",
			.remedy =
				"nothing in the network helps: replace the phone; a last "
				"try is to serve its model's term file under the name it "
				"asks for",
			.source = "firmware: the default model and the default load name",
			.causes = BIT(PHONE_NEVER_ASKS) | BIT(TFTP_FILE_MISSING) |
				  BIT(LOADS_REFUSED),
			.look = cpr_look_phone_damaged,
		},
	[CPR_FAULT_TFTP_NO_ANSWER] =
		{
			.name = "tftp-no-answer",
			.why = "The phone asks for a file, four times 4 s apart, and "
			       "nobody answers; or it does not even find the way (ARP), or "
			       "is told that nobody listens there (ICMP). A TFTP server "
			       "answers from a new port: a firewall that knows UDP 69 "
			       "alone drops that.",
			.remedy =
				"see that a TFTP server runs at that address, and that a "
				"firewall lets UDP 69 in and the answer, which comes from "
				"another port, out",
			.source = "RFC 1350; firmware: timer 4 s, 3 retries",
			.causes = BIT(PHONE_NEVER_ASKS),
			.absence = true,
			.look = cpr_look_tftp_no_answer,
		},
	[CPR_FAULT_TFTP_FILE_MISSING] =
		{
			.name = "tftp-file-missing",
			.why = "The server does not have a file that the phone needs. "
			       "Files that most sites do not have (trust lists, "
			       "SEP<MAC>.cnf.xml, locales) do not count.",
			.remedy =
				"put the file into the TFTP root under exactly this name, "
				"upper and lower case alike: cpr-helper import takes the "
				"whole package",
			.source = "RFC 1350; captures: server logs of a 7906 and a 7911",
			.look = cpr_look_tftp_file_missing,
		},
	[CPR_FAULT_TFTP_FILE_CASE] =
		{
			.name = "tftp-file-case",
			.why = "The file is there, but for upper and lower case: packing "
			       "lists of old loads print Jar41sip… for a file that is "
			       "unpacked as jar41sip…",
			.remedy =
				"link the file to the spelling that the phone asks for: "
				"cpr-helper import does it for every name a list prints",
			.source = "capture: a server log of a 7911; real files",
			.look = cpr_look_tftp_file_case,
		},
	[CPR_FAULT_TFTP_ACCESS_DENIED] =
		{
			.name = "tftp-access-denied",
			.why = "The server has the file and may not read it. in.tftpd "
			       "wants it readable for everybody, in folders that "
			       "everybody may search.",
			.remedy = "make the file readable for everybody (0644) and its "
				  "folders searchable (0755)",
			.source = "RFC 1350; source code of tftpd-hpa",
			.look = cpr_look_tftp_access_denied,
		},
	[CPR_FAULT_LOADS_REFUSED] =
		{
			.name = "loads-refused",
			.why = "The phone fetches a whole packing list, asks for none of "
			       "its images and begins again: it refuses the list. Its "
			       "signature, its own name inside, the board it is for, or a "
			       "jump over too many versions can be the reason.",
			.remedy =
				"unpack the load again from Cisco's package and rename "
				"nothing: the phone compares the name inside the file; for "
				"a board that the load does not know take a later load; "
				"cpr-conf verify names such files",
			.source = "firmware: the checks; the picture is an inference",
			.look = cpr_look_loads_refused,
		},
	[CPR_FAULT_IMAGE_REFUSED] =
		{
			.name = "image-refused",
			.why = "An image arrives whole and the phone begins again: it "
			       "refuses the image, which is truncated, damaged or renamed, "
			       "or of another signing key.",
			.remedy =
				"unpack the image again from Cisco's package, whole and "
				"under its own name; cpr-conf inspect shows what is wrong "
				"with the file",
			.source = "firmware: the checks; the picture is an inference",
			.look = cpr_look_image_refused,
		},
	[CPR_FAULT_TFTP_STALLED] =
		{
			.name = "tftp-stalled",
			.why = "A transfer begins, then the same block or the same "
			       "acknowledgement is repeated until one side gives up. "
			       "Packets are lost on the way, in one direction or both.",
			.remedy = "look for what loses the packets: the server's log, a "
				  "firewall, an MTU below 544 bytes",
			.source = "RFC 1350; firmware: timer 4 s, 3 retries",
			.absence = true,
			.look = cpr_look_tftp_stalled,
		},
	[CPR_FAULT_TFTP_BLOCK_WRAP] =
		{
			.name = "tftp-block-wrap",
			.why = "A file of more than 32 MB dies at block 65,535: numbers of "
			       "blocks have 16 bits, and one of the two sides does not go "
			       "on from there. Only images of the 78xx and 88xx are so "
			       "large.",
			.remedy =
				"serve such files by HTTP on port 6970, or with a TFTP "
				"server whose block numbers start anew (dnsmasq, tftpd-hpa)",
			.source = "RFC 1350; the picture is an inference",
			.causes = BIT(TFTP_STALLED) | BIT(TFTP_ABORTED),
			.look = cpr_look_tftp_block_wrap,
		},
	[CPR_FAULT_TFTP_UNEXPECTED_OACK] =
		{
			.name = "tftp-unexpected-oack",
			.why = "The server acknowledges options (OACK) that the phone did "
			       "not ask for. To a 79x1 that is an unknown packet, and no "
			       "file comes.",
			.remedy = "use a TFTP server that sends options only to clients "
				  "that asked for them",
			.source = "RFC 2347; firmware: opcodes it knows",
			.causes = BIT(TFTP_ABORTED) | BIT(TFTP_STALLED) |
				  BIT(TFTP_NO_ANSWER),
			.look = cpr_look_tftp_unexpected_oack,
		},
	[CPR_FAULT_TFTP_TWO_ANSWERERS] =
		{
			.name = "tftp-two-answerers",
			.why = "Two addresses or ports answer one request. The phone goes "
			       "on with the first and refuses the other (ICMP port "
			       "unreachable). Two TFTP daemons, or NAT on the way, do "
			       "that; which file the phone gets is chance.",
			.remedy = "let only one TFTP server answer, from one address and "
				  "port per transfer",
			.source = "firmware: connect() to whoever answers first",
			.causes = BIT(TFTP_NO_ANSWER) | BIT(TFTP_STALLED),
			.look = cpr_look_tftp_two_answerers,
		},
	[CPR_FAULT_TFTP_ABORTED] =
		{
			.name = "tftp-aborted",
			.why = "One side ended a transfer with an ERROR that is neither a "
			       "missing file nor a right that lacks: a full flash, a file "
			       "too big, a server that gave up.",
			.remedy = "look into the TFTP server's log for the reason it "
				  "gave up",
			.source = "RFC 1350; firmware: texts",
			.look = cpr_look_tftp_aborted,
		},
	[CPR_FAULT_TRUST_LIST_BLOCKS] =
		{
			.name = "trust-list-blocks",
			.why = "The phone asks for its trust lists and never for a "
			       "configuration: it holds a list of an earlier call manager "
			       "in which this TFTP server is not (\"TFTP servers not found "
			       "in CTL list - file not requested\").",
			.remedy = "delete the trust list: Settings, Security "
				  "Configuration, Trust List, Erase; or reset the phone "
				  "with 123456789*0#",
			.source = "firmware: a text; the picture is an inference",
			.absence = true,
			.look = cpr_look_trust_list_blocks,
		},
	[CPR_FAULT_HTTP_6970_DROPPED] =
		{
			.name = "http-6970-dropped",
			.why = "Loads from 9 on try HTTP on port 6970 of the TFTP server "
			       "first. Where a firewall drops that silently, the phone "
			       "waits for a time-out before each file.",
			.remedy =
				"let the firewall reject TCP port 6970 instead of dropping "
				"it: the phone waits for it before each file",
			.source =
				"firmware: its HTTP client; the picture is an inference",
			.absence = true,
			.look = cpr_look_http_6970_dropped,
		},
	[CPR_FAULT_XMLDEFAULT_MISSING] =
		{
			.name = "xmldefault-missing",
			.why = "The phone has neither a configuration of its own nor the "
			       "general one: it does not learn its call manager nor its "
			       "load.",
			.remedy =
				"publish an XMLDefault.cnf.xml: cpr-conf generate writes it",
			.source = "captures: server logs of two boots",
			.look = cpr_look_xmldefault_missing,
		},
	[CPR_FAULT_XMLDEFAULT_NO_LOAD] =
		{
			.name = "xmldefault-no-load",
			.why = "XMLDefault.cnf.xml has no loadInformation with this "
			       "model's number. The phone is expected to keep its load.",
			.remedy = "add loadInformation with the model's number to "
				  "XMLDefault.cnf.xml: cpr-conf generate does it for "
				  "every complete load",
			.source = "samples of the file; what the phone does is an "
				  "inference",
			.look = cpr_look_xmldefault_no_load,
		},
	[CPR_FAULT_CALL_MANAGER_UNREACHABLE] =
		{
			.name = "call-manager-unreachable",
			.why = "The phone calls the call manager of its configuration and "
			       "gets no answer, or is refused. Its firmware is back all "
			       "the same.",
			.remedy = "start the call manager at this address, or correct "
				  "call-managers in site.conf",
			.source = "captures: SYN to port 2000; RFC 3261 for SIP",
			.absence = true,
			.look = cpr_look_call_manager_unreachable,
		},
};
