/* SPDX-License-Identifier: BSD-3-Clause */
/* lwip-l2tp.c - subscribers that dial with lwIP's L2TP client, an L2TP and PPP that this project did not write.
 * One process, one thread, one AF_PACKET socket; no kernel PPP or L2TP is used. Each session is a tunnel of its own
 * (lwIP has one session per tunnel) on a UDP port of its own. Every echo request carries the number of its session,
 * and an answer that arrives in another session is counted as misdelivered.
 * Exit status 0: every session came up (and with -6 or -x6 got an IPv6 address) and every ping was answered.
 * Not here: MS-CHAP, EAP, MPPE, sequence numbers, several sessions per tunnel.
 */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* lwIP has its own of these */
#undef htons
#undef htonl
#undef ntohs
#undef ntohl
#include "lwip/etharp.h"
#include "lwip/icmp.h"
#include "lwip/icmp6.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/ip6.h"
#include "lwip/netif.h"
#include "lwip/raw.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"
#include "netif/ppp/pppapi.h"
#include "netif/ppp/pppol2tp.h"

#define ECHO_SEQ 0x5eed

struct subscriber {
	struct netif nif;
	ppp_pcb *ppp;
	int up, dead;
};

static struct {
	const char *ifname, *address, *lns, *user, *password, *secret, *auth;
	const char *ping4, *ping6;
	int each_other, want6, pings, size, sessions, dial_s, hold_s, vlan;
} opt = {
	.ifname = "lac0",
	.address = "192.0.2.2/24",
	.lns = "192.0.2.1",
	.user = "",
	.password = "",
	.auth = "any",
	.pings = 3,
	.size = 64,
	.sessions = 1,
	.dial_s = 15,
};

int verbose;
static volatile sig_atomic_t stop;
static int fd;
static struct netif eth;
static struct subscriber *subs;
static struct {
	unsigned up, failed, up6, sent4, sent6, got4, got6, misdelivered;
} count;

u32_t sys_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

u32_t sys_jiffies(void)
{
	return sys_now();
}

static err_t eth_send(struct netif *n, struct pbuf *p)
{
	u8_t frame[2048];
	u16_t len = pbuf_copy_partial(p, frame, sizeof(frame) - 4, 0);

	(void)n;
	if (opt.vlan) { /* a tag behind the two addresses */
		memmove(frame + 16, frame + 12, len - 12);
		memcpy(frame + 12, (u8_t[]){0x81, 0x00, (u8_t)(opt.vlan >> 8), (u8_t)opt.vlan}, 4);
		len += 4;
	}
	return write(fd, frame, len) == len ? ERR_OK : ERR_IF;
}

static err_t eth_init(struct netif *n)
{
	struct ifreq r = {0};

	strncpy(r.ifr_name, opt.ifname, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &r))
		return ERR_IF;
	memcpy(n->hwaddr, r.ifr_hwaddr.sa_data, 6);
	n->hwaddr_len = 6;
	n->mtu = 1500;
	n->name[0] = 'e';
	n->name[1] = '0';
	n->output = etharp_output;
	n->linkoutput = eth_send;
	n->flags =
		NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

/* lwIP calls this once for each NCP that opens, and once when the link is gone. */
static void ppp_status(ppp_pcb *ppp, int err, void *ctx)
{
	struct subscriber *s = ctx;

	(void)ppp;
	if (err == PPPERR_NONE) {
		if (s->up || ip4_addr_isany(netif_ip4_addr(&s->nif)))
			return;
		s->up = 1;
		count.up++;
		if (opt.sessions > 4)
			return;
		printf("session %d up address %s", (int)(s - subs),
			ip4addr_ntoa(netif_ip4_addr(&s->nif)));
		printf(" peer %s mtu %u\n", ip4addr_ntoa(netif_ip4_gw(&s->nif)), s->nif.mtu);
		return;
	}
	if (!s->dead) {
		s->dead = 1;
		if (!s->up)
			count.failed++;
	}
	if (!stop)
		printf("session %d down error %d\n", (int)(s - subs), err);
}

/* An echo reply belongs to the session whose number it carries. */
static void echo_reply(u16_t id, unsigned *got)
{
	if (id < opt.sessions && ip_current_input_netif() == &subs[id].nif)
		(*got)++;
	else
		count.misdelivered++;
}

