/* What Rust's standard library asks of an unwinder, for programs that abort on a panic: only a backtrace would call
   it, and there is none. The names and types are those of the Itanium C++ ABI, "Exception Handling", 1.6. */
#include <stdint.h>

/* _URC_END_OF_STACK: there is no frame to show. */
int _Unwind_Backtrace(void *callback, void *data) { (void)callback; (void)data; return 5; }
uintptr_t _Unwind_GetIP(void *context) { (void)context; return 0; }
uintptr_t _Unwind_GetIPInfo(void *context, int *before) { (void)context; *before = 0; return 0; }
uintptr_t _Unwind_GetCFA(void *context) { (void)context; return 0; }
void *_Unwind_FindEnclosingFunction(void *pc) { return pc; }
