/* SPDX-License-Identifier: BSD-3-Clause */
/* opts.c - the command line of lacsim. Pure but for the streams it prints to. */
#include "tools/lacsim/opts.h"
#include "tools/lacsim/ledger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"lacsim - a LAC with many PPP subscribers: load generator and checker for an LNS\n"
	"\n"
	"usage: lacsim --lns ADDR[:PORT] [options]\n"
	"       lacsim --core-echo --bind ADDR:PORT      return every payload (runs on the core "
	"side)\n"
	"\n"
	"Peer\n"
	"  --lns ADDR[:PORT]       the LNS; IPv4 or [IPv6], port 1701\n"
	"  --bind ADDR             our address; default: what the system chooses\n"
	"  --source-port P         tunnel t sends from port P + t; default: ephemeral ports\n"
	"  --one-socket            all tunnels share one address and port\n"
	"Tunnels and calls\n"
	"  --tunnels T             1..65535, default 1\n"
	"  --sessions N            in all, spread over the tunnels; default 1\n"
	"  --host-name NAME        Host Name AVP; %d is the tunnel's number; default lacsim\n"
	"  --secret TEXT           tunnel secret: answer challenges and challenge the LNS\n"
	"  --hello S               Hello after S seconds of silence, default 60; 0: never\n"
	"  --window W              Receive Window Size that we announce, default 256\n"
	"  --length-bit            data messages carry the Length field\n"
	"  --sequencing            data messages carry Ns and Nr; ICCN says Sequencing Required\n"
	"  --rate R                new sessions per second, default 0: as fast as the window "
	"allows\n"
	"  --in-flight K           sessions being set up at once, default 1000; with --port 256\n"
	"  --timeout S             give up when not all are up after S seconds, default 120\n"
	"Subscribers\n"
	"  --user U --password P   %d is the subscriber's number; default alice / wonder\n"
	"  --auth pap|chap|any     what we accept, default any\n"
	"  --eager                 send the first LCP request at once; default: answer that of "
	"the\n"
	"                          LNS first, as a subscriber does whom the LAC has already spoken "
	"to\n"
	"  --mru M                 default 1500\n"
	"  --ipv6                  IPv6CP and router discovery too; up means both families are\n"
	"Traffic\n"
	"  --traffic S             send numbered payloads for S seconds\n"
	"  --pps N                 packets per second of all subscribers together, default 1000\n"
	"  --size B                octets of UDP payload, default 200\n"
	"  --peer-to-peer          subscribers send to each other\n"
	"  --traffic6              over IPv6 (needs --ipv6 --peer-to-peer)\n"
	"  --echo-to ADDR:PORT     subscribers send to a lacsim --core-echo, which returns each "
	"payload\n"
	"  --drain MS              wait for stragglers, default 2000\n"
	"Ending\n"
	"  --hold S                stay up for S seconds after the traffic\n"
	"  --keep                  stay up until SIGINT or SIGTERM\n"
	"  --teardown stop|cdn|none  default stop (StopCCN)\n"
	"  --no-teardown           vanish without a word: --teardown none\n"
	"Result\n"
	"  --list FILE             once dialled: one line \"NUMBER USER IPV4 IPV6\" per session "
	"that is up\n"
	"  --json FILE             the result as JSON, after the traffic and again at the end\n"
	"                          (\"-\": standard output at the end, not the table)\n"
	"  --progress              a line per second on standard error\n"
	"  --min-up N              succeed when N sessions came up; default: all\n"
	"  --max-loss N            succeed when up to N payloads were lost; default 0\n"
	"  --seed X                same seed, same content and order of choices; default 1\n"
	"  --generation G          stamped into payloads, so that a later run knows its own; "
	"default 1\n"
	"\n"
	"lacsim-dpdk only (docs/lacsim.md)\n"
	"  --port DEVARGS          the access side: a PCI address or a virtual device of DPDK\n"
	"  --address A/LEN         of the first LAC; --gateway G: next hop to the LNS\n"
	"  --lacs L                LACs with consecutive addresses, default 1\n"
	"  --core-port DEVARGS     the core side; --core-address A/LEN --core-gateway G there\n"
	"  --phases LIST           what to do; \"-\": read from standard input\n"
	"  --queues Q              pairs of queues of each port, default 1\n"
	"  --cpu N, --memory M     CPU, and MiB of memory, default 512\n"
	"  --hugepages, --polite   memory from hugepages; sleep when there is nothing to do\n"
	"  --eal ARGS              further arguments for DPDK\n"
	"\n"
	"Exit status: 0 all well; 1 sessions missing, or payloads lost, duplicated, misdelivered "
	"or corrupted;\n"
	"2 bad usage; 3 the system refused something.\n";

