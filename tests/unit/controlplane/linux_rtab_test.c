/* SPDX-License-Identifier: BSD-3-Clause */
/* linux_rtab_test.c - which of Linux's routes the dataplane is told, without a kernel: rtab.c over
 * a fake dataplane. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fake_dp.h"
#include "controlplane/linux/rtab.h"

#define P0   10u
#define P1   11u
#define LNS0 12u
#define ETH0 2u

static unsigned probes;
static uint8_t probed[16];
static struct rtab *t;

static void probe(void *ctx, unsigned ifindex, uint8_t family, const uint8_t *addr)
{
	(void)ctx;
	(void)ifindex;
	probes++;
	memcpy(probed, addr, family == 4 ? 4 : 16);
}

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	probes = 0;
	t = rtab_new(probe, NULL);
	rtab_device(t, P0, 0);
	rtab_device(t, P1, 1);
	rtab_device(t, LNS0, RTAB_LNS0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(fake.bad_frees, 0);
	rtab_free(t);
	return 0;
}

static struct rtab_hop hop(enum rtab_kind kind, unsigned ifindex, const char *gw)
{
	struct rtab_hop h = {.kind = kind, .ifindex = ifindex};

	if (gw) {
		h.gw_family = strchr(gw, ':') ? 6 : 4;
		inet_pton(h.gw_family == 4 ? AF_INET : AF_INET6, gw, h.gw);
	}
	return h;
}

static void route(const char *p, uint32_t metric, struct rtab_hop h)
{
	struct rtab_id id = {.prefix = pfx(p), .metric = metric};

	assert_int_equal(rtab_route_add(t, &id, &h, 1, false), 0);
}

static void unroute(const char *p, uint32_t metric, struct rtab_hop h)
{
	struct rtab_id id = {.prefix = pfx(p), .metric = metric};

	rtab_route_del(t, &id, &h, 1);
}

static void neigh(unsigned ifindex, const char *addr, const char *mac, bool stale)
{
	uint8_t a[16] = {0}, m[6] = {0};
	int f = strchr(addr, ':') ? 6 : 4;

	inet_pton(f == 4 ? AF_INET : AF_INET6, addr, a);
	if (mac)
		sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5);
	rtab_neigh_set(t, ifindex, (uint8_t)f, a, mac ? m : NULL, mac != NULL, stale);
}

static void unneigh(unsigned ifindex, const char *addr)
{
	uint8_t a[16] = {0};
	int f = strchr(addr, ':') ? 6 : 4;

	inet_pton(f == 4 ? AF_INET : AF_INET6, addr, a);
	rtab_neigh_del(t, ifindex, (uint8_t)f, a);
}

#define M1 "02:00:00:00:00:01"
#define M2 "02:00:00:00:00:02"

static void each_kind_of_route_becomes_the_next_hop_that_stands_for_it(void **state)
{
	(void)state;
	route("10.0.0.0/8", 0, hop(RTAB_BLACKHOLE, 0, NULL));
	route("11.0.0.0/8", 0, hop(RTAB_UNREACHABLE, 0, NULL));
	route("12.0.0.1/32", 0, hop(RTAB_LOCAL, P0, NULL));
	route("13.0.0.0/8", 0, hop(RTAB_UNICAST, LNS0, NULL));
	route("14.0.0.0/8", 0, hop(RTAB_UNICAST, ETH0, "192.0.2.1"));
	route("15.0.0.0/8", 0, hop(RTAB_ELSEWHERE, P0, NULL));
	route("16.0.0.0/8", 0, hop(RTAB_UNICAST, P0, NULL));
	assert_string_equal(told("10.0.0.0/8"), "drop");
	assert_string_equal(told("11.0.0.0/8"), "none");
	assert_string_equal(told("12.0.0.1/32"), "linux");
	assert_string_equal(told("13.0.0.0/8"), "subscriber");
	assert_string_equal(told("14.0.0.0/8"), "linux");
	assert_string_equal(told("15.0.0.0/8"), "linux");
	assert_string_equal(told("16.0.0.0/8"), "linux");
}

static void a_gateway_not_resolved_is_probed_and_used_once_it_answers(void **state)
{
	(void)state;
	route("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	route("0.0.0.0/0", 0, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	assert_string_equal(told("0.0.0.0/0"), "linux");
	assert_int_equal(probes, 1);
	neigh(P0, "192.0.2.1", M1, false);
	assert_string_equal(told("0.0.0.0/0"), "adj 0 " M1);
	assert_string_equal(told("192.0.2.1/32"), "adj 0 " M1);
}

static void a_neighbour_gone_takes_its_routes_back_to_linux_before_its_adjacency(void **state)
{
	(void)state;
	route("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	route("198.51.100.0/24", 0, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	route("203.0.113.0/24", 0, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	neigh(P0, "192.0.2.1", M1, false);
	neigh(P0, "192.0.2.1", NULL, false);
	assert_string_equal(told("198.51.100.0/24"), "linux");
	assert_string_equal(told("203.0.113.0/24"), "linux");
	assert_string_equal(told("192.0.2.1/32"), "-");
	assert_false(fake.adj[1].used);
	neigh(P0, "192.0.2.1", M2, false);
	assert_string_equal(told("203.0.113.0/24"), "adj 0 " M2);
	unneigh(P0, "192.0.2.1");
	assert_string_equal(told("203.0.113.0/24"), "linux");
	assert_false(fake.adj[1].used);
}

static void a_new_mac_changes_the_adjacency_and_no_route(void **state)
{
	unsigned sets;

	(void)state;
	route("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	route("0.0.0.0/0", 0, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	neigh(P0, "192.0.2.1", M1, false);
	sets = fake.sets;
	neigh(P0, "192.0.2.1", M2, false);
	assert_string_equal(told("0.0.0.0/0"), "adj 0 " M2);
	assert_int_equal(fake.sets, sets);
}

static void the_lowest_metric_wins_and_the_next_one_follows(void **state)
{
	(void)state;
	neigh(P0, "192.0.2.1", M1, false);
	neigh(P1, "192.0.2.129", M2, false);
	route("198.51.100.0/24", 20, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	assert_string_equal(told("198.51.100.0/24"), "adj 0 " M1);
	route("198.51.100.0/24", 10, hop(RTAB_UNICAST, P1, "192.0.2.129"));
	assert_string_equal(told("198.51.100.0/24"), "adj 1 " M2);
	unroute("198.51.100.0/24", 10, hop(RTAB_UNICAST, P1, "192.0.2.129"));
	assert_string_equal(told("198.51.100.0/24"), "adj 0 " M1);
	unroute("198.51.100.0/24", 20, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	assert_string_equal(told("198.51.100.0/24"), "-");
	assert_false(fake.adj[1].used || fake.adj[2].used);
}

static void the_first_resolved_next_hop_of_a_multipath_route_is_used(void **state)
{
	struct rtab_id id = {.prefix = pfx("198.51.100.0/24")};
	struct rtab_hop hops[2] = {
		hop(RTAB_UNICAST, P0, "192.0.2.1"), hop(RTAB_UNICAST, P1, "192.0.2.129")};

	(void)state;
	rtab_route_add(t, &id, hops, 2, false);
	assert_string_equal(told("198.51.100.0/24"), "linux");
	neigh(P1, "192.0.2.129", M2, false);
	assert_string_equal(told("198.51.100.0/24"), "adj 1 " M2);
	neigh(P0, "192.0.2.1", M1, false);
	assert_string_equal(told("198.51.100.0/24"), "adj 0 " M1);
}

static void a_replaced_route_leaves_its_old_gateway(void **state)
{
	struct rtab_id id = {.prefix = pfx("198.51.100.0/24")};
	struct rtab_hop h = hop(RTAB_UNICAST, P0, "192.0.2.2");

	(void)state;
	neigh(P0, "192.0.2.1", M1, false);
	neigh(P0, "192.0.2.2", M2, false);
	route("198.51.100.0/24", 0, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	rtab_route_add(t, &id, &h, 1, true);
	assert_string_equal(told("198.51.100.0/24"), "adj 0 " M2);
	assert_false(fake.adj[1].used);
}

static void our_own_address_beats_a_neighbour_entry_of_the_same_address(void **state)
{
	struct rtab_id id = {.prefix = pfx("192.0.2.9/32"), .local_table = true};
	struct rtab_hop h = hop(RTAB_LOCAL, P0, NULL);

	(void)state;
	route("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	neigh(P0, "192.0.2.9", M1, false);
	assert_string_equal(told("192.0.2.9/32"), "adj 0 " M1);
	rtab_route_add(t, &id, &h, 1, false);
	assert_string_equal(told("192.0.2.9/32"), "linux");
	rtab_route_del(t, &id, &h, 1);
	assert_string_equal(told("192.0.2.9/32"), "adj 0 " M1);
}

static void a_neighbour_behind_a_more_specific_route_has_no_host_route(void **state)
{
	(void)state;
	route("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	neigh(P0, "192.0.2.5", M1, false);
	neigh(P0, "192.0.2.200", M2, false);
	route("192.0.2.4/30", 0, hop(RTAB_UNICAST, P0, "192.0.2.200"));
	assert_string_equal(told("192.0.2.5/32"), "-");
	assert_string_equal(told("192.0.2.4/30"), "adj 0 " M2);
	unroute("192.0.2.4/30", 0, hop(RTAB_UNICAST, P0, "192.0.2.200"));
	assert_string_equal(told("192.0.2.5/32"), "adj 0 " M1);
	unroute("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	assert_string_equal(told("192.0.2.5/32"), "-");
}

static void a_sweep_deletes_what_the_dump_did_not_show(void **state)
{
	uint64_t routes, neighbours;

	(void)state;
	route("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	route("198.51.100.0/24", 0, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	neigh(P0, "192.0.2.1", M1, false);
	neigh(P0, "192.0.2.2", M2, false);
	rtab_mark(t);
	route("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	neigh(P0, "192.0.2.2", M2, false);
	rtab_sweep(t);
	assert_string_equal(told("192.0.2.0/24"), "linux");
	assert_string_equal(told("198.51.100.0/24"), "-");
	assert_string_equal(told("192.0.2.1/32"), "-");
	assert_string_equal(told("192.0.2.2/32"), "adj 0 " M2);
	rtab_usage(t, &routes, &neighbours);
	assert_int_equal(routes, 1);
	assert_int_equal(neighbours, 1);
}

static void a_stale_neighbour_is_probed_only_when_it_is_used(void **state)
{
	(void)state;
	route("192.0.2.0/24", 0, hop(RTAB_UNICAST, P0, NULL));
	neigh(P0, "192.0.2.1", M1, false);
	fake.adj[1].packets = 5;
	rtab_tick(t);
	assert_int_equal(probes, 0); /* reachable */
	neigh(P0, "192.0.2.1", M1, true);
	rtab_tick(t);
	assert_int_equal(probes, 0); /* packets of the time before do not count */
	fake.adj[1].packets = 1;
	rtab_tick(t);
	assert_int_equal(probes, 1);
	rtab_tick(t);
	assert_int_equal(probes, 1);
}

