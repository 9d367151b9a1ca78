#include "installed.h"

#include "version.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <iterator>

namespace option150
{

namespace
{

// Found in the file of another build of this library: the mark, the version, a NUL.
const volatile char marker[] = "@(#)libdhcp_option150 " CPR_VERSION;
const size_t mark_length = sizeof "@(#)libdhcp_option150 " - 1;

struct File {
	bool known;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

File loaded;

std::string path()
{
	Dl_info info;
	const void *here = const_cast<const char *>(marker);
	return dladdr(here, &info) && info.dli_fname ? info.dli_fname : "";
}

File look(const std::string &file)
{
	struct stat st;
	if (stat(file.c_str(), &st) < 0)
		return File();
	return {true, st.st_dev, st.st_ino, st.st_size, st.st_mtim};
}

std::string version_in(const std::string &file)
{
	std::ifstream in(file, std::ios::binary);
	const std::string bytes(
		(std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
	const std::string mark(const_cast<const char *>(marker), mark_length);
	const size_t at = bytes.find(mark);
	if (at == std::string::npos)
		return "";
	const size_t from = at + mark.size(), end = bytes.find('\0', from);
	return end == std::string::npos || end - from > 40
		       ? ""
		       : bytes.substr(from, end - from);
}

} // namespace

void note_loaded()
{
	if (!loaded.known)
		loaded = look(path());
}

Installed look_installed()
{
	Installed found;
	found.file = path();
	const File now = look(found.file);
	found.replaced = !now.known || now.device != loaded.device ||
			 now.inode != loaded.inode || now.size != loaded.size ||
			 now.changed.tv_sec != loaded.changed.tv_sec ||
			 now.changed.tv_nsec != loaded.changed.tv_nsec;
	// Kea answers nobody while it loads its hooks: megabytes are read only when they say more.
	found.version = found.replaced ? version_in(found.file) : CPR_VERSION;
	return found;
}

} // namespace option150
