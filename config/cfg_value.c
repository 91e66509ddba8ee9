/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_value.c - one scalar: text to a typed, ranged value, and back.
 * Every message quotes what stands there (secrets never), in base units where a unit was written,
 * and says what is allowed. The only I/O is the reading of `file:` secrets. Thread: control. */
#include "config/cfg_int.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit duration_units[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {0}};
static const struct unit byte_units[] = {
	{"", 1}, {"K", 1ull << 10}, {"M", 1ull << 20}, {"G", 1ull << 30}, {"T", 1ull << 40}, {0}};
static const struct unit rate_units[] = {
	{"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {0}};
static const struct unit plain_units[] = {{"", 1}, {0}};

/* Digits and one of the units. Too large a number saturates: it is out of any range. */
static bool read_number(const char *text, size_t len, const struct unit *units, uint64_t *value)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < len && isdigit((unsigned char)text[i]); i++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(text[i] - '0'), &v))
			v = UINT64_MAX;
	}
	if (i == 0)
		return false;
	for (; units->name; units++) {
		if (strlen(units->name) == len - i && !memcmp(units->name, text + i, len - i)) {
			if (__builtin_mul_overflow(v, units->factor, value))
				*value = UINT64_MAX;
			return true;
		}
	}
	return false;
}

/* In the largest unit that needs no fraction. */
static void units_text(char *buf, size_t size, uint64_t value, const struct unit *units)
{
	while (units[1].name && value && value % units[1].factor == 0)
		units++;
	snprintf(buf, size, "%llu%s", (unsigned long long)(value / units->factor), units->name);
}

static void duration_text(char *buf, size_t size, uint64_t ms)
{
	if (ms % 1000)
		snprintf(buf, size, "%llu ms", (unsigned long long)ms);
	else
		snprintf(buf, size, "%llu s", (unsigned long long)(ms / 1000));
}

void cfg_prefix_text(char *buf, size_t size, const struct cfg_prefix *p, bool with_len)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(p->family == 6 ? AF_INET6 : AF_INET, p->addr, addr, sizeof(addr));
	if (with_len)
		snprintf(buf, size, "%s/%u", addr, p->len);
	else
		snprintf(buf, size, "%s", addr);
}

static const char *family_text(const struct cfg_key *k)
{
	if (k->flags & CFG_K_V4)
		return "an IPv4";
	return k->flags & CFG_K_V6 ? "an IPv6" : "an IPv4 or IPv6";
}

