/* cpr-conf inspect: what single firmware files are. */
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "inspect.h"
#include "loads.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct arguments {
	struct common common;
	char **file;
	int file_n;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->common;
		return 0;
	case ARGP_KEY_ARGS:
		a->file = state->argv + state->next;
		a->file_n = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name a file to look at");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static json_t *lists_json(const struct cpr_loads *l)
{
	json_t *all = json_array();

	for (size_t i = 0; l && i < l->n; i++)
		json_array_append_new(all, json_string(l->entry[i].name));
	return all;
}

static int print_as_json(const char *file, const struct cpr_inspect *i)
{
	return print_json(
		json_pack("{s:o, s:s, s:o, s:I, s:s, s:o, s:o, s:o}", "file",
			text_json(file), "container",
			cpr_container_name(i->container.type), "own_name",
			i->container.own_name[0] ? json_string(i->container.own_name)
						 : json_null(),
			"payload_offset", (json_int_t)i->container.payload_offset, "kind",
			cpr_kind_name(i->kind), "lists", lists_json(i->lists),
			"hardware_compatibility",
			i->lists ? json_integer(i->lists->hardware_compatibility)
				 : json_null(),
			"complete",
			i->complete < 0 ? json_null() : json_boolean(i->complete)),
		JSON_COMPACT);
}

static void print_text(const char *file, const struct cpr_inspect *i)
{
	printf("%s: %s, %llu bytes", file, cpr_kind_name(i->kind),
		(unsigned long long)i->size);
	if (i->container.type == CPR_CONTAINER_NONE)
		printf(", not signed");
	else
		printf(", %s as \"%s\", payload from byte %zu",
			cpr_container_name(i->container.type), i->container.own_name,
			i->container.payload_offset);
	printf(", %s\n", i->complete == 0 ? "NOT COMPLETE"
			 : i->complete > 0
				 ? "complete"
				 : "its format does not tell whether it is whole");
	if (i->why[0])
		printf("  %s\n", i->why);
	if (i->container.own_name[0] && strcmp(i->container.own_name, i->name) != 0)
		printf("  it is not named as it was signed: phones refuse it\n");
	if (i->lists && i->lists->version[0])
		printf("  release %s\n", i->lists->version);
	if (i->lists && i->lists->hardware_compatibility)
		printf("  hardware compatibility %u\n", i->lists->hardware_compatibility);
	for (size_t k = 0; i->lists && k < i->lists->n; k++)
		printf("  lists %s\n", i->lists->entry[k].name);
}

static bool is_damaged(const struct cpr_inspect *i)
{
	return i->complete == 0 || i->container_outcome != CPR_CONTAINER_OK ||
	       (i->container.own_name[0] && strcmp(i->container.own_name, i->name) != 0);
}

static int inspect(const struct arguments *a, const char *file)
{
	_cleanup_(cpr_closep) int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *i = NULL;
	const char *slash = strrchr(file, '/');
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0 && !S_ISREG(st.st_mode)) {
		cpr_say(3, "%s: it is no file; name a file", file);
		return CPR_EXIT_FAILED;
	}
	if (r == 0)
		r = cpr_inspect_fd(fd, slash ? slash + 1 : file, &i);
	if (r < 0) {
		cpr_say(3, "%s: cannot read it: %s", file, strerror(-r));
		return CPR_EXIT_FAILED;
	}
	if (!a->common.json)
		print_text(file, i);
	else if (print_as_json(file, i))
		return CPR_EXIT_FAILED;
	return is_damaged(i) ? CPR_EXIT_FINDINGS : CPR_EXIT_OK;
}

int cmd_inspect(int argc, char **argv)
{
	static const struct argp_child children[] = {{&json_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {.parser = parse,
		.children = children,
		.args_doc = "FILE...",
		.doc = "Say of each firmware file what it is: container, own name, what it "
		       "lists, whether it is whole.  The signature is not checked: only "
		       "the phone has the key.\vWith --json one object a line and file.\n"
		       "Exit status: 0; 1 a file cannot be read; 6 one is damaged or "
		       "renamed.\n\nExamples:\n"
		       "  cpr-conf inspect term61.default.loads\n"
		       "  cpr-conf inspect --json *.sbn | jq -r 'select(.complete == "
		       "false) | .file'"};
	struct arguments a = {0};
	int worst = CPR_EXIT_OK;

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return CPR_EXIT_USAGE;
	for (int i = 0; i < a.file_n; i++) {
		int r = inspect(&a, a.file[i]);

		if (worst != CPR_EXIT_FAILED && r != CPR_EXIT_OK)
			worst = r;
	}
	return worst;
}
