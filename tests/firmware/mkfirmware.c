/* mkfirmware: writes a synthetic firmware package, whole or broken in one way.
 * sets.c has the sets, make.c the containers, set.c names and lists, pack.c the archives. */
#include "cleanup.h"
#include "cli/cli.h"
#include "errors.h"
#include "firmware/firmware.h"
#include "firmware/sets.h"

#include <argp.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
	OPT_MODEL = 256,
	OPT_PROTOCOL,
	OPT_VERSION,
	OPT_PACKAGE,
	OPT_DEFECT,
	OPT_EVIL,
	OPT_SIZE,
	OPT_COMPRESSIBLE,
	OPT_MASK,
	OPT_SEED,
	OPT_LIST,
};

static const char *const protocols[] = {"", "sccp", "sip", NULL};
static const char *const packages[] = {
	"zip", "zip-folder", "tar-in-zip", "tar", "cop", "dir", NULL};
static const char *const defects[] = {"none", "missing", "case", "renamed", "truncated",
	"inner-name", "listed-case", NULL};
static const char *const evils[] = {"none", "dotdot", "absolute", "symlink", "hardlink",
	"device", "fifo", "many", "bomb", "truncated", "nest", "encrypted", NULL};
static const char *const sizes[] = {"small", "real", NULL};

static const struct argp_option options[] = {
	{"model", OPT_MODEL, "MODEL", 0, "the set of this phone; default 7961", 0},
	{"protocol", OPT_PROTOCOL, "P", 0, "sccp or sip; default: what the model has", 0},
	{"version", OPT_VERSION, "V", 0,
		"version in the load's name, 8-5-2S; default: a real one", 0},
	{"package", OPT_PACKAGE, "KIND", 0,
		"zip (default), zip-folder, tar-in-zip, tar, cop, dir", 0},
	{"defect", OPT_DEFECT, "D", 0,
		"missing, case, renamed (another version's image under the listed name), "
		"truncated, inner-name (.loads and term files), listed-case (harmless)",
		0},
	{"evil", OPT_EVIL, "E", 0,
		"a hostile archive: dotdot, absolute, symlink, hardlink, device, fifo, "
		"many, bomb, truncated, nest, encrypted",
		0},
	{"size", OPT_SIZE, "S", 0, "small (default): some KiB an image; or real", 0},
	{"compressible", OPT_COMPRESSIBLE, NULL, 0,
		"payloads that a zip makes a third smaller, as it does a real 79x1's", 0},
	{"hardware-mask", OPT_MASK, "N", 0,
		"the list's hardware compatibility; 0: no line; default: the real one's",
		0},
	{"seed", OPT_SEED, "N", 0, "same seed, same bytes; default 1", 0},
	{"list", OPT_LIST, NULL, 0, "print the files' names and sizes as well", 0},
	{0},
};

struct arguments {
	struct cpr_fw_request request;
	enum cpr_fw_package package;
	enum cpr_fw_evil evil;
	bool list;
	const char *output;
};

static int word(struct argp_state *state, const char *const *words, const char *arg)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], arg))
			return i;
	argp_error(state, "\"%s\" is none of the words --help lists for it", arg);
	return 0;
}

