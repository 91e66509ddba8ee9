/* SPDX-License-Identifier: BSD-3-Clause */
/* local.h - authentication against the configuration's own users. Pure: answers at once. Thread: control. */
#ifndef CONTROLPLANE_AAA_LOCAL_H
#define CONTROLPLANE_AAA_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "config/cfg.h"
#include "ppp/ppp.h"

/** What PPP was told by the peer; bytes are borrowed and not terminated. */
struct aaa_request {
	enum ppp_auth method;
	const uint8_t *name;
	size_t name_len;
	const uint8_t *secret; /* PAP: the password; CHAP: the response value */
	size_t secret_len;
	const uint8_t *challenge; /* CHAP only */
	size_t challenge_len;
	uint8_t chap_id;
};

/** @return the user whose password the request proves, or NULL. Takes as long for an unknown user as for a wrong
 * password. CHAP: RFC 1994 s4.1, MD5 over id, password, challenge. */
const struct cfg_user *aaa_local_check(const struct cfg *c, const struct aaa_request *r);

#endif
