/* SPDX-License-Identifier: BSD-3-Clause */
/* linux_netns_test.c - the Linux side against a real kernel, in a network namespace of the test's
 * own. Needs root (CAP_NET_ADMIN); without it the test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake_dp.h"
#include "controlplane/linux/lin.h"

static struct linux_side *l;
static struct cfg cfg;
static struct cfg_port ports[2];
static struct cfg_prefix addr0[2], addr1[1];
static struct cfg_pool pools[3];
static struct cfg_user users[2];
static struct cfg_prefix framed[1];

static void sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

/* Serve descriptors until the mirror was quiet for a moment. */
static void serve(int quiet_ms)
{
	int fds[8];
	unsigned n = linux_fds(l, fds, 8);
	struct pollfd p[8];

	for (unsigned i = 0; i < n; i++)
		p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	while (poll(p, n, quiet_ms) > 0)
		for (unsigned i = 0; i < n; i++)
			if (p[i].revents)
				linux_readable(l, fds[i]);
}

/* Serve until the dataplane was told that, 2 s at most. */
static void until_told(const char *prefix, const char *what)
{
	for (int i = 0; i < 100 && strcmp(told(prefix), what) != 0; i++)
		serve(20);
	assert_string_equal(told(prefix), what);
}

static void configure(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(&cfg, 0, sizeof(cfg));
	addr0[0] = pfx("192.0.2.2/24");
	addr0[1] = pfx("2001:db8:1::2/64");
	addr1[0] = pfx("198.51.100.2/24");
	ports[0] =
		(struct cfg_port){.name = "p0", .mtu = 1500, .addresses = addr0, .n_addresses = 2};
	ports[1] =
		(struct cfg_port){.name = "p1", .mtu = 1400, .addresses = addr1, .n_addresses = 1};
	pools[0] = (struct cfg_pool){
		.name = "a", .family = 4, .prefix = pfx("100.64.0.0/16"), .gateway4 = 0x64400001};
	pools[1] = (struct cfg_pool){.name = "b",
		.family = 4,
		.first4 = 0x0a000001,
		.last4 = 0x0a000006,
		.gateway4 = 0x64400001};
	pools[2] = (struct cfg_pool){.name = "c", .family = 6, .prefix = pfx("2001:db8:f000::/40")};
	cfg.dataplane.ports = ports;
	cfg.dataplane.n_ports = 2;
	cfg.pools = pools;
	cfg.n_pools = 3;
	framed[0] = pfx("203.0.113.64/28");
	users[0] = (struct cfg_user){.name = "fixed",
		.ip4 = pfx("10.65.0.10/32"),
		.ip6 = pfx("2001:db8:77::/64"),
		.routes = framed,
		.n_routes = 1};
	users[1] = (struct cfg_user){.name = "inside", .ip6 = pfx("2001:db8:f000:1::/64")};
	cfg.users = users;
	cfg.n_users = 2;
	fake.n_ifs = 2;
	for (unsigned i = 0; i < 2; i++) {
		snprintf(fake.ifs[i].name, sizeof(fake.ifs[i].name), "p%u", i);
		memcpy(fake.ifs[i].mac, "\x02\x00\x00\x00\x00\xa0", 6);
		fake.ifs[i].mac[5] = (uint8_t)(0xa0 + i);
		fake.ifs[i].link_up = true;
	}
}

static int setup(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	sh("ip link set lo up");
	configure();
	l = linux_start(&cfg);
	return l ? 0 : -1;
}

static int bare(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	configure();
	l = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	linux_stop(l);
	l = NULL;
	return fake.bad_frees ? -1 : 0;
}

static void a_tap_stands_for_each_port(void **state)
{
	(void)state;
	sh("ip link show dev p0 | grep -q 'link/ether 02:00:00:00:00:a0'");
	sh("ip link show dev p1 | grep -q 'mtu 1400'");
	sh("ip link show dev p1 | grep -q 'UP'");
	sh("ip addr show dev p0 | grep -q '192.0.2.2/24'");
	sh("ip addr show dev p0 | grep -q '2001:db8:1::2/64'");
	sh("ip addr show dev p1 | grep -q '198.51.100.2/24'");
	sh("grep -q 1 /proc/sys/net/ipv4/conf/p0/forwarding");
	sh("grep -q 0 /proc/sys/net/ipv4/conf/lo/forwarding");
}

