/* The inventory of a TFTP root: an immutable picture of which firmware is there, taken once.
 *
 * Layout of the root, as intake leaves it:
 *   <own name>                       regular file, 0644: images and main .loads
 *   <other spelling> -> <own name>   relative link, where a .loads prints another case
 *   term61.default.loads             the term file served now: a hard link to one of
 *   .phone-cpr/terms/<set>/term61.default.loads      the term files kept, one folder a set;
 *                                    <set> is the load of the package they came with
 * A term file that somebody put into the root by hand is in the inventory like a kept one;
 * the served link is a file, but no second load. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "models.h"

struct cpr_errors;
struct cpr_inspect;

#define CPR_PRIVATE_DIR ".phone-cpr"
#define CPR_TERMS_DIR   CPR_PRIVATE_DIR "/terms"

struct cpr_file {
	const char *name; /* base name */
	const char *set; /* kept term file: its folder; NULL: the file lies in the root */
	struct cpr_inspect
		*inspect; /* of the target where this is a link; NULL: unreadable */
	char *link;  /* where the name points, when it is a symbolic link; else NULL */
	mode_t mode; /* mode, inode, times: of the target, unless that is unreadable */
	ino_t inode; /* equal inodes: the same file under two names */
	struct timespec mtime, ctime;
	bool settled; /* nothing can change in it that the times would not tell */
	bool staged;  /* from the staged folder of cpr_firmware_scan_staged */
};

/* One packing list with what became of its files. */
struct cpr_load {
	const struct cpr_file *file;
	const char *name; /* without ".loads"; a term file's: its set or file name */
	enum cpr_protocol protocol; /* by its name; a term file's by its image names */
	const char *version; /* the list's RELEASE line, or out of the name; "": neither
				tells (a term file put there by hand); never NULL */
	bool term;
	bool complete; /* own name right, every listed file there, exact case, not damaged */
	char **missing; /* the names, as printed, that keep it from being complete; its own
			   name when it is the list itself that is wrong */
	size_t missing_n;
	const struct cpr_load
		*twin; /* term: the main load with the same images, or NULL */
};

struct cpr_firmware {
	char *root;
	struct timespec changed; /* the folder, before it was read */
	bool as_known; /* no file was looked into, and none is gone that was known */
	bool partial; /* kept term files could not be read: which there are is not known */
	struct cpr_file *file; /* sorted by name, then set (NULL first) */
	size_t file_n;
	struct cpr_load
		*load; /* sorted by name, then file name; main loads, term files */
	size_t load_n;
	/* What cpr_firmware_forget took out, and the names it was given. */
	struct cpr_file *gone;
	size_t gone_n;
	char **forgotten;
	size_t forgotten_n;
};

/* Reads the folder (regular files and links to such inside it, not recursive but for the kept
 * term files); every file that the model table does not know is left out.  A root that does
 * not exist is an empty inventory.  Returns 0 or -errno; lines in e with 0 are warnings: what
 * could not be read. */
int cpr_firmware_scan(const char *root, struct cpr_firmware **out, struct cpr_errors *e);
/* The same as if the folder `staged`, laid out like a root, were already published into
 * `known`'s root: its files win over those of the same name.  What `known`, or what
 * `known_staged` (NULL: nothing), saw in a settled file of the one or the other is not read
 * again, as with cpr_firmware_scan_known. */
int cpr_firmware_scan_staged(const struct cpr_firmware *known, const char *staged,
	const struct cpr_firmware *known_staged, struct cpr_firmware **out,
	struct cpr_errors *e);
/* The same with an earlier inventory of this root (NULL: none), of which a settled file with
 * the same name, inode, size and times is not read again, nor opened unless it is a link. */
int cpr_firmware_scan_known(const char *root, const struct cpr_firmware *known,
	struct cpr_firmware **out, struct cpr_errors *e);
/* True when whatever is written into a file of this mtime from now on gives it another one. */
bool cpr_mtime_settled(const struct timespec *mtime);
/* Takes a load out of the inventory before anything is planned with it, as if it were removed:
 * its list, the term files kept for it, and what of them is served in the root.  Where its list is
 * gone already, the name alone is noted: its term files still bring phones back as long as
 * their images are there.  0 or -ENOMEM; pointers into f->load are void afterwards. */
int cpr_firmware_forget(struct cpr_firmware *f, const char *load);
/* True for a load that was forgotten, or the image (without suffix) of one that its list
 * named. */
bool cpr_firmware_forgot(const struct cpr_firmware *f, const char *name);
struct cpr_firmware *cpr_firmware_free(struct cpr_firmware *f);
void cpr_firmware_freep(struct cpr_firmware **f);

/* The order of files: by name, then set. */
int cpr_file_compare(const struct cpr_file *file, const char *name, const char *set);
/* The file of this name and set (NULL: in the root), or NULL. */
const struct cpr_file *cpr_firmware_find(
	const struct cpr_firmware *f, const char *name, const char *set);
/* The file of exactly this name in the root, or NULL. */
const struct cpr_file *cpr_firmware_file(const struct cpr_firmware *f, const char *name);
/* The one whose name differs in case only, or NULL. */
const struct cpr_file *cpr_firmware_file_nocase(
	const struct cpr_firmware *f, const char *name);
/* The main load of this name (without ".loads"), or NULL. */
const struct cpr_load *cpr_firmware_load(const struct cpr_firmware *f, const char *name);
/* True when there is no such list, but an image of this name: what single-image phones (7905,
 * 7920, 7937 ...) and the 7940's loads of old have instead. */
bool cpr_firmware_image(const struct cpr_firmware *f, const char *name);