static void join_words(char *buf, size_t size, const char *const *words)
{
	size_t at = 0;

	for (; *words; words++) {
		if (**words && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", *words);
	}
}

const char *cfg_value_allowed(char *buf, size_t size, const struct cfg_key *k)
{
	const char *off = k->flags & CFG_K_OFF ? "off, or " : "";
	char lo[32], hi[32];

	switch (k->type) {
	case CFG_T_UINT:
		if (k->min == k->max)
			snprintf(buf, size, "%s%llu", off, (unsigned long long)k->min);
		else
			snprintf(buf, size, "%s%llu to %llu", off, (unsigned long long)k->min,
				(unsigned long long)k->max);
		break;
	case CFG_T_BOOL:
		snprintf(buf, size, "on, off");
		break;
	case CFG_T_ENUM:
		join_words(buf, size, k->words);
		break;
	case CFG_T_STRING:
		snprintf(buf, size, "text of %llu to %llu octets", (unsigned long long)k->min,
			(unsigned long long)k->max);
		break;
	case CFG_T_SECRET:
		snprintf(buf, size, "text of %llu to %llu octets, or file:PATH",
			(unsigned long long)k->min, (unsigned long long)k->max);
		break;
	case CFG_T_DURATION:
		duration_text(lo, sizeof(lo), k->min);
		duration_text(hi, sizeof(hi), k->max);
		snprintf(buf, size, "%s%s to %s", off, lo, hi);
		break;
	case CFG_T_BYTES:
		units_text(lo, sizeof(lo), k->min, byte_units);
		units_text(hi, sizeof(hi), k->max, byte_units);
		snprintf(buf, size, "%s to %s", lo, hi);
		break;
	case CFG_T_RATE:
		units_text(lo, sizeof(lo), k->min, rate_units);
		units_text(hi, sizeof(hi), k->max, rate_units);
		snprintf(buf, size, "%s%s to %s", off, lo, hi);
		break;
	case CFG_T_ADDRESS:
		snprintf(buf, size, "%s address", family_text(k));
		break;
	case CFG_T_IFADDR:
		snprintf(buf, size, "%s address with the length of its prefix, like 192.0.2.1/24",
			family_text(k));
		break;
	case CFG_T_PREFIX:
		if (k->min == k->max)
			snprintf(buf, size, "%s prefix of length %llu", family_text(k),
				(unsigned long long)k->min);
		else
			snprintf(buf, size, "%s prefix, like 192.0.2.0/24 or 2001:db8::/32",
				family_text(k));
		break;
	case CFG_T_HOST4:
		snprintf(buf, size, "an IPv4 address");
		break;
	case CFG_T_POOL4:
		snprintf(buf, size,
			"an IPv4 prefix of length 8 to 32, or FIRST-LAST of at most 16777216 "
			"addresses");
		break;
	case CFG_T_POOL6:
		snprintf(buf, size, "an IPv6 prefix of length %llu to %llu",
			(unsigned long long)k->min, (unsigned long long)k->max);
		break;
	case CFG_T_MAP:
		snprintf(buf, size, "a map");
		break;
	case CFG_T_LIST:
		snprintf(buf, size, "a list of maps");
		break;
	}
	return buf;
}

/* "TEXT" WHAT; allowed: ... */
static int refuse(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, const char *what)
{
	char quoted[300], allowed[160];

	cfg_error(x, node, "%s %s; allowed: %s", cfg_quote(quoted, sizeof(quoted), text, len), what,
		cfg_value_allowed(allowed, sizeof(allowed), k));
	return -1;
}

static void store_uint(const struct cfg_key *k, void *dst, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	memcpy(dst,
		k->size == 1           ? (void *)&v8
			: k->size == 2 ? (void *)&v16
			: k->size == 4 ? (void *)&v32
				       : (void *)&v,
		k->size);
}

/* How the text of a quantity is written, and what is said when it is not. */
struct quantity {
	const struct unit *units;
	const char *what;
};

static const struct quantity *quantity_of(enum cfg_type type)
{
	static const struct quantity duration = {
		duration_units, "is not a duration (a number with ms, s, m or h)"};
	static const struct quantity size = {
		byte_units, "is not a size (a number with K, M, G or T)"};
	static const struct quantity rate = {
		rate_units, "is not a rate (bits per second: a number, or one with k, M or G)"};
	static const struct quantity plain = {plain_units, "is not a whole number"};

	switch (type) {
	case CFG_T_DURATION:
		return &duration;
	case CFG_T_BYTES:
		return &size;
	case CFG_T_RATE:
		return &rate;
	default:
		return &plain;
	}
}

static int read_quantity(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, void *dst)
{
	const struct quantity *as = quantity_of(k->type);
	char is[64], value[32];
	uint64_t v;

	if ((k->flags & CFG_K_OFF) &&
		((len == 3 && !memcmp(text, "off", 3)) || (len == 1 && *text == '0'))) {
		store_uint(k, dst, 0);
		return 0;
	}
	if (!read_number(text, len, as->units, &v))
		return refuse(x, node, k, text, len, as->what);
	if (v >= k->min && v <= k->max) {
		store_uint(k, dst, v);
		return 0;
	}
	if (k->type == CFG_T_UINT || v == UINT64_MAX)
		return refuse(x, node, k, text, len, "is out of range");
	if (k->type == CFG_T_DURATION)
		duration_text(value, sizeof(value), v);
	else
		units_text(value, sizeof(value), v, as->units);
	if (strlen(value) == len && !memcmp(value, text, len))
		return refuse(x, node, k, text, len, "is out of range");
	snprintf(is, sizeof(is), "is %s", value);
	return refuse(x, node, k, text, len, is);
}

static int read_bool(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, bool *dst)
{
	if (!strcmp(text, "on") || !strcmp(text, "true"))
		*dst = true;
	else if (!strcmp(text, "off") || !strcmp(text, "false"))
		*dst = false;
	else
		return refuse(x, node, k, text, len, "is not a switch");
	return 0;
}

static int read_enum(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, void *dst)
{
	for (unsigned i = 0; k->words[i]; i++) {
		if (!*k->words[i] || strlen(k->words[i]) != len || memcmp(k->words[i], text, len))
			continue;
		if (k->size == sizeof(unsigned))
			memcpy(dst, &i, sizeof(i));
		else
			memcpy(dst, k->words[i], len + 1);
		return 0;
	}
	return refuse(x, node, k, text, len, "is unknown");
}

/* Also those of Unicode that YAML cannot hold as they are: C1, line separators, marks. */
static bool has_control(const char *text, size_t len)
{
	static const char *const wide[] = {
		"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf"};
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] == 0x7f || (p[i] == 0xc2 && i + 1 < len && p[i + 1] < 0xa0))
			return true;
	}
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		if (memmem(text, len, wide[i], 3))
			return true;
	}
	return false;
}