static u8_t icmp4_seen(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
	struct icmp_echo_hdr h;
	u8_t ihl;

	(void)arg;
	(void)pcb;
	(void)from;
	if (pbuf_copy_partial(p, &ihl, 1, 0) != 1 ||
		pbuf_copy_partial(p, &h, sizeof(h), (ihl & 15) * 4) != sizeof(h))
		return 0;
	if (ICMPH_TYPE(&h) != ICMP_ER || h.seqno != PP_HTONS(ECHO_SEQ))
		return 0;
	echo_reply(lwip_ntohs(h.id), &count.got4);
	pbuf_free(p);
	return 1;
}

static u8_t icmp6_seen(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
	struct icmp6_echo_hdr h;

	(void)arg;
	(void)pcb;
	(void)from;
	if (pbuf_copy_partial(p, &h, sizeof(h), IP6_HLEN) != sizeof(h))
		return 0;
	if (h.type != ICMP6_TYPE_EREP || h.seqno != PP_HTONS(ECHO_SEQ))
		return 0;
	echo_reply(lwip_ntohs(h.id), &count.got6);
	pbuf_free(p);
	return 1;
}

static struct pbuf *echo_request(int session, u8_t type)
{
	struct pbuf *p = pbuf_alloc(
		PBUF_IP, (u16_t)(sizeof(struct icmp_echo_hdr) + (size_t)opt.size), PBUF_RAM);
	struct icmp_echo_hdr *h = p->payload; /* ICMPv6's has the same layout */

	memset(h, 0x5a, p->len);
	h->type = type;
	h->code = 0;
	h->chksum = 0;
	h->id = lwip_htons((u16_t)session);
	h->seqno = PP_HTONS(ECHO_SEQ);
	return p;
}

static void ping4(struct raw_pcb *raw, int session, const ip_addr_t *to)
{
	struct netif *n = &subs[session].nif;
	struct pbuf *p = echo_request(session, ICMP_ECHO);

	((struct icmp_echo_hdr *)p->payload)->chksum = inet_chksum(p->payload, p->len);
	raw_sendto_if_src(raw, p, to, n, netif_ip_addr4(n));
	pbuf_free(p);
	count.sent4++;
}

/* The address that SLAAC made, or NULL as long as there is none. Number 0 is the link-local one. */
static const ip6_addr_t *global6(struct netif *n)
{
	for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (ip6_addr_isvalid(netif_ip6_addr_state(n, i)))
			return netif_ip6_addr(n, i);
	return NULL;
}

static void ping6(struct raw_pcb *raw, int session, const ip_addr_t *to)
{
	struct netif *n = &subs[session].nif;
	const ip6_addr_t *from =
		ip6_addr_islinklocal(ip_2_ip6(to)) ? netif_ip6_addr(n, 0) : global6(n);
	struct pbuf *p;
	ip_addr_t src;

	if (!from)
		return;
	p = echo_request(session, ICMP6_TYPE_EREQ);
	((struct icmp6_echo_hdr *)p->payload)->chksum =
		ip6_chksum_pseudo(p, IP6_NEXTH_ICMP6, p->tot_len, from, ip_2_ip6(to));
	ip_addr_copy_from_ip6(src, *from);
	raw_sendto_if_src(raw, p, to, n, &src);
	pbuf_free(p);
	count.sent6++;
}

/* One frame of our VLAN, without its tag, which the kernel has taken off already. @return its length, 0: none waits. */
static size_t receive_frame(u8_t *frame, size_t size)
{
	union {
		struct cmsghdr align;
		char b[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec iov = {.iov_base = frame, .iov_len = size};

	for (;;) {
		struct msghdr m = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control)};
		ssize_t len = recvmsg(fd, &m, MSG_DONTWAIT);
		struct tpacket_auxdata aux = {0};
		struct cmsghdr *c;

		if (len <= 0)
			return 0;
		c = CMSG_FIRSTHDR(&m);
		if (c && c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if ((aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & 0xfff : 0) ==
			opt.vlan)
			return (size_t)len;
	}
}

static void receive(void)
{
	u8_t frame[2048];

	for (int i = 0; i < 256; i++) {
		size_t len = receive_frame(frame, sizeof(frame));
		struct pbuf *p;

		if (!len)
			return;
		p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
		pbuf_take(p, frame, (u16_t)len);
		if (eth.input(p, &eth) != ERR_OK)
			pbuf_free(p);
	}
}

static void spin(u32_t ms)
{
	struct pollfd pf = {.fd = fd, .events = POLLIN};
	u32_t start = sys_now();

	do {
		u32_t wait = sys_timeouts_sleeptime();

		poll(&pf, 1, wait > 5 ? 5 : (int)wait);
		receive();
		sys_check_timeouts();
	} while (sys_now() - start < ms);
}

static void open_port(void)
{
	struct sockaddr_ll sl = {.sll_family = AF_PACKET, .sll_protocol = lwip_htons(ETH_P_ALL)};
	int size = 64 << 20, on = 1;

	sl.sll_ifindex = (int)if_nametoindex(opt.ifname);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sl, sizeof(sl))) {
		perror(opt.ifname);
		exit(2);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
}