static void lns0_holds_the_gateways_and_a_route_per_pool(void **state)
{
	(void)state;
	sh("ip addr show dev lns0 | grep -q '100.64.0.1/32'");
	sh("ip route show dev lns0 | grep -q '^100.64.0.0/16'");
	sh("ip -6 route show dev lns0 | grep -q '^2001:db8:f000::/40'");
	sh("test \"$(ip route show dev lns0 | grep '^10\\.0\\.' | sort | awk '{print $1}' | tr "
	   "'\\n' ' "
	   "')\""
	   " = '10.0.0.1 10.0.0.2/31 10.0.0.4/31 10.0.0.6 '");
	assert_string_equal(told("100.64.0.0/16"), "subscriber");
	assert_string_equal(told("10.0.0.2/31"), "subscriber");
	assert_string_equal(told("2001:db8:f000::/40"), "subscriber");
	assert_string_equal(told("100.64.0.1/32"), "linux");
}

static void lns0_has_routes_for_what_users_always_have_outside_the_pools(void **state)
{
	(void)state;
	assert_string_equal(told("10.65.0.10/32"), "subscriber");
	assert_string_equal(told("2001:db8:77::/64"), "subscriber");
	assert_string_equal(told("203.0.113.64/28"), "subscriber");
	assert_string_equal(told("2001:db8:f000:1::/64"), "-");
}

static void the_first_dump_brings_addresses_and_connected_prefixes(void **state)
{
	(void)state;
	assert_string_equal(told("192.0.2.0/24"), "linux");
	assert_string_equal(told("192.0.2.2/32"), "linux");
	assert_string_equal(told("2001:db8:1::/64"), "linux");
	until_told(
		"2001:db8:1::2/128", "linux"); /* Linux makes it a little later than the address */
	assert_string_equal(told("fe80::/64"), "-");
	assert_string_equal(told("ff00::/8"), "-");
}

static void routes_and_neighbours_of_linux_appear_change_and_vanish(void **state)
{
	(void)state;
	sh("ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev p0 nud reachable");
	sh("ip route add 203.0.113.0/24 via 192.0.2.1");
	until_told("203.0.113.0/24", "adj 0 02:00:00:00:00:01");
	assert_string_equal(told("192.0.2.1/32"), "adj 0 02:00:00:00:00:01");
	sh("ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:02 dev p0 nud stale");
	until_told("203.0.113.0/24", "adj 0 02:00:00:00:00:02");
	sh("ip neigh add 198.51.100.1 lladdr 02:00:00:00:00:03 dev p1 nud permanent");
	sh("ip route replace 203.0.113.0/24 via 198.51.100.1");
	until_told("203.0.113.0/24", "adj 1 02:00:00:00:00:03");
	sh("ip neigh del 198.51.100.1 dev p1");
	until_told("203.0.113.0/24", "linux");
	sh("ip route del 203.0.113.0/24");
	until_told("203.0.113.0/24", "-");
}

static void special_routes_are_drops_and_refusals(void **state)
{
	(void)state;
	sh("ip route add blackhole 203.0.113.0/25");
	sh("ip route add prohibit 203.0.113.128/25");
	sh("ip route add unreachable 203.0.112.0/24");
	until_told("203.0.113.0/25", "drop");
	until_told("203.0.113.128/25", "drop");
	until_told("203.0.112.0/24", "none");
}

static void ipv6_routes_go_by_link_local_gateways(void **state)
{
	(void)state;
	sh("ip neigh add fe80::1 lladdr 02:00:00:00:00:09 dev p0 nud permanent");
	sh("ip -6 route add 2001:db8:2::/48 via fe80::1 dev p0");
	until_told("2001:db8:2::/48", "adj 0 02:00:00:00:00:09");
	sh("ip -6 route append 2001:db8:2::/48 via fe80::2 dev p1");
	sh("ip -6 route del 2001:db8:2::/48 via fe80::1 dev p0");
	until_told("2001:db8:2::/48", "linux");
	sh("ip -6 route del 2001:db8:2::/48");
	until_told("2001:db8:2::/48", "-");
}

static void a_route_by_a_next_hop_object_is_followed(void **state)
{
	(void)state;
	sh("ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev p0 nud permanent");
	sh("ip nexthop add id 7 via 192.0.2.1 dev p0");
	sh("ip route add 203.0.113.0/24 nhid 7");
	until_told("203.0.113.0/24", "adj 0 02:00:00:00:00:01");
}

static void a_route_over_a_device_that_is_not_ours_is_left_to_linux(void **state)
{
	(void)state;
	sh("ip link add eth0 type veth peer name eth1 && ip link set eth1 up && ip link set eth0 "
	   "up && ip addr add 10.9.0.2/24 dev eth0");
	sh("ip route add default via 10.9.0.1");
	until_told("0.0.0.0/0", "linux");
}

