#include "faults.h"

const struct cpr_fault cpr_faults[CPR_FAULT_N] = {
	[CPR_FAULT_DHCP_NO_OFFER] = {"dhcp-no-offer",
		"see that a DHCP server, not this host's own, listens in this network "
		"(VLAN, relay), that its pool has a free address and that it does not "
		"ignore this phone"},
	[CPR_FAULT_DHCP_TWO_SERVERS] = {"dhcp-two-servers",
		"switch off one of the two DHCP servers, or let both give the same TFTP "
		"server: the phone takes whichever offer comes first"},
	[CPR_FAULT_DHCP_NO_TFTP_SERVER] = {"dhcp-no-tftp-server",
		"let the DHCP server send option 150 with the address of the TFTP server"},
	[CPR_FAULT_DHCP_NOT_RENEWED_ALIKE] = {"dhcp-not-renewed-alike",
		"let the server answer a renewal with the same options 150 and 66 as the "
		"first request: the phone notices a change under it"},
	[CPR_FAULT_OPTION150_WRONG_TYPE] = {"option150-wrong-type",
		"define option 150 as a list of IPv4 addresses, four bytes each, not as "
		"text: 192.168.10.105 is the bytes c0 a8 0a 69"},
	[CPR_FAULT_OPTION150_BYTE_ORDER] = {"option150-byte-order",
		"write the bytes of option 150 in the order of the address: "
		"192.168.10.105 is c0 a8 0a 69"},
	[CPR_FAULT_OPTION66_UNRESOLVED] = {"option66-unresolved",
		"put the dotted address into option 66, or give a DNS server (option 6) "
		"that knows the name"},
	[CPR_FAULT_TFTP_NO_ANSWER] = {"tftp-no-answer",
		"see that a TFTP server runs at that address, and that a firewall lets "
		"UDP 69 in and the answer, which comes from another port, out"},
	[CPR_FAULT_TFTP_FILE_MISSING] = {"tftp-file-missing",
		"put the file into the TFTP root under exactly this name, upper and "
		"lower case alike: cpr-helper import takes the whole package"},
	[CPR_FAULT_TFTP_ACCESS_DENIED] = {"tftp-access-denied",
		"make the file readable for everybody (0644) and its folders searchable "
		"(0755)"},
	[CPR_FAULT_LOADS_REFUSED] = {"loads-refused",
		"unpack the load again from Cisco's package and rename nothing: the phone "
		"compares the name inside the file; for a board that the load does not "
		"know take a later load; cpr-conf verify names such files"},
	[CPR_FAULT_IMAGE_REFUSED] = {"image-refused",
		"unpack the image again from Cisco's package, whole and under its own "
		"name; cpr-conf inspect shows what is wrong with the file"},
	[CPR_FAULT_TFTP_STALLED] = {"tftp-stalled",
		"look for what loses the packets: the server's log, a firewall, an MTU "
		"below 544 bytes"},
	[CPR_FAULT_TFTP_UNEXPECTED_OACK] = {"tftp-unexpected-oack",
		"use a TFTP server that sends options only to clients that asked for them"},
	[CPR_FAULT_TFTP_TWO_ANSWERERS] = {"tftp-two-answerers",
		"let only one TFTP server answer, from one address and port per transfer"},
	[CPR_FAULT_TFTP_ABORTED] = {"tftp-aborted",
		"look into the TFTP server's log for the reason it gave up"},
	[CPR_FAULT_HTTP_6970_DROPPED] = {"http-6970-dropped",
		"let the firewall reject TCP port 6970 instead of dropping it: the phone "
		"waits for it before each file"},
	[CPR_FAULT_XMLDEFAULT_MISSING] = {"xmldefault-missing",
		"publish an XMLDefault.cnf.xml: cpr-conf generate writes it"},
	[CPR_FAULT_XMLDEFAULT_NO_LOAD] = {"xmldefault-no-load",
		"add loadInformation with the model's number to XMLDefault.cnf.xml: "
		"cpr-conf generate does it for every complete load"},
	[CPR_FAULT_CALL_MANAGER_UNREACHABLE] = {"call-manager-unreachable",
		"start the call manager at this address, or correct call-managers in "
		"site.conf"},
};