static int read_string(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, char *dst)
{
	char is[64];

	if (has_control(text, len))
		return refuse(x, node, k, text, len, "has a control character");
	if (len < k->min || len > k->max) {
		snprintf(is, sizeof(is), "has %zu octets", len);
		return refuse(x, node, k, text, len, is);
	}
	memcpy(dst, text, len);
	dst[len] = '\0';
	return 0;
}

/* Only regular files: a FIFO or a device could hold the process. @return octets read, or -errno */
static ssize_t read_secret_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	while (len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? n : (ssize_t)len;
}

static int read_secret(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, void *base, char *dst)
{
	char path[sizeof(x->dir) + CFG_SECRET_MAX], file[CFG_SECRET_MAX], quoted[300], allowed[160];
	ssize_t n;

	cfg_value_allowed(allowed, sizeof(allowed), k);
	if (len >= 5 && !memcmp(text, "file:", 5)) {
		const char *name = text + 5;

		if (strlen(text) != len || len - 5 >= CFG_SECRET_MAX || !*name)
			return refuse(x, node, k, text, len, "names no file");
		snprintf(path, sizeof(path), "%s%s", *name == '/' ? "" : x->dir, name);
		n = read_secret_file(path, file, sizeof(file));
		if (n < 0) {
			cfg_error(x, node, "cannot read %s: %s; allowed: %s",
				cfg_quote(quoted, sizeof(quoted), name, len - 5),
				n == -EINVAL ? "not a regular file" : strerror((int)-n), allowed);
			return -1;
		}
		if (n > 0 && file[n - 1] == '\n')
			n--;
		text = file;
		len = (size_t)n;
	}
	if (len < k->min || len > k->max) {
		cfg_error(x, node, "the secret has %s%zu octets; allowed: %s",
			len == sizeof(file) ? "at least " : "", len, allowed);
		explicit_bzero(file, sizeof(file));
		return -1;
	}
	memcpy(dst, text, len);
	dst[len] = '\0';
	*(size_t *)((char *)base + k->count) = len;
	explicit_bzero(file, sizeof(file));
	return 0;
}

static bool read_address(const char *text, size_t len, struct cfg_prefix *p)
{
	char addr[INET6_ADDRSTRLEN];

	memset(p, 0, sizeof(*p));
	if (len == 0 || len >= sizeof(addr) || memchr(text, '\0', len))
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	p->family = strchr(addr, ':') ? 6 : 4;
	p->len = p->family == 6 ? 128 : 32;
	return inet_pton(p->family == 6 ? AF_INET6 : AF_INET, addr, p->addr) == 1;
}

static bool read_prefix(const char *text, size_t len, struct cfg_prefix *p)
{
	const char *slash = memchr(text, '/', len);
	uint64_t bits;

	if (!slash || !read_address(text, (size_t)(slash - text), p) ||
		!read_number(slash + 1, len - (size_t)(slash + 1 - text), plain_units, &bits) ||
		bits > p->len)
		return false;
	p->len = (uint8_t)bits;
	return true;
}

/* Clear what stands behind the length. @return whether there was anything */
static bool cut_host_bits(struct cfg_prefix *p)
{
	bool any = false;

	for (unsigned i = 0; i < sizeof(p->addr); i++) {
		unsigned keep = p->len > 8 * i ? p->len - 8 * i : 0;
		uint8_t mask = keep >= 8 ? 0xff : (uint8_t)(0xff00 >> keep);

		any |= (p->addr[i] & ~mask) != 0;
		p->addr[i] &= mask;
	}
	return any;
}

static bool family_ok(const struct cfg_key *k, uint8_t family)
{
	return !(k->flags & (CFG_K_V4 | CFG_K_V6)) ||
		(k->flags & (family == 4 ? CFG_K_V4 : CFG_K_V6));
}

static int host_bits(struct cfg_ctx *x, struct cfg_node *node, const char *text, size_t len,
	const struct cfg_prefix *cut)
{
	char quoted[300], right[64];

	cfg_prefix_text(right, sizeof(right), cut, true);
	cfg_error(x, node, "%s has bits set behind its length; allowed: %s",
		cfg_quote(quoted, sizeof(quoted), text, len), right);
	return -1;
}

static uint32_t host4(const struct cfg_prefix *p)
{
	return (uint32_t)p->addr[0] << 24 | (uint32_t)p->addr[1] << 16 | (uint32_t)p->addr[2] << 8 |
		p->addr[3];
}

