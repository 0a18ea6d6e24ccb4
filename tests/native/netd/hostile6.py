"""A DHCPv6 server that does wrong, in the way that its argument names."""
import socket, struct, sys
mode = sys.argv[1]
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 25, b'v1\0')
s.bind(('::', 547))
index = socket.if_nametoindex('v1')
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, 'ff02::1:2') + struct.pack('@I', index))
print('ready', flush=True)
def option(number, value):
    return struct.pack('>HH', number, len(value)) + value
def address(text, preferred, valid, more=b''):
    return option(5, socket.inet_pton(socket.AF_INET6, text) + struct.pack('>II', preferred, valid) + more)
def prefix(text, length, preferred, valid):
    return option(26, struct.pack('>IIB', preferred, valid, length) + socket.inet_pton(socket.AF_INET6, text))
while True:
    d, peer = s.recvfrom(2000)
    print('got', d[0], flush=True)
    o, found = d[4:], {}
    while len(o) >= 4:
        number, length = struct.unpack('>HH', o[:4])
        found[number] = o[4:4 + length]
        o = o[4 + length:]
    ours, server = option(1, found[1]), option(2, b'\0\3\0\1\2\0\0\0\0\x09')
    def na(t1, t2, inner):
        return option(3, found.get(3, bytes(4))[:4] + struct.pack('>II', t1, t2) + inner)
    def pd(t1, t2, inner):
        return option(25, found.get(25, bytes(4))[:4] + struct.pack('>II', t1, t2) + inner)
    def reply(kind, rest, transaction=d[1:4], cut=9999):
        s.sendto((bytes([kind]) + transaction + rest)[:cut], peer)
    rapid = option(14, b'')
    good = na(100, 200, address('2001:db8::50', 300, 400))
    if mode == 'broken':
        whole = ours + server + rapid + good
        # Cut short everywhere, for another, by nobody, of another exchange, of no kind.
        for cut in range(0, 4 + len(whole)):
            reply(7, whole, cut=cut)
        reply(7, option(1, b'\0\3\0\1\2\0\0\0\0\x77') + server + rapid + good)
        reply(7, ours + rapid + good)
        reply(7, ours + option(2, b'') + rapid + good)
        reply(7, whole, transaction=bytes(3))
        reply(10, whole)
        reply(13, whole)
        for bad in (na(200, 100, address('2001:db8::50', 300, 400)), na(1, 2, address('2001:db8::50', 400, 300)), na(1, 2, address('ff02::1', 300, 400)),
                    na(1, 2, address('fe80::50', 300, 400)), na(1, 2, address('::1', 300, 400)), na(1, 2, address('2001:db8::50', 0, 0)),
                    na(1, 2, address('2001:db8::50', 300, 400, option(13, b'\0\1'))), na(1, 2, b'\0\5\xff\xff'),
                    pd(1, 2, prefix('2001:db8:1::', 129, 300, 400)), pd(1, 2, prefix('fe80::', 64, 300, 400)), pd(1, 2, prefix('::', 0, 300, 400)),
                    option(23, bytes(15)) + option(24, b'\xc0\0\x3f') + option(7, b'') + option(82, b'\0\0\0\0')):
            reply(7, ours + server + rapid + bad)
            reply(2, ours + server + option(7, b'\xff') + bad)
    if mode == 'refuse':
        # Offers, and then has nothing; whatever is asked, again and again.
        if d[0] == 1:
            reply(2, ours + server + option(7, b'\xff') + good)
        else:
            for _ in range(100):
                reply(7, ours + server + na(0, 0, option(13, b'\0\2none')))
    if mode == 'short':
        # Of one second, and no time to renew it in.
        reply(7, ours + server + rapid + na(0, 0, address('2001:db8::50', 1, 1)))
