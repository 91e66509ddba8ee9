/* SPDX-License-Identifier: BSD-3-Clause */
/* lnsctl_test.c - lnsctl as a process, in front of a server that gives canned replies. argv[1] is
 * the binary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *lnsctl;
static char path[64];
static int listener;
static char asked[64][512]; /* requests without their ids */
static unsigned n_asked;

#define SESSION(slot, user, ip, st)                                                                \
	"{\"slot\":" slot ",\"generation\":7,\"tunnel\":1,\"tid\":10234,\"sid\":5" slot            \
	",\"peer_sid\":9,\"state\":\"" st "\",\"user\":\"" user "\",\"ip4\":" ip                   \
	",\"prefix6\":\"2001:db8:0:7::/64\",\"ip4_up\":true,\"ip6_up\":false,"                     \
	"\"calling\":\"0301234567-slot-3\",\"called\":\"isp\",\"age_s\":99,\"up_s\":93784,"        \
	"\"worker\":1,\"mtu\":1460,"                                                               \
	"\"up_packets\":12,\"up_octets\":1234567,\"down_packets\":99,\"down_octets\":98765432100}"

#define WORKERS                                                                                    \
	"\"workers\":[{\"id\":0,\"cpu\":2,\"sessions\":5012,\"rx_packets\":123456789,\"up_"        \
	"packets\":60000000,"                                                                      \
	"\"down_packets\":63456789,\"handed_out\":1200,\"handed_in\":1300,\"punted\":4,"           \
	"\"dropped\":17,\"polls\":100,"                                                            \
	"\"busy_polls\":42,\"sleeps\":1,\"busy_ns\":5,\"busy_permille\":423,"                      \
	"\"packets_per_second\":7654321,\"picked_by_queue\":2000,\"picked_by_load\":3012,"         \
	"\"longest_poll_us\":350}]"

