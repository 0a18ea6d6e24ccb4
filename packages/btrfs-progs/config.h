/* What configure would find out about musl and clang. */
#define _GNU_SOURCE 1
#define PACKAGE_URL "https://btrfs.readthedocs.io"
#define BTRFS_DISABLE_BACKTRACE 1
#define BTRFS_ZONED 1
#define CRYPTOPROVIDER "builtin"
#define CRYPTOPROVIDER_BUILTIN 1
#define CRYPTOPROVIDER_BOTAN 0
#define CRYPTOPROVIDER_LIBGCRYPT 0
#define CRYPTOPROVIDER_LIBKCAPI 0
#define CRYPTOPROVIDER_LIBSODIUM 0
#define CRYPTOPROVIDER_OPENSSL 0
#define EXPERIMENTAL 0
#define HAVE_LINUX_FSVERITY_H 1
#define HAVE_REALLOCARRAY 1
#define HAVE___BUILTIN_ADD_OVERFLOW 1
#define HAVE___BUILTIN_MUL_OVERFLOW 1
#define HAVE___BUILTIN_SUB_OVERFLOW 1
#ifdef __x86_64__
#define HAVE_CFLAG_mavx2 1
#define HAVE_CFLAG_msha 1
#define HAVE_CFLAG_msse2 1
#define HAVE_CFLAG_msse41 1
#define HAVE___BUILTIN_CPU_SUPPORTS__PCLMUL 1
#endif