enum {
	O_LNS = 256,
	O_BIND,
	O_SOURCE_PORT,
	O_ONE_SOCKET,
	O_TUNNELS,
	O_SESSIONS,
	O_HOST_NAME,
	O_SECRET,
	O_HELLO,
	O_WINDOW,
	O_LENGTH_BIT,
	O_SEQUENCING,
	O_RATE,
	O_IN_FLIGHT,
	O_TIMEOUT,
	O_USER,
	O_PASSWORD,
	O_AUTH,
	O_EAGER,
	O_MRU,
	O_IPV6,
	O_TRAFFIC,
	O_PPS,
	O_SIZE,
	O_P2P,
	O_TRAFFIC6,
	O_ECHO_TO,
	O_DRAIN,
	O_HOLD,
	O_KEEP,
	O_TEARDOWN,
	O_NO_TEARDOWN,
	O_LIST,
	O_JSON,
	O_PROGRESS,
	O_MIN_UP,
	O_MAX_LOSS,
	O_SEED,
	O_GENERATION,
	O_CORE_ECHO,
	O_PORT,
	O_CORE_PORT,
	O_ADDRESS,
	O_CORE_ADDRESS,
	O_GATEWAY,
	O_CORE_GATEWAY,
	O_LACS,
	O_QUEUES,
	O_CPU,
	O_MEMORY,
	O_HUGEPAGES,
	O_POLITE,
	O_EAL,
	O_PHASES,
	O_HELP,
};

static const struct option long_options[] = {
	{"lns", 1, NULL, O_LNS},
	{"bind", 1, NULL, O_BIND},
	{"source-port", 1, NULL, O_SOURCE_PORT},
	{"one-socket", 0, NULL, O_ONE_SOCKET},
	{"tunnels", 1, NULL, O_TUNNELS},
	{"sessions", 1, NULL, O_SESSIONS},
	{"host-name", 1, NULL, O_HOST_NAME},
	{"secret", 1, NULL, O_SECRET},
	{"hello", 1, NULL, O_HELLO},
	{"window", 1, NULL, O_WINDOW},
	{"length-bit", 0, NULL, O_LENGTH_BIT},
	{"sequencing", 0, NULL, O_SEQUENCING},
	{"rate", 1, NULL, O_RATE},
	{"in-flight", 1, NULL, O_IN_FLIGHT},
	{"timeout", 1, NULL, O_TIMEOUT},
	{"user", 1, NULL, O_USER},
	{"password", 1, NULL, O_PASSWORD},
	{"auth", 1, NULL, O_AUTH},
	{"eager", 0, NULL, O_EAGER},
	{"mru", 1, NULL, O_MRU},
	{"ipv6", 0, NULL, O_IPV6},
	{"traffic", 1, NULL, O_TRAFFIC},
	{"pps", 1, NULL, O_PPS},
	{"size", 1, NULL, O_SIZE},
	{"peer-to-peer", 0, NULL, O_P2P},
	{"traffic6", 0, NULL, O_TRAFFIC6},
	{"echo-to", 1, NULL, O_ECHO_TO},
	{"drain", 1, NULL, O_DRAIN},
	{"hold", 1, NULL, O_HOLD},
	{"keep", 0, NULL, O_KEEP},
	{"teardown", 1, NULL, O_TEARDOWN},
	{"no-teardown", 0, NULL, O_NO_TEARDOWN},
	{"list", 1, NULL, O_LIST},
	{"json", 1, NULL, O_JSON},
	{"progress", 0, NULL, O_PROGRESS},
	{"min-up", 1, NULL, O_MIN_UP},
	{"max-loss", 1, NULL, O_MAX_LOSS},
	{"seed", 1, NULL, O_SEED},
	{"generation", 1, NULL, O_GENERATION},
	{"core-echo", 0, NULL, O_CORE_ECHO},
	{"port", 1, NULL, O_PORT},
	{"core-port", 1, NULL, O_CORE_PORT},
	{"address", 1, NULL, O_ADDRESS},
	{"core-address", 1, NULL, O_CORE_ADDRESS},
	{"gateway", 1, NULL, O_GATEWAY},
	{"core-gateway", 1, NULL, O_CORE_GATEWAY},
	{"lacs", 1, NULL, O_LACS},
	{"queues", 1, NULL, O_QUEUES},
	{"cpu", 1, NULL, O_CPU},
	{"memory", 1, NULL, O_MEMORY},
	{"hugepages", 0, NULL, O_HUGEPAGES},
	{"polite", 0, NULL, O_POLITE},
	{"eal", 1, NULL, O_EAL},
	{"phases", 1, NULL, O_PHASES},
	{"help", 0, NULL, O_HELP},
	{0},
};

