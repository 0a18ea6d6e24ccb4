/*
 * counter.c: how many instructions a guest has executed, and how many at which event.
 *
 * One shared object, loaded into QEMU twice over:
 *  - as a TCG plugin (-plugin) it counts, with inline additions and no call for a block that runs;
 *  - preloaded (LD_PRELOAD) it stands before write() and writev(), and so sees the guest's serial
 *    console. QEMU's UARTs write each byte from the virtual CPU's own thread, inside the guest's
 *    store or OUT instruction, so the count read there is the count at that byte: no polling and no
 *    time enters, and two runs give the same number. (The plugin API reports memory accesses but
 *    not x86 port I/O, nor register values in API 1; a preloaded write() works with every UART.)
 *
 * Results go to standard error, a line "alpenglow-counter: NAME INSTRUCTIONS GUEST_NS" for each
 * event when it happens.
 * Arguments: marker=NAME:HEX  a text (in hexadecimal) to wait for on the console; up to MARKERS
 *            console=FD       the console's file descriptor in QEMU, 1 by default
 *
 * QEMU_PLUGIN_API is given by the compiler's command line: 1 for QEMU up to 8, 2 for QEMU 9 and 10,
 * 7 for QEMU 11. QEMU's header is not needed; the few declarations used are below.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef QEMU_PLUGIN_API
#error "give -DQEMU_PLUGIN_API=1 (QEMU before 9), =2 (QEMU 9 and 10) or =7 (QEMU 11)"
#endif

#define EXPORT __attribute__((visibility("default")))
#define MARKERS 16
#define LONGEST 128 /* bytes of a marker's text */

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = QEMU_PLUGIN_API;

#if QEMU_PLUGIN_API == 1
/* One word for all virtual CPUs: exact with one CPU, which is what a counted machine has. */
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op,
                                                     void *, uint64_t);
static uint64_t executed;

static void count_block(struct qemu_plugin_tb *tb, uint64_t instructions)
{
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &executed, instructions);
}

static uint64_t instructions_now(void)
{
    return executed;
}

static void counting_starts(void)
{
}
#else
struct qemu_plugin_scoreboard;
typedef struct {
    struct qemu_plugin_scoreboard *score;
    size_t offset;
} qemu_plugin_u64;
extern struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t);
extern uint64_t qemu_plugin_u64_sum(qemu_plugin_u64);
extern void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *,
                                                              enum qemu_plugin_op,
                                                              qemu_plugin_u64, uint64_t);
static qemu_plugin_u64 executed;

static void count_block(struct qemu_plugin_tb *tb, uint64_t instructions)
{
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64, executed,
                                                      instructions);
}

static uint64_t instructions_now(void)
{
    return qemu_plugin_u64_sum(executed);
}

static void counting_starts(void)
{
    executed.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
}
#endif

/* The callbacks' arguments: (id, block) and (id, data) up to API 6, (block, data) and (data) in 7. */
#if QEMU_PLUGIN_API >= 7
#define TRANSLATED(tb) struct qemu_plugin_tb *tb, void *unused
#define AT_EXIT void *unused
typedef void (*tb_callback)(struct qemu_plugin_tb *, void *);
typedef void (*exit_callback)(void *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_callback, void *);
#define REGISTER_TRANSLATED(id, f) qemu_plugin_register_vcpu_tb_trans_cb(id, f, NULL)
#else
#define TRANSLATED(tb) qemu_plugin_id_t unused, struct qemu_plugin_tb *tb
#define AT_EXIT qemu_plugin_id_t unused, void *unused_too
typedef void (*tb_callback)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*exit_callback)(qemu_plugin_id_t, void *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_callback);
#define REGISTER_TRANSLATED(id, f) qemu_plugin_register_vcpu_tb_trans_cb(id, f)
#endif
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, exit_callback, void *);

static struct marker {
    char name[32];
    unsigned char text[LONGEST];
    size_t length;
    bool seen;
} markers[MARKERS];
static size_t marker_count;

static bool installed;             /* as a plugin, not merely preloaded into another program */
static int console = STDOUT_FILENO;
static int64_t (*virtual_clock)(int); /* qemu_clock_get_ns, which QEMU exports for its modules */

/* One event, whole in one line: the count, and the guest's virtual clock (QEMU_CLOCK_VIRTUAL is 1)
 * when it is there. */
static void sample(const char *name)
{
    unsigned long long count = instructions_now();
    if (virtual_clock)
        fprintf(stderr, "alpenglow-counter: %s %llu %lld\n", name, count, (long long)virtual_clock(1));
    else
        fprintf(stderr, "alpenglow-counter: %s %llu\n", name, count);
    fflush(stderr);
}

