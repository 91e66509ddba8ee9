/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg.h - the configuration as one typed, validated struct. Knows nothing of DPDK.
 * Every value is within the range that docs/config.md states, in the unit that its name says. Thread: control. */
#ifndef CONFIG_CFG_H
#define CONFIG_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** An address or prefix. IPv4 in the first 4 bytes, network order, the rest zero; family 0 = not set. */
struct cfg_prefix {
	uint8_t family; /* 0, 4 or 6 */
	uint8_t len;    /* prefix length; 32 or 128 for an address */
	uint8_t addr[16];
};

enum cfg_idle { CFG_IDLE_ADAPTIVE, CFG_IDLE_BUSY };
enum cfg_lookup { CFG_LOOKUP_INDEX, CFG_LOOKUP_HASH };
enum cfg_isa { CFG_ISA_AUTO, CFG_ISA_GENERIC, CFG_ISA_AVX2, CFG_ISA_AVX512 };
enum cfg_log_to { CFG_LOG_STDERR, CFG_LOG_JOURNALD };
enum cfg_log_level { CFG_LOG_BUG, CFG_LOG_ERROR, CFG_LOG_WARN, CFG_LOG_INFO, CFG_LOG_DEBUG };
enum cfg_auth { CFG_AUTH_NONE, CFG_AUTH_PAP, CFG_AUTH_CHAP_MD5 }; /* numbers equal enum ppp_auth */

struct cfg_port {
	char name[16];           /* unique; the shadow tap in Linux has this name (at most 15 characters) */
	char dev[160];           /* DPDK devargs: "0000:01:00.0", "net_af_packet0,iface=veth0", ... */
	uint16_t mtu;            /* IP MTU, 576..9216, default 1500 */
	uint16_t vlan;           /* 0 = untagged, 1..4094: this port is that VLAN of its dev */
	struct cfg_prefix *addresses; /* with their on-link prefix length */
	size_t n_addresses;
};

struct cfg_endpoint {        /* an address that we answer L2TP on */
	char name[32];
	struct cfg_prefix address;   /* full length */
	bool udp_checksum_data;      /* default on; control always has one */
};

struct cfg_lac_profile {
	char name[64];
	char host_name[64];          /* match: shell pattern (* and ?) on the LAC's Host Name; "" = any */
	struct cfg_prefix *sources;  /* match: source prefixes; none = any */
	size_t n_sources;
	char secret[128];            /* tunnel secret; "" = none */
	size_t secret_len;
	bool challenge;              /* challenge the LAC; default: on when there is a secret */
	char local_name[64];         /* our Host Name; default: identity */
	uint32_t hello_ms;           /* 0 = off, 1000..3600000, default 60000 */
	uint16_t window;             /* 1..1024, default 256 */
	uint32_t rto_cap_ms;         /* 8000..60000, default 8000 */
	uint8_t retries;             /* 1..20, default 5 */
	uint32_t max_sessions;       /* per tunnel, 1..65535 */
	uint32_t max_tunnels;        /* of this profile, 1..65535 */
	char ppp_profile[64];        /* name, resolved in ppp */
	size_t ppp;                  /* index into cfg.ppp_profiles */
};

struct cfg_ppp_profile {
	char name[64];
	enum cfg_auth auth[3];       /* preference; CFG_AUTH_NONE ends it; [0] == NONE: no authentication (not allowed) */
	uint16_t mru;                /* 576..9216, default 1500; the session uses min(mru, port mtu - overhead) */
	uint32_t echo_interval_ms;   /* 0 = off, default 30000 */
	uint8_t echo_failures;       /* 1..255, default 4 */
	struct cfg_prefix dns[2];    /* IPv4 */
	struct cfg_prefix nbns[2];   /* IPv4 */
	bool ipv4, ipv6;             /* NCPs offered, default both on */
	char pool4[64], pool6[64];   /* names; "" = none */
	int ipool4, ipool6;          /* index into cfg.pools or -1 */
	bool mss_clamp;              /* default on */
	bool source_check;           /* default on */
	uint64_t rate_up, rate_down; /* of the subscriber's IP packets, bits per second, 64,000..10^10; 0 = no limit (default) */
	uint32_t rate_burst_ms;      /* 1..4000, default 100: of either rate, at once */
};