static void start_lwip(void)
{
	char address[32];
	char *len;
	ip4_addr_t ip, mask, gw;
	int plen = 24;

	snprintf(address, sizeof(address), "%s", opt.address);
	len = strchr(address, '/');
	if (len) {
		*len = '\0';
		plen = atoi(len + 1);
	}
	lwip_init();
	ip4addr_aton(address, &ip);
	ip4_addr_set_zero(&gw);
	ip4_addr_set_u32(&mask, lwip_htonl(plen ? 0xffffffffU << (32 - plen) : 0));
	if (!netif_add(&eth, &ip, &mask, &gw, NULL, eth_init, ethernet_input)) {
		fprintf(stderr, "%s: no such interface\n", opt.ifname);
		exit(2);
	}
	netif_set_up(&eth);
	netif_set_default(&eth);
}

/* lwIP keeps one packet per unresolved address and would lose all SCCRQs but the last. */
static void resolve(const ip4_addr_t *lns)
{
	u32_t start = sys_now();
	struct eth_addr *mac;
	const ip4_addr_t *entry;

	while (etharp_find_addr(&eth, lns, &mac, &entry) < 0 && sys_now() - start < 3000) {
		etharp_request(&eth, lns);
		spin(100);
	}
}

static void dial(void)
{
	u8_t auth = !strcmp(opt.auth, "pap") ? PPPAUTHTYPE_PAP
		: !strcmp(opt.auth, "chap")  ? PPPAUTHTYPE_CHAP
					     : PPPAUTHTYPE_ANY;
	u8_t secret_len = opt.secret ? (u8_t)strlen(opt.secret) : 0;
	ip_addr_t lns;
	u32_t start;

	ipaddr_aton(opt.lns, &lns);
	resolve(ip_2_ip4(&lns));
	start = sys_now();
	for (int i = 0; i < opt.sessions; i++) {
		struct subscriber *s = &subs[i];

		s->ppp = pppol2tp_create(&s->nif, &eth, &lns, 1701, (const u8_t *)opt.secret,
			secret_len, ppp_status, s);
		if (!s->ppp) {
			fprintf(stderr, "session %d: cannot create\n", i);
			exit(2);
		}
		netif_set_ip6_autoconfig_enabled(&s->nif, 1);
		ppp_set_auth(s->ppp, auth, opt.user, opt.password);
		ppp_set_usepeerdns(s->ppp, 1);
		ppp_connect(s->ppp, 0);
		if (i % 64 == 63)
			spin(1);
	}
	while (count.up + count.failed < (unsigned)opt.sessions &&
		sys_now() - start < (u32_t)opt.dial_s * 1000)
		spin(10);
	printf("%u/%d sessions up, %u failed, in %u ms\n", count.up, opt.sessions, count.failed,
		(unsigned)(sys_now() - start));
}

static void await_slaac(void)
{
	u32_t start = sys_now();

	while (count.up6 < count.up && sys_now() - start < 8000) {
		spin(50);
		count.up6 = 0;
		for (int i = 0; i < opt.sessions; i++)
			count.up6 += subs[i].up && global6(&subs[i].nif);
	}
	printf("%u/%u sessions with an IPv6 address, in %u ms\n", count.up6, count.up,
		(unsigned)(sys_now() - start));
	for (int i = 0; i < opt.sessions && i < 4; i++)
		if (global6(&subs[i].nif))
			printf("session %d address6 %s\n", i, ip6addr_ntoa(global6(&subs[i].nif)));
}

