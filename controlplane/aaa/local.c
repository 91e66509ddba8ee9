/* SPDX-License-Identifier: BSD-3-Clause */
/* local.c - PAP and CHAP-MD5 against the users of the configuration file.
 * Both end in one comparison of MD5 digests in constant time, so neither the length nor the content of a password shows
 * in the time taken. Thread: control. Not here: RADIUS, accounting, limits (cp_session.c). */
#include "controlplane/aaa/local.h"

#include <stdbool.h>
#include <string.h>

#include <nettle/md5.h>
#include <nettle/memops.h>

static void digest_of(const struct aaa_request *r, const void *password, size_t len,
	uint8_t digest[MD5_DIGEST_SIZE])
{
	struct md5_ctx md5;

	md5_init(&md5);
	if (r->method == PPP_AUTH_CHAP_MD5)
		md5_update(&md5, 1, &r->chap_id);
	md5_update(&md5, len, password);
	if (r->method == PPP_AUTH_CHAP_MD5)
		md5_update(&md5, r->challenge_len, r->challenge);
	md5_digest(&md5, MD5_DIGEST_SIZE, digest);
}

const struct cfg_user *aaa_local_check(const struct cfg *c, const struct aaa_request *r)
{
	const struct cfg_user *user = cfg_user_find(c, (const char *)r->name, r->name_len);
	uint8_t want[MD5_DIGEST_SIZE], got[MD5_DIGEST_SIZE];
	bool usable = true;

	if (r->method == PPP_AUTH_PAP) {
		digest_of(r, r->secret, r->secret_len, got);
	} else if (r->method == PPP_AUTH_CHAP_MD5) {
		usable = r->secret_len == MD5_DIGEST_SIZE;
		memset(got, 0, sizeof(got));
		if (usable)
			memcpy(got, r->secret, sizeof(got));
	} else {
		return NULL;
	}
	digest_of(r, user ? user->password : "", user ? user->password_len : 0, want);
	return memeql_sec(want, got, sizeof(want)) && usable && user ? user : NULL;
}