struct cfg_pool {
	char name[64];
	uint8_t family;              /* 4: first..last addresses; 6: one prefix, a /64 per session */
	struct cfg_prefix prefix;    /* as written (aggregate); family 0 when IPv4 was written as FIRST-LAST */
	uint32_t first4, last4;      /* host order, inclusive; network and broadcast address of a written prefix left out */
	uint8_t delegate_len;        /* 64 for family 6 */
	uint32_t gateway4;           /* host order: our end of the link towards these subscribers; default 1st usable address */
};

struct cfg_user {
	char name[256];
	char password[256];
	size_t password_len;
	char ppp_profile[64];        /* "" = that of the LAC profile */
	int ppp;                     /* index or -1 */
	struct cfg_prefix ip4;       /* static address, family 0 = from the pool */
	struct cfg_prefix ip6;       /* static /64 prefix, family 0 = from the pool */
	struct cfg_prefix *routes;   /* framed routes, IPv4 and IPv6 */
	size_t n_routes;
	uint32_t max_sessions;       /* at once, 0 = no limit */
};

struct cfg {
	uint32_t schema;             /* 1 */
	char identity[64];           /* default host name; Host Name AVP, CHAP name */
	struct {
		uint16_t workers;        /* 1..64 */
		uint16_t *worker_cpus;   /* n_worker_cpus entries: worker i runs on cpus[i % n]; 0 entries: any CPU but the control's if there is one */
		size_t n_worker_cpus;
		int control_cpu;         /* -1 = CPU 0 */
		enum cfg_idle idle;
		enum cfg_lookup lookup;
		enum cfg_isa isa;
		bool hugepages;          /* default off */
		uint64_t memory_bytes;   /* for mbufs, tables and records in DPDK memory; default 512M */
		uint32_t mbufs;          /* packet buffers; default 32768 */
		uint32_t max_sessions;   /* default 16384, 1..1000000 */
		uint32_t max_tunnels;    /* default 1024, 1..65535 */
		char store[256];         /* file of the session store; "" = anonymous memory */
		struct cfg_port *ports;
		size_t n_ports;
	} dataplane;
	struct cfg_endpoint *endpoints;
	size_t n_endpoints;
	struct cfg_lac_profile *lac_profiles; /* first match wins, in file order */
	size_t n_lac_profiles;
	struct cfg_ppp_profile *ppp_profiles;
	size_t n_ppp_profiles;
	struct cfg_pool *pools;
	size_t n_pools;
	struct cfg_user *users;      /* sorted by name (bytewise) */
	size_t n_users;
	struct {
		char socket[108];        /* path of the API's Unix socket */
		char group[64];          /* group of the socket, "" = the process's; mode is 0660 */
	} api;
	struct {
		enum cfg_log_to to;
		enum cfg_log_level level;
	} log;
	char on_stop[8];             /* "end" */
};

/** Read, type and validate one file. All errors of one run go to err, each as
 * "FILE:LINE:COL: error: PATH: what is wrong, and what is allowed", then one line "N errors".
 * @return the configuration, or NULL when there was any error. The caller frees it with cfg_free(). */
struct cfg *cfg_load(const char *file, FILE *err);
/** The same from memory; name stands for the file in messages. `file:` secrets are relative to the current folder. */
struct cfg *cfg_parse(const char *name, const char *text, size_t len, FILE *err);
/** The embedded default: local users, local pools, virtual ports. Always valid. */
struct cfg *cfg_default(FILE *err);
/** Text of the embedded default, for `lnsd --print-default`. */
const char *cfg_default_text(void);
void cfg_free(struct cfg *c);
/** Write the reference (docs/config.md) or the JSON Schema (docs/config.schema.json) from the key table. */
void cfg_write_docs(FILE *out);
void cfg_write_schema(FILE *out);
/** The running configuration as YAML, secrets as "***". */
void cfg_write_yaml(const struct cfg *c, FILE *out);
/** @return the user of that name (not terminated, len bytes) or NULL. O(log n). */
const struct cfg_user *cfg_user_find(const struct cfg *c, const char *name, size_t len);

#endif