static void an_ipv4_route_may_go_by_an_ipv6_gateway(void **state)
{
	(void)state;
	neigh(P0, "fe80::1", M1, false);
	assert_string_equal(told("fe80::1/128"), "-");
	route("198.51.100.0/24", 0, hop(RTAB_UNICAST, P0, "fe80::1"));
	assert_string_equal(told("198.51.100.0/24"), "adj 0 " M1);
	unroute("198.51.100.0/24", 0, hop(RTAB_UNICAST, P0, "fe80::1"));
	assert_false(fake.adj[1].used);
}

static void a_route_that_does_not_fit_is_counted_and_never_left_on_a_freed_adjacency(void **state)
{
	(void)state;
	fake.routes_max = 1;
	route("198.51.100.0/24", 0, hop(RTAB_BLACKHOLE, 0, NULL));
	route("203.0.113.0/24", 0, hop(RTAB_BLACKHOLE, 0, NULL));
	assert_int_equal(rtab_refused(t), 1);
}

static void a_resolve_goes_to_the_gateway_of_the_longest_match(void **state)
{
	uint8_t addr[16] = {203, 0, 113, 7}, nh[16], family;
	unsigned ifindex;

	(void)state;
	assert_false(rtab_next_hop(t, 4, addr, &ifindex, &family, nh));
	route("0.0.0.0/0", 0, hop(RTAB_UNICAST, P0, "192.0.2.1"));
	route("203.0.113.0/24", 0, hop(RTAB_UNICAST, P1, NULL));
	assert_true(rtab_next_hop(t, 4, addr, &ifindex, &family, nh));
	assert_int_equal(ifindex, P1);
	assert_memory_equal(nh, addr, 4);
	addr[2] = 114;
	assert_true(rtab_next_hop(t, 4, addr, &ifindex, &family, nh));
	assert_int_equal(ifindex, P0);
	assert_memory_equal(nh, "\xc0\x00\x02\x01", 4);
}

