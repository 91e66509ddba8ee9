/* SPDX-License-Identifier: BSD-3-Clause */
/* api_show.c - tunnels, sessions and the configuration as JSON. Thread: control only. Numbers are
 * 64-bit integers; addresses and names are strings; what is not known is left out or null as
 * docs/api.md says. */
#include "controlplane/api/api_int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

uint64_t api_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void api_set_take(json_t *object, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(object, key, value);
}

json_t *api_text(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	char out[4 * 256 + 1], *at = out;

	if (len > 256)
		len = 256;
	for (size_t i = 0; i < len; i++) {
		if (b[i] == '\\')
			at += sprintf(at, "\\\\");
		else if (b[i] >= 0x20 && b[i] <= 0x7e)
			*at++ = (char)b[i];
		else
			at += sprintf(at, "\\x%02x", b[i]);
	}
	return json_stringn(out, (size_t)(at - out));
}

json_t *api_address(uint8_t family, const uint8_t *addr)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (family != 4 && family != 6)
		return json_null();
	inet_ntop(family == 4 ? AF_INET : AF_INET6, addr, text, sizeof(text));
	return json_string(text);
}

json_t *api_ip4(uint32_t host_order)
{
	uint32_t net = htonl(host_order);

	return host_order ? api_address(4, (const uint8_t *)&net) : json_null();
}

json_t *api_prefix6(uint64_t host_order)
{
	char text[INET6_ADDRSTRLEN], out[INET6_ADDRSTRLEN + 4];
	uint8_t addr[16] = {0};

	if (!host_order)
		return json_null();
	for (unsigned i = 0; i < 8; i++)
		addr[i] = (uint8_t)(host_order >> (56 - 8 * i));
	inet_ntop(AF_INET6, addr, text, sizeof(text));
	snprintf(out, sizeof(out), "%s/64", text);
	return json_string(out);
}

static json_t *seconds_since(uint64_t then_ns)
{
	uint64_t now = api_now_ns();

	return then_ns
		? json_integer((json_int_t)(now > then_ns ? (now - then_ns) / 1000000000u : 0))
		: json_null();
}

