/* SPDX-License-Identifier: BSD-3-Clause */
/* lwipopts.h - lwIP's build options for lwip-l2tp.c: one thread, libc's malloc, IPv4 and IPv6, PPP over L2TP. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_STATS 0
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define MEMP_NUM_SYS_TIMEOUT 200000

#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_ND6_NUM_NEIGHBORS 100 /* its indexes are 8 bits */
#define LWIP_ND6_NUM_PREFIXES 100
#define LWIP_ND6_NUM_ROUTERS 100
#define IPV6_FRAG_COPYHEADER 1
#define IP_REASSEMBLY 1
#define LWIP_RAW 1
#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_TCP 1
#define LWIP_UDP 1
#define LWIP_DNS 1
#define LWIP_NETIF_LOOPBACK 0

#define PPP_SUPPORT 1
#define PPPOS_SUPPORT 0
#define PPPOL2TP_SUPPORT 1
#define PPPOL2TP_AUTH_SUPPORT 1
#define PPP_IPV4_SUPPORT 1
#define PPP_IPV6_SUPPORT 1
#define PPP_NOTIFY_PHASE 1
#define PRINTPKT_SUPPORT 1
#define PAP_SUPPORT 1
#define CHAP_SUPPORT 1
#define LCP_ECHOINTERVAL 10

#define LWIP_DEBUG 1
#define LWIP_DBG_TYPES_ON LWIP_DBG_ON
#define LWIP_DBG_MIN_LEVEL LWIP_DBG_LEVEL_ALL
#define PPP_DEBUG LWIP_DBG_ON

#endif