static const struct {
	const char *needle, *reply; /* the first whose needle is in the request answers */
} canned[] = {
	{"tunnels.list",
		"\"result\":{\"tunnels\":[{\"slot\":1,\"generation\":2,\"tid\":10234,\"peer_tid\":"
		"5,\"state\":"
		"\"established\",\"host\":\"lac-1.carrier.example\",\"peer\":\"2001:db8:aaaa:bbbb:"
		"cccc:dddd:eeee:ffff\","
		"\"peer_port\":1701,\"profile\":\"carrier-a\",\"sessions\":30000,\"retransmits\":"
		"1234,\"age_s\":9,"
		"\"up_s\":3723}],\"next\":null}"},
	{"\"method\":\"summary\"",
		"\"result\":{\"identity\":\"lns1\",\"version\":\"0.1.0\",\"pid\":77,\"uptime_s\":"
		"93784,"
		"\"tunnels\":3,\"tunnels_up\":2,\"max_tunnels\":1024,\"sessions\":5012,\"sessions_"
		"up\":5000,"
		"\"max_sessions\":16384,\"sessions_total\":123456,\"auth_accepted\":120000,\"auth_"
		"rejected\":12,"
		"\"dropped\":17,\"longest_turn_us\":812,\"down_by_cause\":{\"admin\":0,\"echo-"
		"timeout\":9}," WORKERS "}"},
	{"\"cursor\":0,\"limit\":500,\"filter\":{}}",
		"\"result\":{\"sessions\":[" SESSION(
			"1", "alice@example.net", "\"100.64.0.9\"", "up") "," SESSION("2",
			"a-very-long-user-name-that-does-not-fit@example.net", "\"100.64.255.254\"",
			"up") "],\"next\":10001}"},
	{"\"cursor\":10001,", "\"result\":{\"sessions\":[],\"next\":20001}"},
	{"\"cursor\":20001,",
		"\"result\":{\"sessions\":[" SESSION("3", "", "null", "ppp") "],\"next\":null}"},
	{"\"limit\":2,\"filter\":{}",
		"\"result\":{\"sessions\":[" SESSION("1", "a", "null", "up") "," SESSION(
			"2", "b", "null", "up") "],\"next\":3}"},
	{"\"filter\":{\"user\":\"bob\"}",
		"\"result\":{\"sessions\":[" SESSION("4", "bob", "null", "up") "],\"next\":null}"},
	{"\"filter\":{\"user\":\"none\"}", "\"result\":{\"sessions\":[],\"next\":null}"},
	{"\"filter\":{\"tid\":7", "\"result\":{\"sessions\":[],\"next\":null}"},
	{"tunnels.get\",\"params\":{\"tid\":10234}",
		"\"result\":{\"tunnel\":{\"tid\":10234,\"host\":\"lac-1\",\"up_s\":61}}"},
	{"tunnels.clear\",\"params\":{\"slot\":3}", "\"result\":{\"cleared\":true}"},
	{"sessions.get\",\"params\":{\"user\":\"late\"}",
		"\"result\":{\"session\":null,\"next\":10001}"},
	{"sessions.get\",\"params\":{\"user\":\"late\",\"cursor\":10001}",
		"\"result\":{\"session\":" SESSION("8", "late", "null", "up") "}"},
	{"sessions.get\",\"params\":{\"tid\":10234,\"sid\":51}",
		"\"result\":{\"session\":" SESSION("1", "alice", "\"100.64.0.9\"", "up") "}"},
	{"sessions.clear\",\"params\":{\"slot\":1,\"generation\":7}",
		"\"result\":{\"cleared\":true}"},
	{"sessions.clear\",\"params\":{\"slot\":4,\"generation\":7}",
		"\"result\":{\"cleared\":true}"},
	{"\"method\":\"ports\"",
		"\"result\":{\"ports\":[{\"name\":\"p0\",\"driver\":\"net_af_packet\",\"mac\":"
		"\"02:00:00:00:00:a1\",\"mtu\":1500,\"link_up\":true,\"rx_packets\":1234567890,"
		"\"rx_octets\":12345678900,"
		"\"tx_packets\":999,\"tx_octets\":1000,\"rx_missed\":1,\"rx_errors\":2,\"tx_"
		"errors\":3,\"tx_full\":4,"
		"\"rx_no_buffer\":5}],\"linux\":{\"routes\":7,\"neighbours\":3,\"to_tap\":1,"
		"\"redumps\":0}}"},
	{"\"method\":\"drops\",\"params\":{\"workers\":true}",
		"\"result\":{\"drops\":[{\"name\":\"runt\",\"text\":"
		"\"too short\",\"packets\":0},{\"name\":\"spoofed-source\",\"text\":\"inner source "
		"is not an address of the "
		"subscriber\",\"packets\":30}],\"workers\":[{\"id\":0,\"drops\":{\"runt\":0,"
		"\"spoofed-source\":10}},"
		"{\"id\":1,\"drops\":{\"runt\":0,\"spoofed-source\":20}}]}"},
	{"\"method\":\"pools\"",
		"\"result\":{\"pools\":[{\"name\":\"pool4\",\"family\":4,\"range\":\"100.64.0.0/"
		"16\","
		"\"gateway\":\"100.64.0.1\",\"capacity\":65533,\"used\":5012,\"free\":60521},{"
		"\"name\":\"pool6\",\"family\":6,"
		"\"range\":\"2001:db8:f000::/"
		"40\",\"gateway\":null,\"capacity\":16777216,\"used\":1,\"free\":16777215}]}"},
	{"\"method\":\"memory\"", "\"result\":{\"resident_bytes\":104857600,\"mbufs\":32768}"},
	{"\"method\":\"config\"",
		"\"result\":{\"yaml\":\"schema: 1\\n\",\"config\":{\"schema\":1}}"},
};

/* One connection after the other, as many requests as come. */
static void *server(void *arg)
{
	(void)arg;
	for (;;) {
		int s = accept(listener, NULL, NULL);
		FILE *in, *out;
		char *line = NULL;
		size_t cap = 0;

		if (s < 0)
			return NULL;
		in = fdopen(s, "r");
		out = fdopen(dup(s), "w");
		while (getline(&line, &cap, in) > 0) {
			const char *method = strstr(line, "\"method\"");
			const char *reply = "\"error\":{\"code\":\"not-found\",\"message\":\"there "
					    "is no such thing\"}";

			snprintf(asked[n_asked++ % 64], sizeof(asked[0]), "%s",
				method ? method : line);
			for (size_t i = 0; i < sizeof(canned) / sizeof(canned[0]); i++) {
				if (strstr(line, canned[i].needle)) {
					reply = canned[i].reply;
					break;
				}
			}
			fprintf(out, "{\"id\":1,\"schema\":1,%s}\n", reply);
			fflush(out);
		}
		free(line);
		fclose(in);
		fclose(out);
	}
}