static void set_int(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

static void tunnel_detail(json_t *o, const struct l2tp_tunnel *t)
{
	api_set_take(o, "local_address", api_address(t->peer.family, t->peer.local));
	api_set_take(o, "vendor", api_text(t->vendor_name.s, t->vendor_name.len));
	set_int(o, "vrf", t->peer.vrf);
	set_int(o, "firmware", t->firmware);
	set_int(o, "framing_capabilities", t->framing_caps);
	set_int(o, "bearer_capabilities", t->bearer_caps);
	set_int(o, "ns", t->ns);
	set_int(o, "nr", t->nr);
	set_int(o, "peer_window", t->peer_window);
	set_int(o, "congestion_window", t->cwnd);
	set_int(o, "rx_messages", t->count.rx_msgs);
	set_int(o, "tx_messages", t->count.tx_msgs);
	set_int(o, "rx_zlb", t->count.rx_zlb);
	set_int(o, "tx_zlb", t->count.tx_zlb);
	set_int(o, "duplicates", t->count.duplicates);
	set_int(o, "out_of_window", t->count.out_of_window);
	set_int(o, "bad_messages", t->count.bad);
	if (t->state == L2TP_T_CLOSING) {
		set_int(o, "ended_result", t->ended.result);
		set_int(o, "ended_error", t->ended.error);
		api_set_take(
			o, "ended_name", json_string(l2tp_stopccn_result_name(t->ended.result)));
		api_set_take(o, "ended_text",
			api_text(t->ended.text, strnlen(t->ended.text, sizeof(t->ended.text))));
	}
}

json_t *api_tunnel(const struct cp *cp, uint32_t slot, bool detail)
{
	const struct l2tp_tunnel *t = cp_tunnel(cp, slot);
	const struct cfg *c = cp_config(cp);
	json_t *o = json_object();

	set_int(o, "slot", slot);
	set_int(o, "generation", t->generation);
	set_int(o, "tid", t->tid);
	set_int(o, "peer_tid", t->peer_tid);
	api_set_take(o, "state", json_string(l2tp_tunnel_state_name(t->state)));
	api_set_take(o, "host", api_text(t->host_name.s, t->host_name.len));
	api_set_take(o, "peer", api_address(t->peer.family, t->peer.addr));
	set_int(o, "peer_port", t->peer.port);
	api_set_take(o, "profile",
		t->profile && t->profile_index < c->n_lac_profiles
			? json_string(c->lac_profiles[t->profile_index].name)
			: json_null());
	set_int(o, "sessions", t->calls);
	set_int(o, "retransmits", t->count.retransmits);
	api_set_take(o, "age_s", seconds_since(t->created_ns));
	api_set_take(o, "up_s", seconds_since(t->up_ns));
	if (detail)
		tunnel_detail(o, t);
	return o;
}

static const char *auth_name(uint8_t auth)
{
	return auth == PPP_AUTH_PAP ? "pap" : auth == PPP_AUTH_CHAP_MD5 ? "chap-md5" : "none";
}

static void session_detail(
	json_t *o, const struct cp *cp, const struct l2tp_call *c, const struct cp_subscriber *s)
{
	const struct cfg *cfg = cp_config(cp);

	set_int(o, "serial", c->serial);
	set_int(o, "tx_speed_bps", c->tx_speed_bps);
	set_int(o, "rx_speed_bps", c->rx_speed_bps);
	set_int(o, "framing_type", c->framing_type);
	set_int(o, "bearer_type", c->bearer_type);
	set_int(o, "physical_channel", c->physical_channel);
	api_set_take(o, "call_state", json_string(l2tp_call_state_name(c->state)));
	if (c->ended_result) {
		set_int(o, "ended_result", c->ended_result);
		set_int(o, "ended_error", c->ended_error);
		api_set_take(o, "ended_name", json_string(l2tp_cdn_result_name(c->ended_result)));
	}
	if (!s)
		return;
	if (s->ppp_profile < cfg->n_ppp_profiles)
		api_set_take(o, "ppp_profile", json_string(cfg->ppp_profiles[s->ppp_profile].name));
	if (s->cause)
		api_set_take(o, "cause", json_string(ppp_cause_name(s->cause)));
	if (s->pool4 >= 0 && (size_t)s->pool4 < cfg->n_pools)
		api_set_take(o, "pool4", json_string(cfg->pools[s->pool4].name));
	if (s->pool6 >= 0 && (size_t)s->pool6 < cfg->n_pools)
		api_set_take(o, "pool6", json_string(cfg->pools[s->pool6].name));
}

/* Rates are those of a PPP profile (cp_session.c). */
static void session_limits(json_t *o, const struct cfg *cfg, uint16_t rates)
{
	const struct cfg_ppp_profile *p =
		rates && rates <= cfg->n_ppp_profiles ? &cfg->ppp_profiles[rates - 1] : NULL;

	set_int(o, "up_limit_bps", p ? p->rate_up : 0);
	set_int(o, "down_limit_bps", p ? p->rate_down : 0);
}

static void session_dataplane(json_t *o, const struct dp_session_info *i, bool detail)
{
	set_int(o, "worker", i->owner);
	set_int(o, "mtu", i->mtu);
	set_int(o, "up_packets", i->up_packets);
	set_int(o, "up_octets", i->up_octets);
	set_int(o, "down_packets", i->down_packets);
	set_int(o, "down_octets", i->down_octets);
	if (!detail)
		return;
	set_int(o, "peer_mru", i->peer_mru);
	api_set_take(o, "phase", json_string(ppp_phase_name(i->phase)));
	api_set_take(o, "auth", json_string(auth_name(i->auth)));
	api_set_take(o, "lcp", json_string(ppp_state_name(i->lcp)));
	api_set_take(o, "ipcp", json_string(ppp_state_name(i->ipcp)));
	api_set_take(o, "ipv6cp", json_string(ppp_state_name(i->ipv6cp)));
	api_set_take(o, "acfc", json_boolean(i->acfc));
	api_set_take(o, "pfc", json_boolean(i->pfc));
	api_set_take(o, "sequencing", json_boolean(i->sequencing));
	set_int(o, "up_dropped", i->up_dropped);
	set_int(o, "down_dropped", i->down_dropped);
	set_int(o, "up6_packets", i->up6_packets);
	set_int(o, "up6_octets", i->up6_octets);
	set_int(o, "down6_packets", i->down6_packets);
	set_int(o, "down6_octets", i->down6_octets);
}

json_t *api_session(const struct cp *cp, uint32_t slot, bool detail)
{
	const struct l2tp_call *c = cp_call(cp, slot);
	const struct cp_subscriber *s = cp_subscriber(cp, slot);
	const struct l2tp_tunnel *t = c ? cp_tunnel(cp, c->tunnel) : NULL;
	struct dp_session_info info = {0};
	json_t *o = json_object();

	set_int(o, "slot", slot);
	set_int(o, "generation", s->generation);
	set_int(o, "tunnel", c ? c->tunnel : 0);
	set_int(o, "tid", t ? t->tid : 0);
	set_int(o, "sid", c ? c->sid : 0);
	set_int(o, "peer_sid", c ? c->peer_sid : 0);
	api_set_take(o, "state", json_string(cp_session_state_name(s->state)));
	api_set_take(o, "user",
		api_text(s->user, s->user_len < sizeof(s->user) ? s->user_len : sizeof(s->user)));
	api_set_take(o, "ip4", api_ip4(s->ip4));
	api_set_take(o, "prefix6", api_prefix6(s->prefix6));
	api_set_take(o, "ip4_up", json_boolean(s->ncp_up & 1));
	api_set_take(o, "ip6_up", json_boolean(s->ncp_up & 2));
	api_set_take(o, "calling", c ? api_text(c->calling.s, c->calling.len) : json_null());
	api_set_take(o, "called", c ? api_text(c->called.s, c->called.len) : json_null());
	api_set_take(o, "age_s", c ? seconds_since(c->created_ns) : json_null());
	api_set_take(o, "up_s", seconds_since(s->up_ns));
	if (detail && c)
		session_detail(o, cp, c, s);
	if (dp_session_get(slot, s->generation, &info) == 0)
		session_dataplane(o, &info, detail);
	if (detail)
		session_limits(o, cp_config(cp), info.rates);
	return o;
}

/* -- the configuration: our own YAML, so plain scalars that look like numbers or booleans are such
 * -- */

static json_t *scalar(const yaml_node_t *n)
{
	const char *text = (const char *)n->data.scalar.value;
	char *end;
	long long v;

	if (n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (strcmp(text, "true") == 0 || strcmp(text, "on") == 0)
			return json_true();
		if (strcmp(text, "false") == 0 || strcmp(text, "off") == 0)
			return json_false();
		v = strtoll(text, &end, 10);
		if (*text && *end == '\0')
			return json_integer(v);
	}
	return json_string(text);
}

static json_t *yaml_to_json(yaml_document_t *d, const yaml_node_t *n, unsigned depth)
{
	json_t *o;

	if (!n || depth == 16)
		return json_null();
	if (n->type == YAML_SCALAR_NODE)
		return scalar(n);
	if (n->type == YAML_SEQUENCE_NODE) {
		o = json_array();
		for (yaml_node_item_t *i = n->data.sequence.items.start;
			i < n->data.sequence.items.top; i++)
			json_array_append_new(
				o, yaml_to_json(d, yaml_document_get_node(d, *i), depth + 1));
		return o;
	}
	o = json_object();
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top;
		p++) {
		const yaml_node_t *key = yaml_document_get_node(d, p->key);

		api_set_take(o, (const char *)key->data.scalar.value,
			yaml_to_json(d, yaml_document_get_node(d, p->value), depth + 1));
	}
	return o;
}

json_t *api_config(const struct cfg *c)
{
	json_t *parsed = NULL, *o;
	yaml_document_t doc;
	yaml_parser_t parser;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	cfg_write_yaml(c, f);
	fclose(f);
	if (yaml_parser_initialize(&parser)) {
		yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
		if (yaml_parser_load(&parser, &doc)) {
			parsed = yaml_to_json(&doc, yaml_document_get_root_node(&doc), 0);
			yaml_document_delete(&doc);
		}
		yaml_parser_delete(&parser);
	}
	o = json_pack("{s:s#, s:o}", "yaml", text, len, "config", parsed ? parsed : json_null());
	free(text);
	return o;
}
