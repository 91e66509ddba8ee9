/* SPDX-License-Identifier: BSD-3-Clause */
/* eal.c - DPDK's environment from our configuration; no EAL argument is the operator's business.
 * Control is the main lcore 0 on its CPU, worker i is lcore 1 + i; several lcores may share a CPU (--lcores).
 * Without hugepages EAL takes plain memory (--no-huge; 22.11 refuses --in-memory beside it), with them it keeps no file
 * (--in-memory). Thread: control, which is the thread that calls. */
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "dataplane/init.h"

#define ARGS_MAX 320

static cpu_set_t allowed; /* before EAL bound this thread to control's CPU */

int init_error(const char *format, ...)
{
	va_list ap;

	fputs("lnsd: error: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -1;
}

bool port_is_pci(const char *dev)
{
	unsigned int a, b, c, d;
	int n = 0;

	if (!strncmp(dev, "pci:", 4))
		dev += 4;
	if (sscanf(dev, "%x:%x:%x.%x%n", &a, &b, &c, &d, &n) == 4)
		return n && (!dev[n] || dev[n] == ',');
	n = 0;
	return sscanf(dev, "%x:%x.%x%n", &a, &b, &c, &n) == 3 && n && (!dev[n] || dev[n] == ',');
}

static int control_cpu(const struct cfg *c)
{
	return c->dataplane.control_cpu < 0 ? 0 : c->dataplane.control_cpu;
}

/* Without a list: the usable CPUs but control's in turn, or control's when there is no other. */
int worker_cpu(const struct cfg *c, unsigned int i)
{
	int usable[CPU_SETSIZE], n = 0;

	if (c->dataplane.n_worker_cpus)
		return c->dataplane.worker_cpus[i % c->dataplane.n_worker_cpus];
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && cpu != control_cpu(c))
			usable[n++] = cpu;
	return n ? usable[i % (unsigned int)n] : control_cpu(c);
}

static int check_cpu(int cpu, const char *key)
{
	if (cpu < CPU_SETSIZE && CPU_ISSET(cpu, &allowed))
		return 0;
	return init_error(
		"dataplane.%s: this process may not run on CPU %d; choose among `taskset -cp %d`",
		key, cpu, (int)getpid());
}

static int check_cpus(const struct cfg *c)
{
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return init_error("cannot read the CPUs of this process: %s", strerror(errno));
	if (check_cpu(control_cpu(c), "control-cpu"))
		return -1;
	for (unsigned int i = 0; i < c->dataplane.workers; i++)
		if (check_cpu(worker_cpu(c, i), "worker-cpus"))
			return -1;
	return 0;
}

static void lcore_map(const struct cfg *c, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "0@%d", control_cpu(c));

	for (unsigned int i = 0; i < c->dataplane.workers; i++)
		at += (size_t)snprintf(out + at, size - at, ",%u@%d", i + 1, worker_cpu(c, i));
}

int eal_start(const struct cfg *c)
{
	char lcores[DP_WORKERS_MAX * 12], memory[16], prefix[48];
	char *argv[ARGS_MAX] = {"lnsd", "--lcores", lcores, "--main-lcore", "0", "-m", memory,
		"--file-prefix", prefix, "--no-telemetry", "--no-shconf", "--log-level=*:error"};
	int argc = 12;
	bool pci = false;

	if (check_cpus(c))
		return -1;
	lcore_map(c, lcores, sizeof(lcores));
	snprintf(memory, sizeof(memory), "%llu",
		(unsigned long long)(c->dataplane.memory_bytes >> 20));
	snprintf(prefix, sizeof(prefix), "lnsd-%d", (int)getpid());
	argv[argc++] = c->dataplane.hugepages ? "--in-memory" : "--no-huge";
	for (size_t i = 0; i < c->dataplane.n_ports; i++) {
		char *dev = c->dataplane.ports[i].dev;

		if (!port_is_pci(dev) || argc + 3 > ARGS_MAX)
			continue;
		argv[argc++] = "-a";
		argv[argc++] = strncmp(dev, "pci:", 4) ? dev : dev + 4;
		pci = true;
	}
	if (!pci)
		argv[argc++] = "--no-pci";
	if (rte_eal_init(argc, argv) >= 0)
		return 0;
	if (c->dataplane.hugepages)
		return init_error("DPDK cannot start: %s. dataplane.hugepages is on: are %s MiB of "
				  "hugepages free "
				  "(grep Huge /proc/meminfo), and are the ports bound to vfio-pci?",
			rte_strerror(rte_errno), memory);
	return init_error("DPDK cannot start: %s. dataplane.memory is %s MiB: is that much memory "
			  "free, and not over "
			  "`ulimit -v` or the memory cgroup?",
		rte_strerror(rte_errno), memory);
}
