"""A neighbour that tells of itself once: name of the port, seconds, and whether the unit is cut short in all ways."""
import socket, struct, sys
port, seconds, hostile = sys.argv[1].encode(), int(sys.argv[2]), len(sys.argv) > 3
def value(kind, data):
    return struct.pack('>H', kind << 9 | len(data)) + data
unit = value(1, b'\4\2\0\0\0\0\x09') + value(2, b'\5' + port) + value(3, struct.pack('>H', seconds))
unit += value(4, b'to the "roof"') + value(5, b'switch') + value(7, b'\0\x14\0\x14') + value(8, b'\5\1\xc0\0\2\1\2\0\0\0\1\0') + value(127, b'\0\x80\xc2\1\0\7')
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind(('v1', 0x88cc))
head = bytes([1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 9]) + struct.pack('>H', 0x88cc)
if hostile:
    for cut in range(len(unit)):
        s.send(head + unit[:cut])
    for name in range(200):
        s.send(head + value(1, b'\7\xff\0' + bytes([name])) + value(2, b'\7x') + value(3, b'\xff\xff') + value(9, bytes(511)))
else:
    s.send(head + unit + bytes(2))