/* Linux drops IPv4 routes of a link that goes down, and of an address that is deleted, without a
 * message. */
static void routes_that_linux_deletes_silently_are_found_out(void **state)
{
	(void)state;
	sh("ip link add eth0 type veth peer name eth1 && ip link set eth1 up && ip link set eth0 "
	   "up && ip addr add 10.9.0.2/24 dev eth0");
	sh("ip route add 203.0.113.0/24 via 10.9.0.1");
	until_told("203.0.113.0/24", "linux");
	sh("ip link set eth0 down");
	until_told("203.0.113.0/24", "-");
	sh("ip addr add 10.8.0.1/32 dev p0; ip route add 203.0.113.0/24 dev p0 src 10.8.0.1");
	until_told("203.0.113.0/24", "linux");
	sh("ip addr del 10.8.0.1/32 dev p0");
	until_told("203.0.113.0/24", "-");
}

static void lost_events_lead_to_a_new_dump(void **state)
{
	int small = 2048;
	uint64_t redumps = linux_counters(l)->redumps;

	(void)state;
	setsockopt(l->mirror.fd, SOL_SOCKET, SO_RCVBUFFORCE, &small, sizeof(small));
	sh("for i in $(seq 0 255); do echo route add blackhole 203.0.113.$i/32; done | ip -batch "
	   "-");
	sh("for i in $(seq 0 99); do echo route del blackhole 203.0.113.$i/32; done | ip -batch -");
	until_told("203.0.113.255/32", "drop");
	until_told("203.0.113.99/32", "-");
	assert_string_equal(told("203.0.113.0/32"), "-");
	assert_true(linux_counters(l)->redumps > redumps);
}

static void a_frame_for_linux_is_answered_by_it(void **state)
{
	/* who has 192.0.2.2? tell 192.0.2.1 */
	static const uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2,
		2};
	bool answered = false;

	(void)state;
	linux_to_tap(l, 0, arp, sizeof(arp));
	for (int i = 0; i < 50 && !answered; i++) {
		serve(20);
		for (unsigned k = 0; k < fake.n_sent && k < 64; k++)
			answered |= fake.sent_if[k] == 0 && fake.sent[k][12] == 8 &&
				fake.sent[k][13] == 6 && fake.sent[k][21] == 2 &&
				memcmp(fake.sent[k] + 6, fake.ifs[0].mac, 6) == 0;
	}
	assert_true(answered);
	assert_int_equal(linux_counters(l)->to_tap, 1);
	linux_to_tap(l, 0, arp, 3);
	assert_int_equal(linux_counters(l)->to_tap_lost, 1);
}

static bool sent_arp_request(unsigned ifx, const uint8_t target[4])
{
	for (unsigned k = 0; k < fake.n_sent && k < 64; k++)
		if (fake.sent_if[k] == ifx && fake.sent[k][12] == 8 && fake.sent[k][13] == 6 &&
			fake.sent[k][21] == 1 && memcmp(fake.sent[k] + 38, target, 4) == 0)
			return true;
	return false;
}

static void resolve_makes_linux_ask_for_the_next_hop(void **state)
{
	static const uint8_t far[16] = {203, 0, 113, 9}, near[16] = {198, 51, 100, 7},
			     gw[4] = {192, 0, 2, 77};
	bool asked = false;

	(void)state;
	linux_resolve(l, 4, near);
	for (int i = 0; i < 50 && !asked; i++) {
		serve(20);
		asked = sent_arp_request(1, near);
	}
	assert_true(asked);
	sh("ip route add 203.0.113.0/24 via 192.0.2.77");
	until_told("203.0.113.0/24", "linux");
	fake.n_sent = 0;
	linux_resolve(l, 4, far);
	asked = false;
	for (int i = 0; i < 100 && !asked; i++) {
		serve(20);
		asked = sent_arp_request(0, gw);
	}
	assert_true(asked);
}

