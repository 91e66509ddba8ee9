/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_default_test.c - the embedded default, the defaults of the table and the files that are
 * written from it. */
#include "config/cfg_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char minimal[] = "schema: 1\n"
			      "dataplane:\n"
			      "  ports:\n"
			      "    - {name: p0, dev: net_null0, addresses: [192.0.2.1/24]}\n"
			      "l2tp:\n"
			      "  endpoints: [{name: v4, address: 192.0.2.1}]\n"
			      "  lac-profiles: [{name: any, ppp-profile: p}]\n"
			      "ppp-profiles: [{name: p, auth: [pap]}]\n";

static struct cfg *parse(const char *text)
{
	struct cfg *c = cfg_parse("test", text, strlen(text), stderr);

	assert_non_null(c);
	return c;
}

static char *source_path(char *buf, size_t size, const char *file)
{
	snprintf(buf, size, "%s/%s", getenv("LNSD_SOURCE"), file);
	return buf;
}

static char *slurp(const char *file)
{
	char path[4096], *text;
	FILE *in = fopen(source_path(path, sizeof(path), file), "r");
	long size;

	assert_non_null(in);
	assert_int_equal(fseek(in, 0, SEEK_END), 0);
	size = ftell(in);
	rewind(in);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, in), size);
	fclose(in);
	return text;
}

static void the_embedded_default_is_valid(void **state)
{
	static const char *const users[] = {"alice", "wonder", "bob", "builder", "sub", "sub"};
	struct cfg *c = cfg_default(stderr);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->dataplane.workers, 2);
	assert_false(c->dataplane.hugepages);
	assert_int_equal(c->dataplane.max_sessions, 16384);
	assert_int_equal(c->dataplane.n_ports, 2);
	assert_string_equal(c->dataplane.ports[0].name, "lac");
	assert_string_equal(c->dataplane.ports[0].dev, "net_af_packet0,iface=lnsd-lac");
	assert_string_equal(c->dataplane.ports[1].dev, "net_af_packet1,iface=lnsd-core");
	assert_int_equal(c->n_endpoints, 2);
	assert_int_equal(c->lac_profiles[0].secret_len, 0);
	assert_false(c->lac_profiles[0].challenge);
	assert_int_equal(c->ppp_profiles[0].auth[0], CFG_AUTH_CHAP_MD5);
	assert_int_equal(c->ppp_profiles[0].auth[1], CFG_AUTH_PAP);
	assert_int_equal(c->ppp_profiles[0].auth[2], CFG_AUTH_NONE);
	assert_int_equal(c->ppp_profiles[0].ipool4, 0);
	assert_int_equal(c->ppp_profiles[0].ipool6, 1);
	for (size_t i = 0; i < COUNT(users); i += 2) {
		const struct cfg_user *u = cfg_user_find(c, users[i], strlen(users[i]));

		assert_non_null(u);
		assert_string_equal(u->password, users[i + 1]);
	}
	cfg_free(c);
}

static void keys_that_are_absent_have_the_documented_defaults(void **state)
{
	struct cfg *c = parse(minimal);
	const struct cfg_lac_profile *lac = &c->lac_profiles[0];
	const struct cfg_ppp_profile *ppp = &c->ppp_profiles[0];
	char host[65] = "";

	(void)state;
	gethostname(host, sizeof(host) - 2);
	assert_string_equal(c->identity, host);
	assert_int_equal(c->dataplane.workers, 1);
	assert_int_equal(c->dataplane.n_worker_cpus, 0);
	assert_int_equal(c->dataplane.control_cpu, -1);
	assert_int_equal(c->dataplane.idle, CFG_IDLE_ADAPTIVE);
	assert_false(c->dataplane.hugepages);
	assert_int_equal(c->dataplane.memory_bytes, 512u << 20);
	assert_int_equal(c->dataplane.mbufs, 32768);
	assert_int_equal(c->dataplane.max_sessions, 16384);
	assert_int_equal(c->dataplane.max_tunnels, 1024);
	assert_string_equal(c->dataplane.store, "");
	assert_int_equal(c->dataplane.ports[0].mtu, 1500);
	assert_int_equal(c->dataplane.ports[0].vlan, 0);
	assert_true(c->endpoints[0].udp_checksum_data);
	assert_string_equal(lac->host_name, "");
	assert_int_equal(lac->n_sources, 0);
	assert_string_equal(lac->local_name, c->identity);
	assert_int_equal(lac->hello_ms, 60000);
	assert_int_equal(lac->window, 256);
	assert_int_equal(lac->rto_cap_ms, 8000);
	assert_int_equal(lac->retries, 5);
	assert_int_equal(lac->max_sessions, 16384);
	assert_int_equal(lac->max_tunnels, 1024);
	assert_int_equal(ppp->mru, 1500);
	assert_int_equal(ppp->echo_interval_ms, 30000);
	assert_int_equal(ppp->echo_failures, 4);
	assert_int_equal(ppp->dns[0].family, 0);
	assert_true(ppp->ipv4 && ppp->ipv6 && ppp->mss_clamp && ppp->source_check);
	assert_int_equal(ppp->ipool4, -1);
	assert_int_equal(ppp->ipool6, -1);
	assert_string_equal(c->api.socket, "/run/lnsd/api.sock");
	assert_string_equal(c->api.group, "");
	assert_int_equal(c->log.to, CFG_LOG_STDERR);
	assert_int_equal(c->log.level, CFG_LOG_INFO);
	assert_string_equal(c->on_stop, "end");
	cfg_free(c);
}