int sim_addr_parse(struct sim_addr *a, const char *text, uint16_t default_port)
{
	char host[64];
	const char *port = NULL, *end = NULL;
	size_t len = strlen(text);
	unsigned long p = default_port;
	char *rest;

	if (text[0] == '[') {
		end = strchr(text++, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		port = end[1] ? end + 2 : NULL;
	} else if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':')) {
		end = strchr(text, ':');
		port = end + 1;
	}
	if (end)
		len = (size_t)(end - text);
	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = 0;
	if (port) {
		p = strtoul(port, &rest, 10);
		if (!*port || *rest || p == 0 || p > 65535)
			return -EINVAL;
	}
	memset(a, 0, sizeof(*a));
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a->sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a->sa;
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)p);
		a->len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)p);
		a->len = sizeof(*v6);
	} else {
		return -EINVAL;
	}
	return 0;
}

size_t sim_numbered(char *out, size_t size, const char *pattern, uint32_t number)
{
	const char *at = strstr(pattern, "%d");
	int n;

	if (at)
		n = snprintf(out, size, "%.*s%u%s", (int)(at - pattern), pattern, number, at + 2);
	else
		n = snprintf(out, size, "%s", pattern);
	return n < 0 ? 0 : (size_t)n >= size ? size - 1 : (size_t)n;
}

static int bad(FILE *err, const char *name, const char *value, const char *allowed)
{
	fprintf(err, "lacsim: --%s: \"%s\": %s\n", name, value, allowed);
	return -1;
}

static int number(uint64_t *to, const char *name, uint64_t min, uint64_t max, FILE *err)
{
	char text[96], *rest;

	errno = 0;
	*to = strtoull(optarg, &rest, 0);
	if (*optarg && *optarg != '-' && !*rest && !errno && *to >= min && *to <= max)
		return 0;
	snprintf(text, sizeof(text), "must be a number from %llu to %llu", (unsigned long long)min,
		(unsigned long long)max);
	return bad(err, name, optarg, text);
}

static int take_number(struct sim_opts *o, int opt, const char *name, FILE *err)
{
#define FIELD(f) sizeof(o->f), offsetof(struct sim_opts, f)
	static const struct {
		int opt;
		size_t size, at;
		uint64_t min, max;
	} numbers[] = {
		{O_SOURCE_PORT, FIELD(source_port), 1, 65535},
		{O_TUNNELS, FIELD(tunnels), 1, 65535},
		{O_SESSIONS, FIELD(sessions), 0, 4000000},
		{O_HELLO, FIELD(hello_s), 0, 3600},
		{O_WINDOW, FIELD(window), 1, 32767},
		{O_RATE, FIELD(rate), 0, 1000000},
		{O_IN_FLIGHT, FIELD(in_flight), 1, 1000000},
		{O_TIMEOUT, FIELD(timeout_s), 1, 86400},
		{O_MRU, FIELD(mru), 128, 9216},
		{O_TRAFFIC, FIELD(traffic_s), 1, 1000000},
		{O_PPS, FIELD(pps), 1, 10000000},
		{O_SIZE, FIELD(size), LEDGER_STAMP, LEDGER_MAX},
		{O_DRAIN, FIELD(drain_ms), 0, 600000},
		{O_HOLD, FIELD(hold_s), 0, 10000000},
		{O_MIN_UP, FIELD(min_up), 0, 4000000},
		{O_MAX_LOSS, FIELD(max_loss), 0, UINT64_MAX},
		{O_SEED, FIELD(seed), 0, UINT64_MAX},
		{O_GENERATION, FIELD(generation), 0, UINT32_MAX},
		{O_LACS, FIELD(lacs), 1, 65535},
		{O_QUEUES, FIELD(queues), 1, 64},
		{O_CPU, FIELD(cpu), 0, 1023},
		{O_MEMORY, FIELD(memory_mb), 64, 1048576},
	};
#undef FIELD
	uint8_t *to;
	uint64_t v;
	size_t i = 0;

	while (numbers[i].opt != opt)
		i++;
	if (number(&v, name, numbers[i].min, numbers[i].max, err))
		return -1;
	to = (uint8_t *)o + numbers[i].at;
	if (numbers[i].size == sizeof(uint16_t))
		memcpy(to, &(uint16_t){(uint16_t)v}, sizeof(uint16_t));
	else if (numbers[i].size == sizeof(uint32_t))
		memcpy(to, &(uint32_t){(uint32_t)v}, sizeof(uint32_t));
	else
		memcpy(to, &v, sizeof(v));
	return 0;
}