/* One round: every session pings the far host, and with -x its neighbour, all in one burst of at most 32. */
static void ping_round(struct raw_pcb *raw4, struct raw_pcb *raw6)
{
	ip_addr_t far4, far6, next;

	if (opt.ping4)
		ipaddr_aton(opt.ping4, &far4);
	if (opt.ping6)
		ipaddr_aton(opt.ping6, &far6);
	for (int i = 0; i < opt.sessions; i++) {
		struct netif *n = &subs[(i + 1) % opt.sessions].nif;

		if (!subs[i].up || subs[i].dead)
			continue;
		if (opt.ping4)
			ping4(raw4, i, &far4);
		if (opt.ping6)
			ping6(raw6, i, &far6);
		if (opt.each_other) {
			ip_addr_copy_from_ip4(next, *netif_ip4_addr(n));
			ping4(raw4, i, &next);
		}
		if (opt.each_other && opt.want6 && global6(n)) {
			ip_addr_copy_from_ip6(next, *global6(n));
			ping6(raw6, i, &next);
		}
		if (i % 32 == 31)
			spin(0);
	}
}

static void ping(void)
{
	struct raw_pcb *raw4 = raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP);
	struct raw_pcb *raw6 = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6);
	u32_t start = sys_now();

	raw_recv(raw4, icmp4_seen, NULL);
	raw_bind(raw4, IP4_ADDR_ANY);
	raw_recv(raw6, icmp6_seen, NULL);
	raw_bind(raw6, IP6_ADDR_ANY);
	for (int i = 0; i < opt.pings; i++) {
		ping_round(raw4, raw6);
		spin(100);
	}
	for (int i = 0; i < 20 && count.got4 + count.got6 < count.sent4 + count.sent6; i++)
		spin(100);
	printf("ping4 %u/%u ping6 %u/%u misdelivered %u, in %u ms\n", count.got4, count.sent4,
		count.got6, count.sent6, count.misdelivered, (unsigned)(sys_now() - start));
}

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void usage(void)
{
	fputs("usage: lwip-l2tp -i IF [-V VLAN] -a ADDRESS/LEN -l LNS -u USER -p PASSWORD [-s "
	      "TUNNEL-SECRET] "
	      "[-A pap|chap|any]\n"
	      "  [-n SESSIONS] [-t SECONDS to come up] [-P IPV4 to ping] [-6 IPV6 to ping] [-x | "
	      "-X: sessions ping each\n"
	      "  other, IPv4 | and IPv6] [-c ROUNDS] [-S BYTES] [-H SECONDS to stay, ended by "
	      "SIGTERM] [-v]\n",
		stderr);
	exit(2);
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "i:V:a:l:u:p:s:A:n:t:P:6:xXc:S:H:v")) != -1)
		switch (c) {
		case 'i':
			opt.ifname = optarg;
			break;
		case 'V':
			opt.vlan = atoi(optarg);
			break;
		case 'a':
			opt.address = optarg;
			break;
		case 'l':
			opt.lns = optarg;
			break;
		case 'u':
			opt.user = optarg;
			break;
		case 'p':
			opt.password = optarg;
			break;
		case 's':
			opt.secret = optarg;
			break;
		case 'A':
			opt.auth = optarg;
			break;
		case 'n':
			opt.sessions = atoi(optarg);
			break;
		case 't':
			opt.dial_s = atoi(optarg);
			break;
		case 'P':
			opt.ping4 = optarg;
			break;
		case '6':
			opt.ping6 = optarg;
			opt.want6 = 1;
			break;
		case 'x':
			opt.each_other = 1;
			break;
		case 'X':
			opt.each_other = 1;
			opt.want6 = 1;
			break;
		case 'c':
			opt.pings = atoi(optarg);
			break;
		case 'S':
			opt.size = atoi(optarg);
			break;
		case 'H':
			opt.hold_s = atoi(optarg);
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			usage();
		}
	if (optind != argc || opt.sessions < 1)
		usage();
}

int main(int argc, char **argv)
{
	int good;

	setvbuf(stdout, NULL, _IOLBF, 0);
	options(argc, argv);
	signal(SIGTERM, on_signal);
	srandom((unsigned)getpid());
	subs = calloc((size_t)opt.sessions, sizeof(*subs));
	if (!subs)
		return 2;
	open_port();
	start_lwip();
	dial();
	if (opt.want6)
		await_slaac();
	ping();
	good = count.up == (unsigned)opt.sessions && count.got4 == count.sent4 &&
		count.got6 == count.sent6 && !count.misdelivered &&
		(!opt.want6 || count.up6 == count.up);
	for (int i = 0; i < opt.hold_s * 10 && !stop; i++)
		spin(100);
	stop = 1;
	for (int i = 0; i < opt.sessions; i++)
		ppp_close(subs[i].ppp, 0);
	spin(opt.sessions > 16 ? 1500 : 500);
	return !good;
}
