/* Tries memcpy, memmove and memcmp of this libc against loops of single bytes: every length that a branch of theirs
   begins or ends at, at every alignment, and with every overlap near by. Prints nothing; its status is 1 if one is
   wrong, and the case is on standard error. */
#include <stdio.h>
#include <string.h>

#define SPACE 8192
#define MIDDLE 2560

static unsigned char here[SPACE], wanted[SPACE];

/* Unlike at each place, and with no period of a power of two. */
static void fill(size_t seed)
{
	for (size_t i = 0; i < SPACE; i++)
		here[i] = wanted[i] = (i * 131 + (i >> 8) * 7 + seed) & 255;
}

/* One byte after the other, as nothing tells the compiler that this is a copy. */
static void slowly(volatile unsigned char *to, const volatile unsigned char *from, size_t n)
{
	if (to < from)
		for (size_t i = 0; i < n; i++) to[i] = from[i];
	else
		while (n--) to[n] = from[n];
}

static int is_right(const char *what, const void *got, size_t to, size_t from, size_t n)
{
	slowly(wanted + to, wanted + from, n);
	int good = got == here + to;
	for (size_t i = 0; i < SPACE; i++) good &= here[i] == wanted[i];
	if (!good) fprintf(stderr, "%s: %zu bytes from %zu to %zu are wrong\n", what, n, from, to);
	return good;
}

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

int main(void)
{
	int good = 1;
	for (size_t n = 0; n < 2200 && good; n += n < 200 || (n > 2040 && n < 2056) ? 1 : 53) {
		for (size_t align = 0; align < 17; align += n < 80 ? 1 : 5) {
			size_t from = MIDDLE + align;
			for (int by = -70; by <= 70; by += n < 80 ? 1 : 3) {
				fill(n);
				good &= is_right("memmove", memmove(here + from + by, here + from, n), from + by, from, n);
			}
			fill(n);
			size_t to = from + MIDDLE - align / 2;
			good &= is_right("memcpy", memcpy(here + to, here + from, n), to, from, n);
			to = from - MIDDLE + align / 2;
			good &= is_right("memcpy", memcpy(here + to, here + from, n), to, from, n);
		}
	}
	for (size_t n = 0; n < 40; n++)
		for (size_t differs = 0; differs <= n; differs++)
			for (size_t align = 0; align < 9; align++) {
				unsigned char *one = here + align, *other = wanted;
				fill(0);
				slowly(one, other, SPACE / 2);
				/* What is behind must not matter. */
				one[n] ^= 128;
				int by = 0;
				if (differs < n) {
					by = differs & 1 ? 200 : -200;
					other[differs] = 27 + differs;
					one[differs] = other[differs] + by;
					by = sign(one[differs] - other[differs]);
				}
				if (sign(memcmp(one, other, n)) != by) {
					fprintf(stderr, "memcmp: of %zu bytes, which differ at %zu\n", n, differs);
					good = 0;
				}
			}
	return !good;
}