static void the_example_is_valid(void **state)
{
	char path[4096];
	struct cfg *c =
		cfg_load(source_path(path, sizeof(path), "config/lnsd.example.yaml"), stderr);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->dataplane.ports[0].vlan, 10);
	assert_int_equal(c->lac_profiles[0].n_sources, 3);
	assert_true(c->lac_profiles[0].challenge);
	assert_int_equal(c->users[1].n_routes, 2);
	assert_int_equal(c->users[1].max_sessions, 1);
	cfg_free(c);
}

static void the_committed_reference_is_what_the_table_writes(void **state)
{
	static const struct {
		const char *file;
		void (*write)(FILE *out);
	} written[] = {
		{"docs/config.md", cfg_write_docs}, {"docs/config.schema.json", cfg_write_schema}};

	(void)state;
	for (size_t i = 0; i < COUNT(written); i++) {
		char *now = NULL, *committed = slurp(written[i].file);
		size_t len;
		FILE *out = open_memstream(&now, &len);

		written[i].write(out);
		fclose(out);
		assert_string_equal(committed, now);
		free(committed);
		free(now);
	}
}

/* Is there a line "KEY:", after blanks or a dash? */
static bool has_yaml_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (; text; text = strchr(text, '\n')) {
		text += strspn(text, "\n -");
		if (!strncmp(text, key, len) && text[len] == ':')
			return true;
	}
	return false;
}

static void find_keys(
	const struct cfg_map *map, const char *yaml, const char *docs, const char *schema)
{
	char title[80], row[80], property[80], *section;

	snprintf(title, sizeof(title), "\n## %s\n", map->title);
	section = strstr(docs, title);
	assert_non_null(section);
	for (size_t i = 0; i < map->n_keys; i++) {
		const struct cfg_key *k = &map->keys[i];
		const char *end = strstr(section + 1, "\n## "), *at;

		snprintf(row, sizeof(row), "\n| `%s` |", k->name);
		snprintf(property, sizeof(property), "\"%s\": {\"description\"", k->name);
		at = strstr(section, row);
		if (!at || (end && at > end) || !strstr(schema, property) ||
			!has_yaml_key(yaml, k->name))
			fail_msg("%s of %s", k->name, map->title);
		if (k->map)
			find_keys(k->map, yaml, docs, schema);
	}
}

static void every_key_stands_in_the_example_the_reference_and_the_schema(void **state)
{
	char *yaml = slurp("config/lnsd.example.yaml"), *docs = slurp("docs/config.md");
	char *schema = slurp("docs/config.schema.json");

	(void)state;
	find_keys(&cfg_root_map, yaml, docs, schema);
	free(yaml);
	free(docs);
	free(schema);
}

static void the_default_of_every_key_is_one_that_the_key_allows(void **state)
{
	const struct cfg_map *open[64] = {&cfg_root_map};
	size_t n = 1;

	(void)state;
	while (n) {
		const struct cfg_map *map = open[--n];

		assert_in_range(map->n_keys, 1, CFG_KEYS_MAX);
		for (size_t i = 0; i < map->n_keys; i++) {
			const struct cfg_key *k = &map->keys[i];
			struct cfg_node node = {0};
			struct cfg_ctx x = {.file = "default"};
			uint64_t value[64];

			if (k->map)
				open[n++] = k->map;
			if (k->def)
				assert_int_equal(cfg_value_read(&x, &node, k, k->def,
							 strlen(k->def), value, value),
					0);
			assert_true(!k->def || !(k->flags & CFG_K_REQUIRED));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_embedded_default_is_valid),
		cmocka_unit_test(keys_that_are_absent_have_the_documented_defaults),
		cmocka_unit_test(the_example_is_valid),
		cmocka_unit_test(the_committed_reference_is_what_the_table_writes),
		cmocka_unit_test(every_key_stands_in_the_example_the_reference_and_the_schema),
		cmocka_unit_test(the_default_of_every_key_is_one_that_the_key_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
