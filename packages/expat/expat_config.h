/* What CMake would find out about musl, and expat's own defaults. */
#ifndef EXPAT_CONFIG_H
#define EXPAT_CONFIG_H 1
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BYTEORDER 4321
#define WORDS_BIGENDIAN 1
#else
#define BYTEORDER 1234
#endif
#define HAVE_FCNTL_H 1
#define HAVE_GETRANDOM 1
#define HAVE_UNISTD_H 1
#define XML_CONTEXT_BYTES 1024
#define XML_DTD 1
#define XML_GE 1
#define XML_NS 1
#endif