/* Random events against a plain model of what must hold: no route on a freed adjacency, all gone at
 * the end. */
static void random_events_never_leave_a_route_on_a_freed_adjacency(void **state)
{
	static const char *const gws[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"};
	uint64_t routes, neighbours;

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		char p[32];
		const char *gw = gws[rand() % 4];
		struct rtab_hop h = hop(RTAB_UNICAST, P0, rand() % 8 ? gw : NULL);
		struct rtab_id id = {.metric = (uint32_t)(rand() % 2)};

		snprintf(p, sizeof(p), rand() % 4 ? "192.0.%d.0/%d" : "192.0.2.%d/%d", rand() % 4,
			rand() % 2 ? 24 : 32);
		if (strstr(p, "/24"))
			snprintf(p, sizeof(p), "192.0.%d.0/24", rand() % 4);
		id.prefix = pfx(p);
		switch (rand() % 5) {
		case 0:
			rtab_route_add(t, &id, &h, 1, rand() % 2);
			break;
		case 1:
			rtab_route_del(t, &id, &h, 1);
			break;
		case 2:
			neigh(P0, gw, rand() % 2 ? M1 : M2, rand() % 2);
			break;
		case 3:
			neigh(P0, gw, NULL, false);
			break;
		case 4:
			unneigh(P0, gw);
			break;
		}
		assert_int_equal(fake.bad_frees, 0);
	}
	rtab_mark(t);
	rtab_sweep(t);
	rtab_usage(t, &routes, &neighbours);
	assert_int_equal(routes, 0);
	assert_int_equal(neighbours, 0);
	for (int i = 0; i < FAKE_ROUTES; i++)
		assert_false(fake.route[i].used);
	for (int i = 0; i < FAKE_ADJS; i++)
		assert_false(fake.adj[i].used);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(each_kind_of_route_becomes_the_next_hop_that_stands_for_it),
		T(a_gateway_not_resolved_is_probed_and_used_once_it_answers),
		T(a_neighbour_gone_takes_its_routes_back_to_linux_before_its_adjacency),
		T(a_new_mac_changes_the_adjacency_and_no_route),
		T(the_lowest_metric_wins_and_the_next_one_follows),
		T(the_first_resolved_next_hop_of_a_multipath_route_is_used),
		T(a_replaced_route_leaves_its_old_gateway),
		T(our_own_address_beats_a_neighbour_entry_of_the_same_address),
		T(a_neighbour_behind_a_more_specific_route_has_no_host_route),
		T(a_sweep_deletes_what_the_dump_did_not_show),
		T(a_stale_neighbour_is_probed_only_when_it_is_used),
		T(an_ipv4_route_may_go_by_an_ipv6_gateway),
		T(a_route_that_does_not_fit_is_counted_and_never_left_on_a_freed_adjacency),
		T(a_resolve_goes_to_the_gateway_of_the_longest_match),
		T(random_events_never_leave_a_route_on_a_freed_adjacency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