/* "192.0.2.2/24"; without LEN, a host. */
static int net_parse(struct sim_net *to, const char *text)
{
	char host[INET_ADDRSTRLEN], *rest;
	size_t n = strcspn(text, "/");
	unsigned long len = 32;
	struct in_addr a;

	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = 0;
	if (text[n]) {
		len = strtoul(text + n + 1, &rest, 10);
		if (!text[n + 1] || *rest || len > 32)
			return -EINVAL;
	}
	if (inet_pton(AF_INET, host, &a) != 1 || !a.s_addr)
		return -EINVAL;
	*to = (struct sim_net){.ip = ntohl(a.s_addr), .prefix_len = (uint8_t)len};
	return 0;
}

static int take_gateway(uint32_t *to, const char *name, FILE *err)
{
	struct sim_net net;

	if (net_parse(&net, optarg) || strchr(optarg, '/'))
		return bad(err, name, optarg, "must be an IPv4 address");
	*to = net.ip;
	return 0;
}

static int take_dpdk(struct sim_opts *o, int opt, const char *name, FILE *err)
{
	switch (opt) {
	case O_PORT:
		o->port = optarg;
		return 0;
	case O_CORE_PORT:
		o->core_port = optarg;
		return 0;
	case O_ADDRESS:
	case O_CORE_ADDRESS:
		if (net_parse(opt == O_ADDRESS ? &o->address : &o->core_address, optarg))
			return bad(err, name, optarg, "must be an IPv4 address, like 192.0.2.2/24");
		return 0;
	case O_GATEWAY:
		return take_gateway(&o->gateway, name, err);
	case O_CORE_GATEWAY:
		return take_gateway(&o->core_gateway, name, err);
	case O_HUGEPAGES:
		o->hugepages = true;
		return 0;
	case O_POLITE:
		o->polite = true;
		return 0;
	case O_EAL:
		o->eal = optarg;
		return 0;
	case O_PHASES:
		o->phases = optarg;
		return 0;
	default:
		return take_number(o, opt, name, err);
	}
}

static int take(struct sim_opts *o, int opt, const char *name, FILE *err)
{
	static const char addr_rule[] = "must be an address, or ADDR:PORT ([ADDR]:PORT for IPv6)";

	switch (opt) {
	case O_LNS:
		return sim_addr_parse(&o->lns, optarg, 1701) ? bad(err, name, optarg, addr_rule)
							     : 0;
	case O_BIND:
		return sim_addr_parse(&o->bind, optarg, 0) ? bad(err, name, optarg, addr_rule) : 0;
	case O_ECHO_TO:
		if (sim_addr_parse(&o->echo_to, optarg, 7) || o->echo_to.sa.ss_family != AF_INET)
			return bad(err, name, optarg, "must be an IPv4 ADDR:PORT");
		return 0;
	case O_ONE_SOCKET:
		o->one_socket = true;
		return 0;
	case O_HOST_NAME:
		o->host_name = optarg;
		return 0;
	case O_SECRET:
		o->secret = *optarg ? optarg : NULL;
		return 0;
	case O_LENGTH_BIT:
		o->length_bit = true;
		return 0;
	case O_SEQUENCING:
		o->sequencing = true;
		return 0;
	case O_USER:
		o->user = optarg;
		return 0;
	case O_PASSWORD:
		o->password = optarg;
		return 0;
	case O_AUTH:
		o->auth = !strcmp(optarg, "pap")  ? SIM_AUTH_PAP
			: !strcmp(optarg, "chap") ? SIM_AUTH_CHAP
						  : SIM_AUTH_ANY;
		if (o->auth == SIM_AUTH_ANY && strcmp(optarg, "any"))
			return bad(err, name, optarg, "must be pap, chap or any");
		return 0;
	case O_IPV6:
		o->ipv6 = true;
		return 0;
	case O_EAGER:
		o->eager = true;
		return 0;
	case O_P2P:
		o->peer_to_peer = true;
		return 0;
	case O_TRAFFIC6:
		o->traffic6 = true;
		return 0;
	case O_KEEP:
		o->keep = true;
		return 0;
	case O_NO_TEARDOWN:
		o->teardown = SIM_TEARDOWN_NONE;
		return 0;
	case O_TEARDOWN:
		o->teardown = !strcmp(optarg, "cdn") ? SIM_TEARDOWN_CDN
			: !strcmp(optarg, "none")    ? SIM_TEARDOWN_NONE
						     : SIM_TEARDOWN_STOPCCN;
		if (o->teardown == SIM_TEARDOWN_STOPCCN && strcmp(optarg, "stop"))
			return bad(err, name, optarg, "must be stop, cdn or none");
		return 0;
	case O_LIST:
		o->list = optarg;
		return 0;
	case O_JSON:
		o->json = optarg;
		return 0;
	case O_PROGRESS:
		o->progress = true;
		return 0;
	case O_CORE_ECHO:
		o->core_echo = true;
		return 0;
	default:
		return take_dpdk(o, opt, name, err);
	}
}

