"""A DHCPv4 server that does wrong, in the way that its argument names."""
import socket, struct, sys
mode = sys.argv[1]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, 25, b'v1\0')
s.bind(('0.0.0.0', 67))
print('ready', flush=True)
while True:
    d, peer = s.recvfrom(2000)
    o, i, kind = d[240:], 0, 0
    while i < len(o) and o[i] != 255:
        if o[i] == 0:
            i += 1
            continue
        if o[i] == 53:
            kind = o[i + 2]
        i += 2 + o[i + 1]
    print('got', kind, flush=True)
    def reply(kind, options, cut=9999):
        p = bytearray(240)
        p[0:3], p[4:8], p[28:34], p[236:240] = bytes([2, 1, 6]), d[4:8], d[28:34], bytes([99, 130, 83, 99])
        p[16:20] = bytes([192, 0, 2, 50])
        p += bytes([53, 1, kind, 54, 4, 192, 0, 2, 1]) + options + bytes([255])
        s.sendto(bytes(p)[:cut], ('255.255.255.255', 68))
    mask = bytes([1, 4, 255, 255, 255, 0])
    def lease(seconds):
        return struct.pack('>BBI', 51, 4, seconds) + mask
    if mode == 'short':
        reply({1: 2}.get(kind, 5), lease(1))
    if mode == 'nak':
        if kind == 1:
            reply(2, lease(3600))
        else:
            for _ in range(200):
                reply(6, b'')
    if mode == 'broken':
        # Cut short, without end, of no time, with a mask that is none, with names that lead nowhere.
        for cut in (0, 100, 239, 241, 245):
            reply(2, lease(3600), cut)
        for options in (b'\x33\xff', lease(0), bytes([1, 4, 255, 0, 255, 0]) + lease(60)[:6], bytes([119, 2, 192, 0, 121, 1, 33]), bytes([52, 1, 3])):
            reply(2, options)
            reply(5, options + bytes([80, 0]))
    if mode == 'sum' and kind == 1:
        # By itself it is right, but for its UDP checksum: as it would be were it changed on the way.
        p = bytearray(240)
        p[0:3], p[4:8], p[28:34], p[236:240] = bytes([2, 1, 6]), d[4:8], d[28:34], bytes([99, 130, 83, 99])
        p[16:20] = bytes([192, 0, 2, 50])
        p += bytes([53, 1, 5, 54, 4, 192, 0, 2, 1, 80, 0]) + lease(3600) + bytes([255])
        def total(b):
            b = b + bytes(len(b) % 2)
            n = sum(struct.unpack('>%dH' % (len(b) // 2), b))
            while n > 0xffff:
                n = (n & 0xffff) + (n >> 16)
            return n
        head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + len(p), 0, 0, 64, 17, 0, bytes([192, 0, 2, 1]), bytes([255] * 4))
        head = head[:10] + struct.pack('>H', total(head) ^ 0xffff) + head[12:]
        udp = struct.pack('>HHH', 67, 68, 8 + len(p))
        right = total(head[12:20] + struct.pack('>HH', 17, 8 + len(p)) + udp + bytes(p)) ^ 0xffff
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        raw.sendto(head + udp + struct.pack('>H', right ^ 0x1234) + bytes(p), ('v1', 0x0800, 0, 1, b'\xff' * 6))
