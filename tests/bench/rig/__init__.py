# SPDX-License-Identifier: BSD-3-Clause
"""What the scenarios that run whole programs share: namespaces, processes and their CPU time, lnsd, lacsim, forwarders, l2tpns."""
