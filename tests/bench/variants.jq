# The configurations of kea-dhcp4 that the benchmark compares: $variant is one of those below.
# All that send option 150 send each phone two addresses, with nothing that is not needed for
# it.  $dir is for leases, $hook and $flex are the libraries.

def test: "substring(option[60].hex,0,28) == 'Cisco Systems, Inc. IP Phone'";
def always($data): {code: 150, "csv-format": false, "always-send": true, data: $data};
def phone: [{name: "phone", test: test}];
def library($library; $parameters): .["hooks-libraries"] = [{$library, $parameters}];

# 1,000 sites, networks of /22 from 10.0.0.0 on, each with a relay and TFTP servers of its own
def sites: range(1000) | [10, (. / 64 | floor), . % 64 * 4];
def at($n): . + [$n] | join(".");
def pool: {pool: "\(at(9)) - \(.[2] += 3 | at(254))"};
def site_servers: [at(5), at(6)];
def site_option: {name: "tftp-servers", "always-send": true, data: (site_servers | join(", "))};
def site_classes: .["client-classes"] = phone + [sites | {name: "site \(at(0))",
	test: "member('phone') and pkt4.giaddr == \(at(1))", "option-data": [site_option]}];
def site_parameters: library($hook; {networks: [sites | {prefix: "\(at(0))/22",
	"tftp-servers": site_servers}]});

# What Kea itself knows of: one network; one of which the sites are parts; each site.
def one: .subnet4 = [{id: 1, subnet: "10.150.0.0/16",
	pools: [{pool: "10.150.1.0 - 10.150.255.254"}]}];
def wide: .subnet4 = [{id: 1, subnet: "10.0.0.0/12", pools: [[10, 7, 208] | pool]}];
def each(extra): .subnet4 = [sites | {id: (.[1] * 64 + .[2] / 4 + 1), subnet: "\(at(0))/22",
	pools: [pool]} + extra];

def variant:
	if $variant == "none" then one
	elif $variant == "class" then one | .["client-classes"] = [phone[0] + {"option-data": [always("C0000207C0000208")]}]
	elif $variant == "flex" then one | .["client-classes"] = phone | library($flex; {options: [
		{code: 150, "client-class": "phone", add: "0xC0000207C0000208"}]})
	elif $variant == "hook" then one | library($hook; {"tftp-servers": ["192.0.2.7", "192.0.2.8"]})
	elif $variant == "sites-none" then wide
	elif $variant == "sites-class" then wide | site_classes
	elif $variant == "sites-hook" then wide | site_parameters
	elif $variant == "subnets-none" then each({})
	elif $variant == "subnets-class" then each({}) | site_classes
	elif $variant == "subnets-option" then each({"option-data": [site_option]})
	elif $variant == "subnets-hook" then each({}) | site_parameters
	else error("no variant \($variant)") end;

# No log but of its start, no thread but one.
{
	"interfaces-config": {interfaces: ["srv0"]},
	"lease-database": {type: "memfile", name: ($dir + "/leases.csv"), "lfc-interval": 0},
	"multi-threading": {"enable-multi-threading": false},
	"valid-lifetime": 3600,
	"option-def": [{name: "tftp-servers", code: 150, type: "ipv4-address", array: true}],
	loggers: [
		{name: "kea-dhcp4", severity: "WARN", output_options: [{output: "stdout"}]},
		{name: "kea-dhcp4.dhcp4", severity: "INFO", output_options: [{output: "stdout"}]}]
} | {Dhcp4: variant}
