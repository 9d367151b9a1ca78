#include "link.h"

#include "cleanup.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Asks the driver: the flag IFF_RUNNING comes up to a second late.  One that cannot say counts
 * as connected, as in the kernel. */
bool cpr_link_carrier(const char *interface)
{
	_cleanup_(cpr_closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {0};

	if (fd < 0 || strlen(interface) >= sizeof(request.ifr_name))
		return false;
	strcpy(request.ifr_name, interface);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0 || !(request.ifr_flags & IFF_UP))
		return false;
	request.ifr_data = (char *)&link;
	return ioctl(fd, SIOCETHTOOL, &request) < 0 || link.data;
}