/* How far a block's bytes in QEMU's memory are from its address: one number for all of RAM that is
 * mapped to its own physical address. */
static uint64_t distance(const struct qemu_plugin_tb *tb, uint64_t address)
{
    return (uint64_t)(uintptr_t)qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0)) - address;
}

/*
 * A block is translated just before it first runs. Kernels live in the upper half of the address
 * space and user programs in the lower; firmware, the decompressor and the kernel's first steps run
 * low before any kernel code runs high. What runs low after that and is no user's (SMM, SBI, the
 * kernel where it changes its page tables) runs at its physical address, which no user program
 * does. The last low block before the first high one is the kernel's own, in such a mapping.
 */
static void translated(TRANSLATED(tb))
{
    static bool kernel, user;
    static uint64_t identity;
    (void)unused;
    uint64_t address = qemu_plugin_tb_vaddr(tb);
    if (address >> 63) {
        kernel = true;
    } else if (!kernel) {
        identity = distance(tb, address);
    } else if (!user && distance(tb, address) != identity) {
        user = true;
        sample("first_user");
    }
    count_block(tb, qemu_plugin_tb_n_insns(tb));
}

static void at_exit(AT_EXIT)
{
    (void)unused;
#if QEMU_PLUGIN_API < 7
    (void)unused_too;
#endif
    sample("total");
}

/* The console's next byte: is it the last one of a marker not seen yet? */
static void console_byte(unsigned char byte)
{
    static unsigned char ring[LONGEST]; /* the last bytes, oldest at `at` once it has gone round */
    static size_t at, filled;
    ring[at] = byte;
    at = (at + 1) % LONGEST;
    filled += filled < LONGEST;
    for (size_t m = 0; m < marker_count; m++) {
        struct marker *marker = &markers[m];
        if (marker->seen || marker->length > filled)
            continue;
        size_t i = 0, from = at + LONGEST - marker->length;
        while (i < marker->length && ring[(from + i) % LONGEST] == marker->text[i])
            i++;
        if (i == marker->length) {
            marker->seen = true;
            sample(marker->name);
        }
    }
}

EXPORT ssize_t write(int fd, const void *bytes, size_t count)
{
    static ssize_t (*next)(int, const void *, size_t);
    if (!next)
        next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    ssize_t written = next(fd, bytes, count);
    if (installed && fd == console)
        for (ssize_t i = 0; i < written; i++)
            console_byte(((const unsigned char *)bytes)[i]);
    return written;
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    static ssize_t (*next)(int, const struct iovec *, int);
    if (!next)
        next = (ssize_t (*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    ssize_t written = next(fd, parts, count);
    if (installed && fd == console) {
        size_t left = written > 0 ? (size_t)written : 0;
        for (int p = 0; p < count && left; p++)
            for (size_t i = 0; i < parts[p].iov_len && left; i++, left--)
                console_byte(((const unsigned char *)parts[p].iov_base)[i]);
    }
    return written;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* NAME:HEX, as in "login:6c6f67696e3a20". */
static bool add_marker(const char *argument)
{
    const char *colon = strchr(argument, ':');
    if (!colon || marker_count == MARKERS)
        return false;
    struct marker *marker = &markers[marker_count];
    size_t name = (size_t)(colon - argument), digits = strlen(colon + 1);
    if (!name || name >= sizeof marker->name || !digits || digits % 2 || digits / 2 > LONGEST)
        return false;
    memcpy(marker->name, argument, name);
    for (size_t i = 0; i < digits; i += 2) {
        int high = hex_digit(colon[1 + i]), low = hex_digit(colon[2 + i]);
        if (high < 0 || low < 0)
            return false;
        marker->text[marker->length++] = (unsigned char)(high * 16 + low);
    }
    marker_count++;
    return true;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
                               char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        const char *argument = argv[i];
        bool good = false;
        if (!strncmp(argument, "marker=", 7)) {
            good = add_marker(argument + 7);
        } else if (!strncmp(argument, "console=", 8)) {
            console = atoi(argument + 8);
            good = true;
        }
        if (!good) {
            fprintf(stderr, "alpenglow-counter: bad argument '%s'\n", argument);
            return 1;
        }
    }
    *(void **)&virtual_clock = dlsym(RTLD_DEFAULT, "qemu_clock_get_ns");
    counting_starts();
    installed = true;
    REGISTER_TRANSLATED(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