/* Not 0/8, loopback, multicast or reserved: addresses that a host can have. */
static bool is_unicast4(uint32_t a)
{
	return a >> 24 != 0 && a >> 24 != 127 && a < 0xe0000000;
}

static int read_net(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, struct cfg_prefix *dst)
{
	struct cfg_prefix p;

	switch (k->type) {
	case CFG_T_ADDRESS:
		if (!read_address(text, len, &p) || !family_ok(k, p.family))
			return refuse(x, node, k, text, len, "is not such an address");
		if (p.family == 4 && !is_unicast4(host4(&p)))
			return refuse(x, node, k, text, len, "is an address that no host can have");
		break;
	case CFG_T_IFADDR:
		if (!read_prefix(text, len, &p) || p.len == 0)
			return refuse(x, node, k, text, len, "is not such an address");
		break;
	default:
		if (!read_prefix(text, len, &p) || !family_ok(k, p.family) || p.len < k->min ||
			p.len > k->max)
			return refuse(x, node, k, text, len, "is not such a prefix");
		if (cut_host_bits(&p))
			return host_bits(x, node, text, len, &p);
	}
	*dst = p;
	return 0;
}

static int read_pool4(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, struct cfg_pool *pool)
{
	const char *dash = memchr(text, '-', len);
	struct cfg_prefix a, b;
	uint32_t first, last;

	if (dash) {
		if (!read_address(text, (size_t)(dash - text), &a) ||
			!read_address(dash + 1, len - (size_t)(dash + 1 - text), &b) ||
			a.family != 4 || b.family != 4)
			return refuse(x, node, k, text, len, "is not a range");
		first = host4(&a);
		last = host4(&b);
		if (last < first || last - first > 0xffffff)
			return refuse(x, node, k, text, len,
				last < first ? "ends before it begins" : "is too large");
		memset(&a, 0, sizeof(a));
	} else {
		if (!read_prefix(text, len, &a) || a.family != 4 || a.len < 8)
			return refuse(x, node, k, text, len, "is not a range");
		if (cut_host_bits(&a))
			return host_bits(x, node, text, len, &a);
		first = host4(&a);
		last = first + (uint32_t)((1ull << (32 - a.len)) - 1);
		if (a.len < 31) { /* network and broadcast; RFC 3021 uses both of a /31 */
			first++;
			last--;
		}
	}
	if (!is_unicast4(first) || !is_unicast4(last) || (first >> 24 < 127) != (last >> 24 < 127))
		return refuse(x, node, k, text, len, "holds addresses that no host can have");
	pool->family = 4;
	pool->prefix = a;
	pool->first4 = first;
	pool->last4 = last;
	return 0;
}

static int read_pool6(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, struct cfg_pool *pool)
{
	struct cfg_prefix p;

	if (!read_prefix(text, len, &p) || p.family != 6 || p.len < k->min || p.len > k->max)
		return refuse(x, node, k, text, len, "is not such a prefix");
	if (cut_host_bits(&p))
		return host_bits(x, node, text, len, &p);
	if (p.addr[0] == 0xff || (p.addr[0] == 0xfe && (p.addr[1] & 0xc0) == 0x80))
		return refuse(x, node, k, text, len, "is multicast or link-local");
	pool->family = 6;
	pool->prefix = p;
	pool->delegate_len = 64;
	return 0;
}

int cfg_value_read(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, void *base, void *dst)
{
	struct cfg_prefix p;
	uint32_t host;

	switch (k->type) {
	case CFG_T_UINT:
	case CFG_T_DURATION:
	case CFG_T_BYTES:
	case CFG_T_RATE:
		return read_quantity(x, node, k, text, len, dst);
	case CFG_T_BOOL:
		return read_bool(x, node, k, text, len, dst);
	case CFG_T_ENUM:
		return read_enum(x, node, k, text, len, dst);
	case CFG_T_STRING:
		return read_string(x, node, k, text, len, dst);
	case CFG_T_SECRET:
		return read_secret(x, node, k, text, len, base, dst);
	case CFG_T_ADDRESS:
	case CFG_T_IFADDR:
	case CFG_T_PREFIX:
		return read_net(x, node, k, text, len, dst);
	case CFG_T_HOST4:
		if (!read_address(text, len, &p) || p.family != 4 || !is_unicast4(host4(&p)))
			return refuse(x, node, k, text, len, "is not such an address");
		host = host4(&p);
		memcpy(dst, &host, sizeof(host));
		return 0;
	case CFG_T_POOL4:
		return read_pool4(x, node, k, text, len, base);
	case CFG_T_POOL6:
		return read_pool6(x, node, k, text, len, base);
	case CFG_T_MAP:
	case CFG_T_LIST:
		break;
	}
	return -1;
}
