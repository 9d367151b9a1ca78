# What cpr-doctor says of the captures here, beside what was put into them.  Loaded after rows.bash.

# captures: their names and files
captures() {
	local file
	for file in tests/captures/*.pcap tests/captures/*.pcap.gz; do
		[ -e "$file" ] || continue
		echo "$(basename "${file%.gz}" .pcap) $file"
	done
}

# named FILE [OPTION...]: the faults, each once, of all phones; in $json all that it says
named() {
	local file=$1 status=0
	shift
	json=$("$B/cpr-doctor" --json "$@" "$file") || status=$?
	[ $status = 0 ] || [ $status = 6 ] || {
		echo "cpr-doctor ends with $status on $file" >&2
		return 1
	}
	jq -r '[.phones[].faults[].id] | unique | join(" ")' <<<"$json"
}

# verdicts DIR: a line for each capture, and for some once more with the site, below DIR: what it is
# called, the fault put in, the one that should be named, those that are
verdicts() {
	local name file put site=$1
	while read -r name file; do
		put=$(injected "$name")
		echo "$name|$put|${without_site[$name]-$put}|$(named "$file")"
		[[ " $with_site " = *" $name "* ]] || continue
		[ -d "$site/$name" ] || tests/captures/make --root "$site/$name" "$name"
		echo "$name --site|$put|$put|$(named "$file" --root "$site/$name")"
	done < <(captures)
}