static unsigned long number(struct argp_state *state, const char *arg)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(arg, &end, 0);
	if (errno || *end || !*arg || *arg == '-')
		argp_error(state, "\"%s\" is no number", arg);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_MODEL:
		a->request.model = arg;
		break;
	case OPT_PROTOCOL:
		a->request.protocol = (enum cpr_protocol)word(state, protocols, arg);
		break;
	case OPT_VERSION:
		a->request.version = arg;
		break;
	case OPT_PACKAGE:
		a->package = (enum cpr_fw_package)word(state, packages, arg);
		break;
	case OPT_DEFECT:
		a->request.defect = (enum cpr_fw_defect)word(state, defects, arg);
		break;
	case OPT_EVIL:
		a->evil = (enum cpr_fw_evil)word(state, evils, arg);
		break;
	case OPT_SIZE:
		a->request.real_size = word(state, sizes, arg);
		break;
	case OPT_COMPRESSIBLE:
		a->request.compressible = true;
		break;
	case OPT_MASK:
		a->request.hardware_mask = (long)(number(state, arg) & 0xffffffff);
		break;
	case OPT_SEED:
		a->request.seed = number(state, arg);
		break;
	case OPT_LIST:
		a->list = true;
		break;
	case ARGP_KEY_ARG:
		if (a->output)
			argp_error(state, "one OUTPUT only");
		a->output = arg;
		break;
	case ARGP_KEY_END:
		if (!a->output)
			argp_error(state, "say where to write: OUTPUT");
		if (a->package == CPR_FW_DIR && a->evil)
			argp_error(
				state, "--evil is about archives: --package dir is none");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The models, from the rows. */
static char *help_filter(int key, const char *text, void *input)
{
	struct cpr_buf b = {0};

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	cpr_buf_puts(&b, text);
	cpr_buf_puts(&b, "\n\nModels:");
	for (const struct cpr_fw_row *row = cpr_fw_rows; row->models; row++) {
		if (row > cpr_fw_rows && !strcmp(row->models, row[-1].models))
			continue;
		for (const char *at = row->models; *at; at += strspn(at, " ")) {
			cpr_buf_printf(&b, " %.*s", (int)strcspn(at, ":"), at);
			at += strcspn(at, " ");
		}
	}
	return b.data;
}

static int write_file(const char *path, const void *data, size_t len)
{
	_cleanup_(cpr_fclosep) FILE *f = fopen(path, "wbe");

	if (!f || (len && fwrite(data, 1, len, f) != len) || fflush(f))
		return -errno;
	return 0;
}

static int write_dir(const struct cpr_fw_set *set, const char *path)
{
	int r = 0;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	for (size_t i = 0; !r && i < set->n; i++) {
		_cleanup_(cpr_freep) char *name = NULL;

		if (asprintf(&name, "%s/%s", path, set->file[i].name) < 0)
			return -ENOMEM;
		r = write_file(name, set->file[i].data, set->file[i].len);
	}
	return r;
}

static int write_package(const struct arguments *a, const struct cpr_fw_set *set)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	int r;

	if (a->package == CPR_FW_DIR)
		return write_dir(set, a->output);
	r = cpr_fw_pack(set, a->package, a->evil, &b);
	return r ? r : write_file(a->output, b.data, b.len);
}

static const char doc[] =
	"Write a synthetic firmware package: real names, containers, lists and sizes, "
	"random bytes.\vExamples:\n"
	"  mkfirmware cmterm.zip                          a 7961's SCCP set\n"
	"  mkfirmware --protocol sip --size real sip.zip  its SIP twin, about 8 MB\n"
	"  mkfirmware --model 7960 --package dir root     a 7960's files in root/\n"
	"  mkfirmware --defect missing bad.zip            a listed image is not in it\n"
	"  mkfirmware --evil bomb bomb.zip                what import must refuse";

int main(int argc, char **argv)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
	struct arguments a = {
		.request = {.model = "7961", .hardware_mask = -1, .seed = 1}};
	static const struct argp argp = {
		options, parse, "OUTPUT", doc, NULL, help_filter, NULL};
	int r;

	cpr_cli_init("mkfirmware");
	argp_program_version_hook = NULL; /* --version is the load's here */
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	r = cpr_fw_set_new(&set, &a.request, &e);
	if (r == -EINVAL) {
		cpr_say_errors(&e);
		return CPR_EXIT_USAGE;
	}
	if (!r)
		r = write_package(&a, set);
	if (r) {
		cpr_say(3, "\"%s\": %s", a.output, strerror(-r));
		return CPR_EXIT_FAILED;
	}
	for (size_t i = 0; a.list && i < set->n; i++)
		printf("%s %zu\n", set->file[i].name, set->file[i].len);
	return CPR_EXIT_OK;
}
