/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_tunnel_test.c - which tunnel ids a LAC uses, before and after it starts anew. Nothing is sent. */
#include "tools/lacsim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* What tunnel.c asks of the parts that are not here: nothing of it happens in these tests. */
int net_open(struct net *net, uint32_t t)
{
	(void)net;
	return (int)t;
}

uint8_t *net_slot(struct net *net, int fd)
{
	(void)net, (void)fd;
	return NULL;
}

void net_push(struct net *net, size_t len)
{
	(void)net, (void)len;
}

void session_stage(struct sim *sim, struct session *s, enum stage to)
{
	(void)sim;
	s->stage = (uint8_t)to;
}

void session_failed(struct sim *sim, struct session *s, enum fail why)
{
	(void)sim, (void)why;
	s->stage = STAGE_FAILED;
}

void subscriber_start(struct sim *sim, struct session *s)
{
	(void)sim, (void)s;
}

void subscriber_input(struct sim *sim, struct session *s, uint8_t *frame, size_t len)
{
	(void)sim, (void)s, (void)frame, (void)len;
}

void timer_arm(struct sim *sim, struct session *s)
{
	(void)sim, (void)s;
}

#define TUNNELS 64

/* The LNS may still hold all of what was. 3,000 times, so that the ids begin anew as well. */
static void a_lac_that_starts_anew_uses_no_tunnel_id_of_before(void **state)
{
	struct sim sim = {.o = {.seed = 1, .tunnels = TUNNELS, .sessions = 1}};
	uint16_t was[TUNNELS];

	(void)state;
	assert_int_equal(tunnels_init(&sim), 0);
	for (unsigned int start = 0; start < 3000; start++) {
		for (uint32_t i = 0; i < TUNNELS; i++)
			was[i] = sim.tunnels[i].id;
		assert_int_equal(tunnels_reset(&sim), 0);
		for (uint32_t i = 0; i < TUNNELS; i++) {
			assert_int_not_equal(sim.tunnels[i].id, 0);
			for (uint32_t k = 0; k < TUNNELS; k++)
				assert_int_not_equal(sim.tunnels[i].id, was[k]);
		}
	}
	tunnels_free(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lac_that_starts_anew_uses_no_tunnel_id_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