static void a_packet_for_a_subscriber_leaves_by_lns0_and_theirs_reach_linux(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr_in me = {.sin_family = AF_INET, .sin_port = htons(9)};
	uint8_t pkt[29] = {0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 100, 64, 0, 9, 100, 64, 0, 1,
		0, 7, 0, 9, 0, 9, 0, 0, 'x'};
	uint32_t sum = 0;
	char got = 0;
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	inet_pton(AF_INET, "100.64.0.1", &me.sin_addr);
	inet_pton(AF_INET, "100.64.0.9", &to.sin_addr);
	assert_int_equal(bind(s, (struct sockaddr *)&me, sizeof(me)), 0);
	assert_int_equal(sendto(s, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
	for (int i = 0; i < 50 && !fake.n_injected; i++)
		serve(20);
	assert_int_equal(fake.n_injected, 1); /* and nothing else: no multicast noise */
	assert_int_equal(fake.injected_len[0], 33);
	assert_memory_equal(fake.injected[0] + 16, &to.sin_addr, 4);

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(pkt[i] << 8 | pkt[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	pkt[10] = (uint8_t)(~sum >> 8);
	pkt[11] = (uint8_t)~sum;
	linux_to_lns0(l, pkt, sizeof(pkt));
	assert_int_equal(linux_counters(l)->to_lns0, 1);
	assert_int_equal(recv(s, &got, 1, 0), 1);
	assert_int_equal(got, 'x');
	close(s);
}

static void the_tap_shows_the_link_of_its_port(void **state)
{
	(void)state;
	linux_links(l);
	fake.ifs[0].link_up = false;
	linux_links(l);
	sh("ip link show dev p0 | grep -q NO-CARRIER");
	fake.ifs[0].link_up = true;
	linux_links(l);
	sh("! ip link show dev p0 | grep -q NO-CARRIER");
}

static void an_interface_of_the_name_of_a_port_is_an_error(void **state)
{
	(void)state;
	sh("ip tuntap add dev p1 mode tap");
	assert_null(linux_start(&cfg));
	sh("! ip link show dev p0 2>/dev/null"); /* what was made is gone again */
	sh("ip link show dev p1 >/dev/null");
}

static void a_taken_lns0_makes_it_lnsd0(void **state)
{
	(void)state;
	sh("ip tuntap add dev lns0 mode tun");
	l = linux_start(&cfg);
	assert_non_null(l);
	sh("ip addr show dev lnsd0 | grep -q '100.64.0.1/32'");
}

static void the_kernel_is_silent_below_a_shared_port_and_speaks_again_afterwards(void **state)
{
	(void)state;
	sh("ip link add k0 type veth peer name k1");
	snprintf(fake.ifs[0].kernel_if, sizeof(fake.ifs[0].kernel_if), "k0");
	l = linux_start(&cfg);
	assert_non_null(l);
	sh("nft list table netdev lnsd_k0 | grep -q 'policy drop'");
	sh("grep -q 1 /proc/sys/net/ipv6/conf/k0/disable_ipv6");
	sh("ip link show dev k0 | grep -q UP");
	linux_stop(l);
	sh("! nft list table netdev lnsd_k0 2>/dev/null");
	/* a table that a killed run left is no obstacle */
	sh("nft add table netdev lnsd_k0");
	l = linux_start(&cfg);
	assert_non_null(l);
}

static void a_missing_interface_below_a_port_is_an_error(void **state)
{
	(void)state;
	snprintf(fake.ifs[0].kernel_if, sizeof(fake.ifs[0].kernel_if), "k9");
	assert_null(linux_start(&cfg));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define B(f) cmocka_unit_test_setup_teardown(f, bare, teardown)
	const struct CMUnitTest tests[] = {
		T(a_tap_stands_for_each_port),
		T(lns0_holds_the_gateways_and_a_route_per_pool),
		T(lns0_has_routes_for_what_users_always_have_outside_the_pools),
		T(the_first_dump_brings_addresses_and_connected_prefixes),
		T(routes_and_neighbours_of_linux_appear_change_and_vanish),
		T(special_routes_are_drops_and_refusals),
		T(ipv6_routes_go_by_link_local_gateways),
		T(a_route_by_a_next_hop_object_is_followed),
		T(a_route_over_a_device_that_is_not_ours_is_left_to_linux),
		T(routes_that_linux_deletes_silently_are_found_out),
		T(lost_events_lead_to_a_new_dump),
		T(a_frame_for_linux_is_answered_by_it),
		T(resolve_makes_linux_ask_for_the_next_hop),
		T(a_packet_for_a_subscriber_leaves_by_lns0_and_theirs_reach_linux),
		T(the_tap_shows_the_link_of_its_port),
		B(an_interface_of_the_name_of_a_port_is_an_error),
		B(a_taken_lns0_makes_it_lnsd0),
		B(the_kernel_is_silent_below_a_shared_port_and_speaks_again_afterwards),
		B(a_missing_interface_below_a_port_is_an_error),
	};

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return 77; /* skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
