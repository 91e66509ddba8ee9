/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_schema.c - the key table: every key of the configuration, once.
 * Parsing, typing, ranges, defaults, docs/config.md, docs/config.schema.json and the YAML that
 * lnsd prints all read it, so a key that is not here does not exist, and one that is here is
 * documented. Rules between keys are in cfg_check.c. */
#include "config/cfg_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* A field of a struct; AT_MANY: a malloced array with its count; AT_FIXED: an array inside the
 * struct. */
#define AT(st, m)     .offset = offsetof(struct st, m), .size = sizeof(((struct st *)0)->m)
#define AT_LEN(st, m) AT(st, m), .count = offsetof(struct st, m##_len)
#define AT_MANY(st, parent, m)                                                                     \
	.offset = offsetof(struct st, parent m), .size = sizeof(*((struct st *)0)->parent m),      \
	.count = offsetof(struct st, parent n_##m)
#define AT_FIXED(st, m) .offset = offsetof(struct st, m), .size = sizeof(((struct st *)0)->m[0])
#define MAP(keys_array) .keys = (keys_array), .n_keys = COUNT(keys_array)

static const char *const idle_words[] = {"adaptive", "busy", NULL};
static const char *const lookup_words[] = {"index", "hash", NULL};
static const char *const isa_words[] = {"auto", "generic", "avx2", "avx512", NULL};
static const char *const log_to_words[] = {"stderr", "journald", NULL};
static const char *const log_level_words[] = {"bug", "error", "warn", "info", "debug", NULL};
static const char *const auth_words[] = {"", "pap", "chap-md5", NULL};
static const char *const on_stop_words[] = {"end", NULL};

static const struct cfg_key port_keys[] = {
	{"name", CFG_T_STRING, CFG_K_REQUIRED, AT(cfg_port, name), .min = 1, .max = 15,
		.doc = "Name of the port, and of its shadow interface in Linux. Unique."},
	{"dev", CFG_T_STRING, CFG_K_REQUIRED, AT(cfg_port, dev), .min = 1, .max = 159,
		.doc = "DPDK device: a PCI address (`0000:01:00.0`) or a virtual device with its "
		       "arguments "
		       "(`net_af_packet0,iface=veth0`). `qpairs` of `net_af_packet` is added by "
		       "lnsd."},
	{"mtu", CFG_T_UINT, 0, AT(cfg_port, mtu), .min = 576, .max = 9216, .def = "1500",
		.doc = "IP MTU in octets."},
	{"vlan", CFG_T_UINT, CFG_K_OFF, AT(cfg_port, vlan), .min = 1, .max = 4094, .def = "off",
		.doc = "The port is this VLAN of its device; off: untagged."},
	{"addresses", CFG_T_IFADDR, CFG_K_MANY, AT_MANY(cfg_port, , addresses), .max_many = 64,
		.doc = "Own addresses with the length of the link's prefix: `192.0.2.1/24`."},
};
static const struct cfg_map port_map = {
	"dataplane.ports[]", "One device, or one VLAN of it.", MAP(port_keys), {0}};

static const struct cfg_key dataplane_keys[] = {
	{"workers", CFG_T_UINT, 0, AT(cfg, dataplane.workers), .min = 1, .max = 64, .def = "1",
		.doc = "Threads that process packets."},
	{"worker-cpus", CFG_T_UINT, CFG_K_MANY, AT_MANY(cfg, dataplane., worker_cpus), .max = 1023,
		.max_many = 1024, .def_doc = "any CPU but that of control, if there is one",
		.doc = "CPUs of the workers: worker i runs on the entry i modulo their number. "
		       "CPUs may be shared."},
	{"control-cpu", CFG_T_UINT, CFG_K_MINUS1, AT(cfg, dataplane.control_cpu), .max = 1023,
		.def_doc = "0", .doc = "CPU of the control thread."},
	{"idle", CFG_T_ENUM, 0, AT(cfg, dataplane.idle), .words = idle_words, .def = "adaptive",
		.doc = "What a worker does without packets: poll on (`busy`), or sleep in steps up "
		       "to 100 us (`adaptive`)."},
	{"lookup", CFG_T_ENUM, 0, AT(cfg, dataplane.lookup), .words = lookup_words, .def = "index",
		.doc = "How a packet finds its session: by arrays (`index`), or by hash tables "
		       "(`hash`), which take more time and memory."},
	{"isa", CFG_T_ENUM, 0, AT(cfg, dataplane.isa), .words = isa_words, .def = "auto",
		.doc = "Instruction set of the loop that makes UDP checksums: the best that the "
		       "CPU has (`auto`), or one of them, to compare."},
	{"hugepages", CFG_T_BOOL, 0, AT(cfg, dataplane.hugepages), .def = "off",
		.doc = "Take DPDK memory from hugepages."},
	{"memory", CFG_T_BYTES, 0, AT(cfg, dataplane.memory_bytes), .min = 64ull << 20,
		.max = 1ull << 40, .def = "512M",
		.doc = "DPDK memory for packet buffers, tables and records."},
	{"mbufs", CFG_T_UINT, 0, AT(cfg, dataplane.mbufs), .min = 1024, .max = 16777215,
		.def = "32768", .doc = "Packet buffers."},
	{"max-sessions", CFG_T_UINT, 0, AT(cfg, dataplane.max_sessions), .min = 1, .max = 1000000,
		.def = "16384", .doc = "PPP sessions that lnsd has room for."},
	{"max-tunnels", CFG_T_UINT, 0, AT(cfg, dataplane.max_tunnels), .min = 1, .max = 65535,
		.def = "1024", .doc = "L2TP tunnels that lnsd has room for."},
	{"store", CFG_T_STRING, 0, AT(cfg, dataplane.store), .min = 1, .max = 255,
		.def_doc = "memory without a name",
		.doc = "File of the session store, on tmpfs or hugetlbfs."},
	{"ports", CFG_T_LIST, CFG_K_REQUIRED, AT_MANY(cfg, dataplane., ports), .min_many = 1,
		.max_many = 255, .map = &port_map, .doc = "The network ports."},
};
static const struct cfg_map dataplane_map = {"dataplane",
	"Threads, memory and ports. A change takes effect at the next start.", MAP(dataplane_keys),
	{0}};

static const struct cfg_key endpoint_keys[] = {
	{"name", CFG_T_STRING, CFG_K_REQUIRED, AT(cfg_endpoint, name), .min = 1, .max = 31,
		.doc = "Unique."},
	{"address", CFG_T_ADDRESS, CFG_K_REQUIRED, AT(cfg_endpoint, address),
		.doc = "Address, one of a port, on whose UDP port 1701 L2TP is answered."},
	{"udp-checksum-data", CFG_T_BOOL, 0, AT(cfg_endpoint, udp_checksum_data), .def = "on",
		.doc = "UDP checksum in data messages that lnsd sends. Control messages always "
		       "have one."},
};
static const struct cfg_map endpoint_map = {
	"l2tp.endpoints[]", "One local address of L2TP.", MAP(endpoint_keys), {0}};

static const struct cfg_key match_keys[] = {
	{"host-name", CFG_T_STRING, 0, AT(cfg_lac_profile, host_name), .min = 1, .max = 63,
		.def_doc = "any",
		.doc = "Shell pattern (`*` and `?`) on the Host Name of the LAC."},
	{"source", CFG_T_PREFIX, CFG_K_MANY, AT_MANY(cfg_lac_profile, , sources), .max = 128,
		.max_many = 1024, .def_doc = "any",
		.doc = "Prefixes, one of which holds the source address of the LAC."},
};
static const struct cfg_map match_map = {"l2tp.lac-profiles[].match",
	"Which LACs a profile is for. Both keys must match; a profile without `match` is for any "
	"LAC.",
	MAP(match_keys), {0}};

static const struct cfg_key lac_keys[] = {
	{"name", CFG_T_STRING, CFG_K_REQUIRED, AT(cfg_lac_profile, name), .min = 1, .max = 63,
		.doc = "Unique."},
	{"match", CFG_T_MAP, 0, .map = &match_map, .doc = "Which LACs this profile is for."},
	{"secret", CFG_T_SECRET, 0, AT_LEN(cfg_lac_profile, secret), .min = 1, .max = 127,
		.def_doc = "none",
		.doc = "Tunnel secret, or `file:PATH`. With it the LAC must answer a challenge, "
		       "unless `challenge` is off."},
	{"challenge", CFG_T_BOOL, 0, AT(cfg_lac_profile, challenge),
		.def_doc = "on with a secret, else off",
		.doc = "Challenge the LAC (RFC 2661 s5.1.1). Needs a secret."},
	{"local-name", CFG_T_STRING, 0, AT(cfg_lac_profile, local_name), .min = 1, .max = 63,
		.def_doc = "`identity`", .doc = "Host Name that lnsd gives to the LAC."},
	{"hello", CFG_T_DURATION, CFG_K_OFF, AT(cfg_lac_profile, hello_ms), .min = 1000,
		.max = 3600000, .def = "60s",
		.doc = "Silence after which a Hello is sent (RFC 2661 s5.5)."},
	{"window", CFG_T_UINT, 0, AT(cfg_lac_profile, window), .min = 1, .max = 1024, .def = "256",
		.doc = "Receive window of the control connection, in messages (RFC 2661 s5.8)."},
	{"retransmit-cap", CFG_T_DURATION, 0, AT(cfg_lac_profile, rto_cap_ms), .min = 8000,
		.max = 60000, .def = "8s",
		.doc = "Longest wait between two sends of one control message (RFC 2661 s5.8)."},
	{"retries", CFG_T_UINT, 0, AT(cfg_lac_profile, retries), .min = 1, .max = 20, .def = "5",
		.doc = "Sends after the first before the tunnel is given up."},
	{"max-sessions", CFG_T_UINT, 0, AT(cfg_lac_profile, max_sessions), .min = 1, .max = 65535,
		.def = "65535", .def_doc = "`dataplane.max-sessions`, at most 65535",
		.doc = "Sessions in one tunnel."},
	{"max-tunnels", CFG_T_UINT, 0, AT(cfg_lac_profile, max_tunnels), .min = 1, .max = 65535,
		.def = "65535", .def_doc = "`dataplane.max-tunnels`",
		.doc = "Established tunnels of this profile at once."},
	{"ppp-profile", CFG_T_STRING, CFG_K_REQUIRED, AT(cfg_lac_profile, ppp_profile), .min = 1,
		.max = 63, .doc = "Name of the PPP profile of its sessions."},
};
static const struct cfg_map lac_map = {"l2tp.lac-profiles[]",
	"What holds for a group of LACs. The first profile that matches is taken, in the order of "
	"the file; a LAC that none "
	"matches is refused.",
	MAP(lac_keys), {0}};

static const struct cfg_key l2tp_keys[] = {
	{"endpoints", CFG_T_LIST, CFG_K_REQUIRED, AT_MANY(cfg, , endpoints), .min_many = 1,
		.max_many = 64, .map = &endpoint_map, .doc = "Addresses that L2TP is answered on."},
	{"lac-profiles", CFG_T_LIST, CFG_K_REQUIRED, AT_MANY(cfg, , lac_profiles), .min_many = 1,
		.max_many = 4096, .map = &lac_map, .doc = "Who may set up tunnels, and how."},
};
static const struct cfg_map l2tp_map = {"l2tp", "L2TPv2, RFC 2661.", MAP(l2tp_keys), {0}};

static const struct cfg_key echo_keys[] = {
	{"interval", CFG_T_DURATION, CFG_K_OFF, AT(cfg_ppp_profile, echo_interval_ms), .min = 1000,
		.max = 3600000, .def = "30s", .doc = "Time between two LCP Echo-Requests."},
	{"failures", CFG_T_UINT, 0, AT(cfg_ppp_profile, echo_failures), .min = 1, .max = 255,
		.def = "4", .doc = "Unanswered requests after which the session ends."},
};
static const struct cfg_map echo_map = {
	"ppp-profiles[].echo", "LCP echo, RFC 1661 s5.8.", MAP(echo_keys), {0}};

static const struct cfg_key policer_keys[] = {
	{"up", CFG_T_RATE, CFG_K_OFF, AT(cfg_ppp_profile, rate_up), .min = 64000,
		.max = 10000000000, .def = "off",
		.doc = "What one subscriber may send, in bits per second of IP packets."},
	{"down", CFG_T_RATE, CFG_K_OFF, AT(cfg_ppp_profile, rate_down), .min = 64000,
		.max = 10000000000, .def = "off",
		.doc = "What one subscriber may be sent, in bits per second of IP packets."},
	{"burst", CFG_T_DURATION, 0, AT(cfg_ppp_profile, rate_burst_ms), .min = 1, .max = 4000,
		.def = "100ms",
		.doc = "After silence as much as the rate gives in this time may come at once."},
};
static const struct cfg_map policer_map = {"ppp-profiles[].policer",
	"Rate limits of one session (a token bucket each way); packets above them are dropped. Not "
	"counted are PPP's own frames and what L2TP, UDP and the outer IP add.",
	MAP(policer_keys), {0}};

static const struct cfg_key ppp_keys[] = {
	{"name", CFG_T_STRING, CFG_K_REQUIRED, AT(cfg_ppp_profile, name), .min = 1, .max = 63,
		.doc = "Unique."},
	{"auth", CFG_T_ENUM, CFG_K_MANY | CFG_K_REQUIRED, AT_FIXED(cfg_ppp_profile, auth),
		.min_many = 1, .max_many = 2, .words = auth_words,
		.doc = "Authentication protocols, the preferred one first."},
	{"mru", CFG_T_UINT, 0, AT(cfg_ppp_profile, mru), .min = 576, .max = 9216, .def = "1500",
		.doc = "MRU that lnsd asks for, in octets; less where the port's MTU leaves less."},
	{"echo", CFG_T_MAP, 0, .map = &echo_map, .doc = "LCP echo."},
	{"dns", CFG_T_ADDRESS, CFG_K_MANY | CFG_K_V4, AT_FIXED(cfg_ppp_profile, dns), .max_many = 2,
		.def_doc = "none", .doc = "Name servers for the subscriber (RFC 1877)."},
	{"nbns", CFG_T_ADDRESS, CFG_K_MANY | CFG_K_V4, AT_FIXED(cfg_ppp_profile, nbns),
		.max_many = 2, .def_doc = "none",
		.doc = "NetBIOS name servers for the subscriber (RFC 1877)."},
	{"ipv4", CFG_T_BOOL, 0, AT(cfg_ppp_profile, ipv4), .def = "on",
		.doc = "Offer IPv4 (IPCP)."},
	{"ipv6", CFG_T_BOOL, 0, AT(cfg_ppp_profile, ipv6), .def = "on",
		.doc = "Offer IPv6 (IPV6CP)."},
	{"pool4", CFG_T_STRING, 0, AT(cfg_ppp_profile, pool4), .min = 1, .max = 63,
		.def_doc = "none", .doc = "Name of the pool of IPv4 addresses."},
	{"pool6", CFG_T_STRING, 0, AT(cfg_ppp_profile, pool6), .min = 1, .max = 63,
		.def_doc = "none", .doc = "Name of the pool of IPv6 prefixes."},
	{"mss-clamp", CFG_T_BOOL, 0, AT(cfg_ppp_profile, mss_clamp), .def = "on",
		.doc = "Lower the MSS of TCP connections to what the session carries in one "
		       "packet."},
	{"source-check", CFG_T_BOOL, 0, AT(cfg_ppp_profile, source_check), .def = "on",
		.doc = "Drop packets of a subscriber whose source is not an address or route of "
		       "his."},
	{"policer", CFG_T_MAP, 0, .map = &policer_map, .doc = "Rate limits of each session."},
};
static const struct cfg_map ppp_map = {
	"ppp-profiles[]", "What holds for a group of PPP sessions.", MAP(ppp_keys), {0}};

static const struct cfg_key pool_keys[] = {
	{"name", CFG_T_STRING, CFG_K_REQUIRED, AT(cfg_pool, name), .min = 1, .max = 63,
		.doc = "Unique."},
	{"range", CFG_T_POOL4, 0,
		.doc = "IPv4: a prefix (`100.64.0.0/16`; its network and broadcast address are "
		       "left out) "
		       "or first and last address (`100.64.0.10-100.64.0.99`)."},
	{"prefix", CFG_T_POOL6, 0, .min = 40, .max = 64,
		.doc = "IPv6: a prefix of which each session gets a /64."},
	{"gateway", CFG_T_HOST4, 0, AT(cfg_pool, gateway4),
		.def_doc = "the first address of the range",
		.doc = "IPv4: our end of the link to these subscribers."},
};
static const struct cfg_map pool_map = {"pools[]",
	"Addresses for subscribers. Exactly one of `range` and `prefix`.", MAP(pool_keys),
	{"range", "prefix"}};

static const struct cfg_key user_keys[] = {
	{"name", CFG_T_STRING, CFG_K_REQUIRED, AT(cfg_user, name), .min = 1, .max = 255,
		.doc = "What the subscriber gives as PAP or CHAP name. Unique."},
	{"password", CFG_T_SECRET, CFG_K_REQUIRED, AT_LEN(cfg_user, password), .min = 1, .max = 255,
		.doc = "Password, or `file:PATH`."},
	{"ppp-profile", CFG_T_STRING, 0, AT(cfg_user, ppp_profile), .min = 1, .max = 63,
		.def_doc = "that of the LAC profile",
		.doc = "Name of the PPP profile once the user is known."},
	{"address", CFG_T_ADDRESS, CFG_K_V4, AT(cfg_user, ip4), .def_doc = "from the pool",
		.doc = "Own IPv4 address."},
	{"prefix6", CFG_T_PREFIX, CFG_K_V6, AT(cfg_user, ip6), .min = 64, .max = 64,
		.def_doc = "from the pool", .doc = "Own IPv6 prefix."},
	{"routes", CFG_T_PREFIX, CFG_K_MANY, AT_MANY(cfg_user, , routes), .max = 128,
		.max_many = 16, .def_doc = "none",
		.doc = "Prefixes behind the subscriber, routed to the session."},
	{"max-sessions", CFG_T_UINT, CFG_K_OFF, AT(cfg_user, max_sessions), .min = 1,
		.max = 1000000, .def = "off", .doc = "Sessions at once; off: no limit."},
};
static const struct cfg_map user_map = {"users[]", "Local subscribers.", MAP(user_keys), {0}};

static const struct cfg_key api_keys[] = {
	{"socket", CFG_T_STRING, 0, AT(cfg, api.socket), .min = 1, .max = 107,
		.def = "/run/lnsd/api.sock",
		.doc = "Path of the Unix socket of the API; its mode is 0660."},
	{"group", CFG_T_STRING, 0, AT(cfg, api.group), .min = 1, .max = 63,
		.def_doc = "that of the process", .doc = "Group of the socket."},
};
static const struct cfg_map api_map = {
	"api", "The JSON API, which `lnsctl` uses.", MAP(api_keys), {0}};

static const struct cfg_key log_keys[] = {
	{"to", CFG_T_ENUM, 0, AT(cfg, log.to), .words = log_to_words, .def = "stderr",
		.doc = "Where log lines go."},
	{"level", CFG_T_ENUM, 0, AT(cfg, log.level), .words = log_level_words, .def = "info",
		.doc = "The least important lines that are written."},
};
static const struct cfg_map log_map = {"log", "The log.", MAP(log_keys), {0}};

static const struct cfg_key root_keys[] = {
	{"schema", CFG_T_UINT, CFG_K_REQUIRED, AT(cfg, schema), .min = 1, .max = 1,
		.doc = "Version of this layout."},
	{"identity", CFG_T_STRING, 0, AT(cfg, identity), .min = 1, .max = 63,
		.def_doc = "the name of the host",
		.doc = "Name of this LNS: in the Host Name AVP and as CHAP name."},
	{"dataplane", CFG_T_MAP, CFG_K_REQUIRED, .map = &dataplane_map,
		.doc = "Threads, memory and ports."},
	{"l2tp", CFG_T_MAP, CFG_K_REQUIRED, .map = &l2tp_map, .doc = "Tunnels."},
	{"ppp-profiles", CFG_T_LIST, CFG_K_REQUIRED, AT_MANY(cfg, , ppp_profiles), .min_many = 1,
		.max_many = 256, .map = &ppp_map, .doc = "PPP sessions."},
	{"pools", CFG_T_LIST, 0, AT_MANY(cfg, , pools), .max_many = 1024, .map = &pool_map,
		.def_doc = "none", .doc = "Addresses for subscribers."},
	{"users", CFG_T_LIST, 0, AT_MANY(cfg, , users), .max_many = 1000000, .map = &user_map,
		.def_doc = "none", .doc = "Local subscribers."},
	{"api", CFG_T_MAP, 0, .map = &api_map, .doc = "The API."},
	{"log", CFG_T_MAP, 0, .map = &log_map, .doc = "The log."},
	{"on-stop", CFG_T_ENUM, 0, AT(cfg, on_stop), .words = on_stop_words, .def = "end",
		.doc = "What a stop does with sessions: `end` clears every tunnel with StopCCN."},
};
const struct cfg_map cfg_root_map = {"The file", "Top-level keys.", MAP(root_keys), {0}};