/* Run lnsctl at 80 columns. @return its output (both streams), *status its exit status. */
static const char *run(const char *args, int *status)
{
	static char out[16384];
	char command[600];
	size_t n;
	FILE *f;

	n_asked = 0;
	snprintf(command, sizeof(command), "COLUMNS=80 %s --socket %s %s 2>&1", lnsctl, path, args);
	f = popen(command, "r");
	n = fread(out, 1, sizeof(out) - 1, f);
	out[n] = '\0';
	*status = WEXITSTATUS(pclose(f));
	return out;
}

static void golden(const char *args, const char *expected)
{
	int status;
	const char *out = run(args, &status);

	assert_string_equal(out, expected);
	assert_int_equal(status, 0);
	for (const char *at = out, *end; (end = strchr(at, '\n')); at = end + 1)
		assert_true(end - at <= 80);
}

static void the_summary_is_a_glance(void **state)
{
	(void)state;
	golden("show summary",
		"identity               lns1, lnsd 0.1.0, pid 77\n"
		"up                     1d02h\n"
		"tunnels                3 (2 up), at most 1024\n"
		"sessions               5012 (5000 up), at most 16384\n"
		"sessions since start   123k\n"
		"authentication         120k accepted, 12 rejected\n"
		"packets dropped        17\n"
		"longest turn           control 812 us, worker 350 us\n"
		"ended: echo-timeout    9\n"
		"\n"
		"WORKER  CPU  SESSIONS    RX   UP  DOWN   OUT    IN  PUNTED  DROPPED   PPS  BUSY\n"
		"     0    2      5012  123M  60M   63M  1.2k  1.3k       4       17  7.7M   "
		"42%\n");
}

static void sessions_fit_80_columns_over_several_pages(void **state)
{
	(void)state;
	golden("show sessions",
		"SESSION      USER       ADDRESS         STATE      UP    RX    TX  W  CALLING\n"
		"10234/51     alice@ex~  100.64.0.9      up      1d02h  1.2M   99G  1  030123456~\n"
		"10234/52     a-very-l~  100.64.255.254  up      1d02h  1.2M   99G  1  030123456~\n"
		"10234/53     -          2001:db8:0:7:~  ppp     1d02h  1.2M   99G  1  "
		"030123456~\n");
}

static void tunnels_fit_80_columns(void **state)
{
	(void)state;
	golden("show tunnels",
		"TUNNEL  HOST      PEER             STATE        SESSIONS     UP  RESENT  PROFILE\n"
		" 10234  lac-1.c~  2001:db8:aaaa:~  established     30000  1h02m    1.2k  "
		"carrie~\n");
}

static void ports_drops_pools_and_memory_are_tables(void **state)
{
	(void)state;
	golden("show ports",
		"PORT  LINK  MAC                 MTU  RX PKTS   RX  TX PKTS    TX  LOST  ST~  DR~\n"
		"p0    up    02:00:00:00:00:a1  1500     1.2G  12G      999  1.0k    15  -    ne~\n"
		"\n"
		"Linux: 7 routes, 3 neighbours; frames to taps 1 (lost 0), from taps 0 (lost 0),\n"
		"packets to lns0 0 (lost 0), from lns0 0 (lost 0); routes read again 0 times\n");
	golden("show drops --workers",
		"REASON          PACKETS  WORKERS  MEANING\n"
		"spoofed-source       30  10 20    inner source is not an address of the "
		"subscri~\n");
	golden("show pools",
		"POOL   RANGE               GATEWAY     USED  FREE   OF  FULL\n"
		"pool4  100.64.0.0/16       100.64.0.1  5012   61k  66k    8%\n"
		"pool6  2001:db8:f000::/40  -              1   17M  17M    0%\n");
	golden("show memory",
		"resident_bytes         100M\n"
		"mbufs                  32768\n");
	golden("show config", "schema: 1\n");
}