static int complain(FILE *err, const char *what)
{
	fprintf(err, "lacsim: %s; see lacsim --help\n", what);
	return -1;
}

static int check_dpdk(const struct sim_opts *o, FILE *err)
{
	if (o->lns.sa.ss_family != AF_INET)
		return complain(err, "--port needs an IPv4 --lns");
	if (!o->address.ip || !o->phases)
		return complain(err, "--port needs --address and --phases");
	if (o->core_port && (!o->core_address.ip || !o->core_gateway))
		return complain(err, "--core-port needs --core-address and --core-gateway");
	if (o->traffic_s || o->bind.len || o->one_socket)
		return complain(err,
			"--port goes with --phases, not with --traffic, --bind or "
			"--one-socket");
	return 0;
}

static int check_together(struct sim_opts *o, FILE *err)
{
	if (o->core_echo)
		return o->bind.len ? 0 : complain(err, "--core-echo needs --bind ADDR:PORT");
	if (!o->lns.len)
		return complain(err, "--lns is missing");
	if (o->bind.len && o->bind.sa.ss_family != o->lns.sa.ss_family)
		return complain(err, "--bind and --lns are of different families");
	if ((o->sessions + o->tunnels - 1) / o->tunnels > 65535)
		return complain(
			err, "a tunnel carries at most 65535 sessions: more --tunnels are needed");
	if (o->source_port && !o->one_socket && o->source_port + o->tunnels - 1 > 65535)
		return complain(err, "--source-port + --tunnels exceeds 65535");
	if (o->traffic_s && !o->peer_to_peer && !o->echo_to.len)
		return complain(err, "--traffic needs --peer-to-peer or --echo-to");
	if (o->peer_to_peer && o->echo_to.len)
		return complain(err, "--peer-to-peer and --echo-to exclude each other");
	if (o->traffic6 && !(o->ipv6 && o->peer_to_peer))
		return complain(err, "--traffic6 needs --ipv6 and --peer-to-peer");
	if (o->min_up == UINT32_MAX)
		o->min_up = o->sessions;
	if (!o->in_flight)
		o->in_flight = o->port ? 256 : 1000; /* four frames of each fit a ring of 1,024 */
	return o->port ? check_dpdk(o, err) : 0;
}

int sim_opts_parse(struct sim_opts *o, int argc, char **argv, FILE *out, FILE *err)
{
	int opt, which = 0;

	*o = (struct sim_opts){
		.tunnels = 1,
		.sessions = 1,
		.user = "alice",
		.password = "wonder",
		.host_name = "lacsim",
		.hello_s = 60,
		.window = 256,
		.mru = 1500,
		.timeout_s = 120,
		.pps = 1000,
		.size = 200,
		.drain_ms = 2000,
		.seed = 1,
		.generation = 1,
		.min_up = UINT32_MAX,
		.lacs = 1,
		.queues = 1,
		.memory_mb = 512,
		.cpu = -1,
	};
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", long_options, &which)) != -1) {
		if (opt == O_HELP) {
			fputs(help, out);
			return 1;
		}
		if (opt == '?' || opt == ':') {
			fprintf(err, "lacsim: %s %s; see lacsim --help\n",
				opt == '?' ? "unknown option" : "a value is missing after",
				argv[optind - 1]);
			return -1;
		}
		if (take(o, opt, long_options[which].name, err))
			return -1;
	}
	if (optind < argc)
		return complain(err, "only options are expected, no words");
	return check_together(o, err);
}
