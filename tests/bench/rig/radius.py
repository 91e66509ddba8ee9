#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A RADIUS server of one user for load: PAP and CHAP are checked, accounting is acknowledged (RFC 2865, RFC 2866). It keeps
nothing. usage: radius.py SECRET USER PASSWORD [ADDRESS]"""
import hashlib
import selectors
import socket
import sys

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT, ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE = 1, 2, 3, 4, 5
USER_NAME, USER_PASSWORD, CHAP_PASSWORD, CHAP_CHALLENGE = 1, 2, 3, 60


def attributes(packet):
    found, at = {}, 20
    while at + 2 <= len(packet):
        length = packet[at + 1]
        if length < 2 or at + length > len(packet):
            break
        found[packet[at]] = packet[at + 2:at + length]
        at += length
    return found


def pap(hidden, secret, authenticator):
    """RFC 2865 section 5.2"""
    clear, last = b"", authenticator
    for at in range(0, len(hidden), 16):
        block = hidden[at:at + 16]
        clear += bytes(a ^ b for a, b in zip(block, hashlib.md5(secret + last).digest()))
        last = block
    return clear.rstrip(b"\0")


def accepted(packet, secret, user, password):
    found, authenticator = attributes(packet), packet[4:20]
    if found.get(USER_NAME) != user:
        return False
    if CHAP_PASSWORD in found:
        given = found[CHAP_PASSWORD]
        challenge = found.get(CHAP_CHALLENGE, authenticator)
        return len(given) == 17 and given[1:] == hashlib.md5(given[:1] + password + challenge).digest()
    return USER_PASSWORD in found and pap(found[USER_PASSWORD], secret, authenticator) == password


def answer(packet, secret, user, password):
    """The reply, or None to what deserves none."""
    if len(packet) < 20 or int.from_bytes(packet[2:4], "big") != len(packet):
        return None
    if packet[0] == ACCESS_REQUEST:
        code = ACCESS_ACCEPT if accepted(packet, secret, user, password) else ACCESS_REJECT
    elif packet[0] == ACCOUNTING_REQUEST:
        code = ACCOUNTING_RESPONSE
    else:
        return None
    head = bytes([code, packet[1], 0, 20])
    return head + hashlib.md5(head + packet[4:20] + secret).digest()


def main(argv):
    secret, user, password = (a.encode() for a in argv[:3])
    address = argv[3] if len(argv) > 3 else "127.0.0.1"
    waiting = selectors.DefaultSelector()
    for port in (1812, 1813):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind((address, port))
        s.setblocking(False)
        waiting.register(s, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in waiting.select():
            for _ in range(256):
                try:
                    packet, peer = key.fileobj.recvfrom(4096)
                except BlockingIOError:
                    break
                reply = answer(packet, secret, user, password)
                if reply:
                    key.fileobj.sendto(reply, peer)


if __name__ == "__main__":
    main(sys.argv[1:])