static void json_merges_the_pages_into_one_array(void **state)
{
	int status;
	json_t *j = json_loads(run("show sessions --json", &status), 0, NULL);

	(void)state;
	assert_int_equal(status, 0);
	assert_int_equal(json_array_size(j), 3);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(j, 2), "slot")), 3);
	assert_int_equal(n_asked, 3);
	json_decref(j);
	j = json_loads(run("--json show sessions --user none", &status), 0, NULL);
	assert_true(json_is_array(j));
	assert_int_equal(json_array_size(j), 0);
	json_decref(j);
}

static void json_of_one_thing_is_the_object_itself(void **state)
{
	int status;
	json_t *j = json_loads(run("show summary --json", &status), 0, NULL);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(j, "sessions_up")), 5000);
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(json_object_get(j, "workers"), 0), "sessions")),
		5012);
	json_decref(j);
	j = json_loads(run("show session 10234/51 --json", &status), 0, NULL);
	assert_string_equal(json_string_value(json_object_get(j, "user")), "alice");
	json_decref(j);
	j = json_loads(run("show tunnel 10234 --json", &status), 0, NULL);
	assert_string_equal(json_string_value(json_object_get(j, "host")), "lac-1");
	json_decref(j);
}

static void a_limit_ends_the_list(void **state)
{
	int status;
	json_t *j = json_loads(run("show sessions --limit 2 --json", &status), 0, NULL);

	(void)state;
	assert_int_equal(json_array_size(j), 2);
	assert_int_equal(n_asked, 1);
	json_decref(j);
}

static void a_search_goes_on_until_the_session_is_found(void **state)
{
	int status;
	const char *out = run("show session late", &status);

	(void)state;
	assert_int_equal(status, 0);
	assert_non_null(strstr(out, "user                   late\n"));
	assert_non_null(strstr(out, "up_s                   1d02h\n"));
	assert_non_null(strstr(out, "up_octets              1234567 (1.2M)\n"));
	assert_int_equal(n_asked, 2);
}

static void clear_names_what_it_found_by_slot_and_generation(void **state)
{
	(void)state;
	golden("clear session 10234/51", "1 session is being cleared\n");
	assert_non_null(
		strstr(asked[1], "sessions.clear\",\"params\":{\"slot\":1,\"generation\":7}"));
	golden("clear user bob", "1 session is being cleared\n");
	golden("clear tunnel '#3'", "1 tunnel is being cleared\n");
}

static void refusals_and_mistakes_have_their_exit_codes(void **state)
{
	static const struct {
		const char *args;
		int status;
		const char *says;
	} rows[] = {
		{"show session '#99'", 1, "lnsctl: there is no such thing\n"},
		{"clear user none", 1, "lnsctl: no session of user \"none\"\n"},
		{"show tunnel x", 2, "is not a tunnel"},
		{"show nonsense", 2, "show takes one of"},
		{"clear", 2, "clear takes one of"},
		{"frobnicate", 2, "the commands are"},
		{"show sessions --limit 0", 2, "--limit takes"},
		{"show pools --workers", 2, "--workers belongs"},
		{"", 2, "usage:"},
		{"help", 0, "usage:"},
		{"--socket /nonexistent show summary", 3, "is it running"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status;
		const char *out = run(rows[i].args, &status);

		assert_int_equal(status, rows[i].status);
		assert_non_null(strstr(out, rows[i].says));
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_summary_is_a_glance),
		cmocka_unit_test(sessions_fit_80_columns_over_several_pages),
		cmocka_unit_test(tunnels_fit_80_columns),
		cmocka_unit_test(ports_drops_pools_and_memory_are_tables),
		cmocka_unit_test(json_merges_the_pages_into_one_array),
		cmocka_unit_test(json_of_one_thing_is_the_object_itself),
		cmocka_unit_test(a_limit_ends_the_list),
		cmocka_unit_test(a_search_goes_on_until_the_session_is_found),
		cmocka_unit_test(clear_names_what_it_found_by_slot_and_generation),
		cmocka_unit_test(refusals_and_mistakes_have_their_exit_codes),
	};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	pthread_t thread;
	int rc;

	if (argc != 2)
		return 2;
	lnsctl = argv[1];
	snprintf(path, sizeof(path), "/tmp/lnsctl-test.%d", getpid());
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) || listen(listener, 8) ||
		pthread_create(&thread, NULL, server, NULL))
		return 2;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	unlink(path);
	return rc;
}
