/* SPDX-License-Identifier: MIT */
/* A case runs without a system call: the state is loaded, IRETQ enters the case's code segment with its stack
 * pointer and flags, and the JMP behind the instructions leads to a stub that saves the state. Where the case
 * faults, the kernel saves the state in the signal's frame, and the handler goes on behind the stub. */
#define _GNU_SOURCE 1 /* MAP_FIXED_NOREPLACE, REG_RIP, memfd_create */
#include "tests/silicon/native.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)

#include <asm/ldt.h>
#include <cpuid.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/base/bytes.h"

/* --- The crossing: machine code and the data it works on --- */

/* Offsets are known to the machine code below. */
struct crossing {
    uint64_t in_gpr[16];                 /* 0 */
    uint64_t in_frame[5];                /* 128: RIP, CS, RFLAGS, RSP, SS for IRETQ */
    uint64_t in_ds, in_es;               /* 168, 176 */
    uint64_t in_fs, in_gs;               /* 184, 192 */
    uint64_t in_bases;                   /* 200: nonzero: 64-bit case, bases instead of selectors */
    uint64_t fs_base, gs_base;           /* 208, 216 */
    uint64_t host_fs, host_sp;           /* 224, 232 */
    uint64_t out_gpr[16];                /* 240 */
    uint64_t out_flags;                  /* 368 */
    uint64_t out_seg[6];                 /* 376 */
    uint32_t mxcsr, unused;              /* 424 */
    _Alignas(16) uint8_t in_fx[FX_SIZE]; /* 432 */
    uint8_t out_fx[FX_SIZE];             /* 944 */
};

_Static_assert(offsetof(struct crossing, in_frame) == 128 && offsetof(struct crossing, host_sp) == 232 &&
                   offsetof(struct crossing, out_seg) == 376 && offsetof(struct crossing, in_fx) == 432 &&
                   offsetof(struct crossing, out_fx) == 944,
               "native_enter and native_leave know these");

struct crossing native_crossing __attribute__((visibility("hidden")));
void native_enter(void);
void native_leave(void);   /* from the case's end */
void native_abandon(void); /* from the signal handler: the state is saved already */

__asm__(".text\n"
        ".type native_enter, @function\n"
        "native_enter:\n"
        "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "  lea native_crossing(%rip), %rbx\n"
        "  rdfsbase %rax\n"
        "  mov %rax, 224(%rbx)\n"
        "  mov %rsp, 232(%rbx)\n"
        "  fxrstor64 432(%rbx)\n"
        "  mov 168(%rbx), %ds\n"
        "  mov 176(%rbx), %es\n"
        "  mov 184(%rbx), %fs\n"
        "  mov 192(%rbx), %gs\n"
        "  cmpq $0, 200(%rbx)\n"
        "  je 1f\n"
        "  mov 208(%rbx), %rax\n"
        "  wrfsbase %rax\n"
        "  mov 216(%rbx), %rax\n"
        "  wrgsbase %rax\n"
        "1: lea 128(%rbx), %rsp\n"
        "  mov 0(%rbx), %rax\n"
        "  mov 8(%rbx), %rcx\n"
        "  mov 16(%rbx), %rdx\n"
        "  mov 40(%rbx), %rbp\n"
        "  mov 48(%rbx), %rsi\n"
        "  mov 56(%rbx), %rdi\n"
        "  mov 64(%rbx), %r8\n"
        "  mov 72(%rbx), %r9\n"
        "  mov 80(%rbx), %r10\n"
        "  mov 88(%rbx), %r11\n"
        "  mov 96(%rbx), %r12\n"
        "  mov 104(%rbx), %r13\n"
        "  mov 112(%rbx), %r14\n"
        "  mov 120(%rbx), %r15\n"
        "  mov 24(%rbx), %rbx\n"
        "  iretq\n"
        ".size native_enter, . - native_enter\n"
        ".type native_leave, @function\n"
        "native_leave:\n"
        "  mov %rbx, 240+24+native_crossing(%rip)\n"
        "  lea native_crossing(%rip), %rbx\n"
        "  mov %rax, 240(%rbx)\n"
        "  mov %rcx, 248(%rbx)\n"
        "  mov %rdx, 256(%rbx)\n"
        "  mov %rsp, 272(%rbx)\n"
        "  mov %rbp, 280(%rbx)\n"
        "  mov %rsi, 288(%rbx)\n"
        "  mov %rdi, 296(%rbx)\n"
        "  mov %r8, 304(%rbx)\n"
        "  mov %r9, 312(%rbx)\n"
        "  mov %r10, 320(%rbx)\n"
        "  mov %r11, 328(%rbx)\n"
        "  mov %r12, 336(%rbx)\n"
        "  mov %r13, 344(%rbx)\n"
        "  mov %r14, 352(%rbx)\n"
        "  mov %r15, 360(%rbx)\n"
        "  mov 232(%rbx), %rsp\n"
        "  pushfq\n"
        "  pop 368(%rbx)\n"
        "  mov %es, 376(%rbx)\n"
        "  mov %ss, 392(%rbx)\n"
        "  mov %ds, 400(%rbx)\n"
        "  mov %fs, 408(%rbx)\n"
        "  mov %gs, 416(%rbx)\n"
        "  fxsave64 944(%rbx)\n"
        "native_abandon:\n"
        "  lea native_crossing(%rip), %rbx\n"
        "  mov 232(%rbx), %rsp\n"
        "  push $0x202\n"
        "  popfq\n"
        "  mov 224(%rbx), %rax\n"
        "  wrfsbase %rax\n"
        "  fninit\n"
        "  ldmxcsr 424(%rbx)\n"
        "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "  ret\n"
        ".size native_leave, . - native_leave\n");

/* --- Signals --- */

/* What the handler reaches. */
static struct {
    struct silicon_outcome *outcome; /* of the case that runs, or NULL */
    unsigned long serial, seen;      /* cases so far, and at the last tick */
    unsigned mode;
    bool saved;            /* the handler has filled the outcome */
    uint8_t (*code)[PAGE]; /* the code pages and the exit page, writable */
} host;

static void note_segments(struct silicon_state *s, uint64_t cs_ss)
{
    uint16_t value;
    s->seg[SEG_CS] = (uint16_t)cs_ss;
    s->seg[SEG_SS] = (uint16_t)(cs_ss >> 48);
    __asm__ volatile("mov %%es, %0" : "=r"(value));
    s->seg[SEG_ES] = value;
    __asm__ volatile("mov %%ds, %0" : "=r"(value));
    s->seg[SEG_DS] = value;
    __asm__ volatile("mov %%fs, %0" : "=r"(value));
    s->seg[SEG_FS] = value;
    __asm__ volatile("mov %%gs, %0" : "=r"(value));
    s->seg[SEG_GS] = value;
}

static void note_state(struct silicon_state *s, const mcontext_t *m)
{
    static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    for (unsigned i = 0; i < 16; i++)
        s->gpr[i] = (uint64_t)m->gregs[order[i]];
    s->rip = (uint64_t)m->gregs[REG_RIP];
    s->rflags = (uint64_t)m->gregs[REG_EFL];
    note_segments(s, (uint64_t)m->gregs[REG_CSGSFS]);
    memcpy(s->fx, m->fpregs, FX_SIZE);
}

/* The selector stays the case's. */
static void take_host_fs(void)
{
    __asm__ volatile("wrfsbase %0" ::"r"(native_crossing.host_fs));
}

static void leave_case(mcontext_t *m)
{
    m->gregs[REG_RIP] = (greg_t)(uintptr_t)native_abandon;
    m->gregs[REG_EFL] = 0x202;
    m->gregs[REG_CSGSFS] = (greg_t)((uint64_t)SELECTOR_DATA << 48 | SELECTOR_CODE_64);
}

/* A case that set TF at its very end: the trap comes behind the first instruction of EXIT. */
static bool is_on_way_out(uint64_t rip)
{
    return rip == (host.mode == MODE_64 ? (uint64_t)(uintptr_t)native_leave : EXIT_64);
}

/* The case's AC flag is still set, and FS is not the C library's. */
__attribute__((no_stack_protector, noinline)) static void on_fault(int number, siginfo_t *info, void *context)
{
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp; pushfq; andq $~0x40000, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
            : "memory", "cc");
    ucontext_t *uc = context;
    mcontext_t *m = &uc->uc_mcontext;
    struct silicon_outcome *o = host.outcome;
    (void)info;
    if (number == SIGVTALRM) {
        bool stuck = o && host.serial == host.seen;
        host.seen = host.serial;
        if (!stuck)
            return;
        take_host_fs();
        note_state(&o->out, m);
        o->vector = NEVER_ENDED;
        host.saved = true;
        leave_case(m);
        return;
    }
    if (!o) { /* a fault of the tester's own */
        signal(number, SIG_DFL);
        return;
    }
    take_host_fs();
    note_state(&o->out, m);
    o->vector = (int)m->gregs[REG_TRAPNO];
    o->error = (uint32_t)m->gregs[REG_ERR];
    o->cr2 = o->vector == VECTOR_PF ? (uint64_t)m->gregs[REG_CR2] : 0;
    if (o->vector == VECTOR_DB && is_on_way_out(o->out.rip))
        o->vector = RAN_TO_END;
    host.saved = true;
    leave_case(m);
}

static bool catch_signals(void)
{
    static const int numbers[] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGVTALRM};
    size_t size = 256 * 1024;
    stack_t alternate = {.ss_size = size};
    alternate.ss_sp =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (alternate.ss_sp == MAP_FAILED || sigaltstack(&alternate, NULL))
        return false;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&action.sa_mask, numbers[i]);
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (sigaction(numbers[i], &action, NULL))
            return false;
    }
    struct itimerval tick = {.it_interval = {.tv_usec = 100000}, .it_value = {.tv_usec = 100000}};
    return !setitimer(ITIMER_VIRTUAL, &tick, NULL);
}

/* --- Memory and segments --- */

static bool map_at(uintptr_t address, size_t size, int protection, int fd, off_t offset)
{
    int flags = MAP_FIXED_NOREPLACE | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
    void *wanted = (void *)address;
    return mmap(wanted, size, protection, flags, fd, offset) == wanted;
}

enum { EXIT_INDEX = CODE_PAGES, ALIAS_PAGES = CODE_PAGES + 1 };

/* Code is written through one mapping of a memory file and executed through another. */
static bool map_code(void)
{
    int fd = memfd_create("silicon", 0);
    if (fd < 0 || ftruncate(fd, ALIAS_PAGES * PAGE))
        return false;
    host.code = mmap(NULL, ALIAS_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    bool fine = host.code != MAP_FAILED && map_at(CODE, CODE_PAGES * PAGE, PROT_READ | PROT_EXEC, fd, 0) &&
                map_at(EXIT, PAGE, PROT_READ | PROT_EXEC, fd, EXIT_INDEX * PAGE);
    close(fd);
    return fine;
}

static void *at(uintptr_t address)
{
    return (void *)address;
}

static bool map_data(void)
{
    if (!map_at(DATA, (DATA_PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, -1, 0) ||
        !map_at(STACK, STACK_PAGES * PAGE, PROT_READ | PROT_WRITE, -1, 0))
        return false;
    for (unsigned i = 0; i < DATA_PAGES; i++)
        silicon_fill_page(at(DATA + i * PAGE), i);
    for (unsigned i = 0; i < STACK_PAGES; i++)
        silicon_fill_page(at(STACK + i * PAGE), DATA_PAGES + i);
    silicon_fill_page(at(READ_ONLY), WRITABLE_PAGES);
    return !mprotect(at(READ_ONLY), PAGE, PROT_READ);
}

/* EXIT: 64-bit code jumps to native_leave; 32-bit code goes to 64-bit code first. */
static void write_exit(void)
{
    uint8_t *page = host.code[EXIT_INDEX], *far = page + EXIT_32 % PAGE, *near = page + EXIT_64 % PAGE;
    memset(host.code, FILLER, ALIAS_PAGES * PAGE);
    far[0] = 0xEA; /* JMP ptr16:32 */
    store_le32(far + 1, EXIT_64);
    store_le16(far + 5, SELECTOR_CODE_64);
    near[0] = 0xFF; /* JMP [RIP+2], an aligned operand: AC may be set */
    near[1] = 0x25;
    store_le32(near + 2, 2);
    store_le64(near + 8, (uint64_t)(uintptr_t)native_leave);
}

static bool set_ldt(unsigned entry, unsigned base, unsigned limit, unsigned contents)
{
    struct user_desc d = {.entry_number = entry,
                          .base_addr = base,
                          .limit = limit,
                          .seg_32bit = 1,
                          .contents = contents & 3,
                          .useable = 1};
    return !syscall(SYS_modify_ldt, 1, &d, sizeof d);
}

static bool set_segments(void)
{
    /* A limit above 1 MiB would need page granularity. */
    return set_ldt(SELECTOR_LOW >> 3, LOW_BASE, LOW_LIMIT, 0) &&
           set_ldt(SELECTOR_DOWN >> 3, DOWN_BASE, DOWN_LIMIT, 1);
}

/* LSL of the descriptor that holds the processor's number would change. */
static void stay_on_one_processor(void)
{
    cpu_set_t set;
    int now = sched_getcpu();
    CPU_ZERO(&set);
    CPU_SET(now < 0 ? 0u : (unsigned)now, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static bool runs_32_bit(void)
{
    struct silicon_case c;
    struct silicon_outcome o;
    silicon_case_init(&c, MODE_32);
    c.in.gpr[GPR_AX] = 7;
    c.code[c.size++] = 0x40; /* INC EAX; in 64-bit mode a prefix */
    native_run(&c, &o);
    return o.vector == RAN_TO_END && o.out.gpr[GPR_AX] == 8;
}

const char *native_start(void)
{
    enum { HWCAP2_FSGSBASE_BIT = 2 };
#ifdef __SANITIZE_ADDRESS__
    return "AddressSanitizer has memory where cases expect none";
#endif
    if ((uintptr_t)native_leave <= UINT32_MAX)
        return "the tester is linked where cases expect no memory; build it position independent";
    if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT))
        return "programs cannot write FS base (FSGSBASE)";
    stay_on_one_processor();
    if (!map_code() || !map_data())
        return "the addresses from 20010000h to 20040FFFh are not free";
    write_exit();
    if (!set_segments())
        return "no local descriptor table (modify_ldt)";
    if (!catch_signals())
        return "signals cannot be caught";
    native_crossing.mxcsr = 0x1F80;
    __asm__("rdfsbase %0" : "=r"(native_crossing.host_fs));
    return runs_32_bit() ? NULL : "32-bit code does not run here";
}

void native_stop(void)
{
    struct itimerval off = {.it_value = {.tv_usec = 0}};
    setitimer(ITIMER_VIRTUAL, &off, NULL);
    munmap(at(CODE), CODE_PAGES * PAGE);
    munmap(at(EXIT), PAGE);
    munmap(at(DATA), (DATA_PAGES + 1) * PAGE);
    munmap(at(STACK), STACK_PAGES * PAGE);
    munmap(host.code, ALIAS_PAGES * PAGE);
}

/* --- One case --- */

static void load_crossing(const struct silicon_case *c)
{
    struct crossing *x = &native_crossing;
    bool wide = c->mode == MODE_64;
    memcpy(x->in_gpr, c->in.gpr, sizeof x->in_gpr);
    x->in_frame[0] = c->in.rip;
    x->in_frame[1] = c->in.seg[SEG_CS];
    x->in_frame[2] = c->in.rflags;
    x->in_frame[3] = c->in.gpr[GPR_SP];
    x->in_frame[4] = c->in.seg[SEG_SS];
    x->in_ds = c->in.seg[SEG_DS];
    x->in_es = c->in.seg[SEG_ES];
    x->in_fs = c->in.seg[SEG_FS];
    x->in_gs = c->in.seg[SEG_GS];
    x->in_bases = wide;
    x->fs_base = LOW_BASE;
    x->gs_base = DOWN_BASE;
    memcpy(x->in_fx, c->in.fx, FX_SIZE);
}

static void store_outcome(struct silicon_outcome *o)
{
    const struct crossing *x = &native_crossing;
    memcpy(o->out.gpr, x->out_gpr, sizeof o->out.gpr);
    memcpy(o->out.fx, x->out_fx, FX_SIZE);
    o->out.rflags = x->out_flags;
    for (unsigned i = 0; i < 6; i++)
        o->out.seg[i] = (uint16_t)x->out_seg[i];
}

static void fill_memory(const struct silicon_case *c)
{
    for (unsigned i = 0; i < c->patches; i++)
        memcpy(at(c->patch[i].address), c->patch[i].bytes, c->patch[i].size);
}

static void take_memory(struct silicon_outcome *o)
{
    memcpy(o->memory[0], at(DATA), DATA_PAGES * PAGE);
    memcpy(o->memory[DATA_PAGES], at(STACK), STACK_PAGES * PAGE);
}

/* Puts the fixed pattern back. */
static void reset_memory(const struct silicon_outcome *o)
{
    static uint8_t pattern[WRITABLE_PAGES][PAGE];
    static bool filled;
    for (unsigned i = 0; i < WRITABLE_PAGES && !filled; i++)
        silicon_fill_page(pattern[i], i);
    filled = true;
    for (unsigned i = 0; i < WRITABLE_PAGES; i++) {
        uintptr_t address = i < DATA_PAGES ? DATA + i * PAGE : STACK + (i - DATA_PAGES) * PAGE;
        if (memcmp(o->memory[i], pattern[i], PAGE) != 0)
            memcpy(at(address), pattern[i], PAGE);
    }
}

void native_run(const struct silicon_case *c, struct silicon_outcome *o)
{
    unsigned offset = (unsigned)(c->in.rip - CODE);
    uint8_t *code = host.code[0] + offset;
    unsigned size = silicon_code_bytes(c, code, CODE_PAGES * PAGE - offset);
    fill_memory(c);
    load_crossing(c);
    o->vector = RAN_TO_END;
    o->error = 0;
    o->cr2 = 0;
    host.serial++;
    host.saved = false;
    host.mode = c->mode;
    host.outcome = o;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    native_enter();
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    host.outcome = NULL;
    if (!host.saved)
        store_outcome(o);
    if (o->vector == RAN_TO_END) {
        o->out.rip = silicon_exit_address(c->mode);
        o->out.seg[SEG_CS] = c->in.seg[SEG_CS];
    }
    for (unsigned i = 0; i < 16 && c->mode == MODE_32; i++)
        o->out.gpr[i] = i < 8 ? (uint32_t)o->out.gpr[i] : 0;
    store_le32(o->out.fx + FX_MXCSR_MASK, 0);
    take_memory(o);
    reset_memory(o);
    memset(code, FILLER, size);
}

/* --- What the host is --- */

static bool extended_edx(unsigned bit)
{
    unsigned a, b, c, d = 0;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && (d >> bit & 1);
}

static bool leaf1_ecx(unsigned bit)
{
    unsigned a, b, c = 0, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c >> bit & 1);
}

bool native_has(enum insn_feature feature)
{
    switch (feature) {
    case FEATURE_SSE3: return leaf1_ecx(0);
    case FEATURE_SSSE3: return leaf1_ecx(9);
    case FEATURE_SSE41: return leaf1_ecx(19);
    case FEATURE_SSE42: return leaf1_ecx(20);
    case FEATURE_POPCNT: return leaf1_ecx(23);
    case FEATURE_MOVBE: return leaf1_ecx(22);
    case FEATURE_AES: return leaf1_ecx(25);
    case FEATURE_PCLMULQDQ: return leaf1_ecx(1);
    case FEATURE_XSAVE: return leaf1_ecx(27);
    case FEATURE_CX16: return leaf1_ecx(13);
    case FEATURE_RDTSCP: return extended_edx(27);
    case FEATURE_LONG: return true;
    default: return feature >= FEATURE_8086 && feature <= FEATURE_CLFSH; /* every x86-64 processor */
    }
}

bool native_descriptor(uint16_t selector, uint32_t *rights, uint32_t *limit)
{
    uint8_t visible, has_limit;
    __asm__("lar %2, %0; setz %1" : "+r"(*rights), "=q"(visible) : "r"((uint32_t)selector) : "cc");
    __asm__("lsl %2, %0; setz %1" : "+r"(*limit), "=q"(has_limit) : "r"((uint32_t)selector) : "cc");
    return visible && has_limit;
}

const uint8_t *native_exit(void)
{
    return host.code[EXIT_INDEX];
}

const char *native_vendor(char text[13])
{
    unsigned a, b = 0, c = 0, d = 0;
    __get_cpuid(0, &a, &b, &c, &d);
    memcpy(text, &b, 4);
    memcpy(text + 4, &d, 4);
    memcpy(text + 8, &c, 4);
    text[12] = '\0';
    return text;
}

const char *native_name(char text[49])
{
    unsigned words[12] = {0};
    for (unsigned i = 0; i < 3; i++)
        __get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    memcpy(text, words, 48);
    text[48] = '\0';
    return text;
}

#else

const char *native_start(void)
{
    return "the host is not x86-64 Linux";
}

void native_run(const struct silicon_case *c, struct silicon_outcome *o)
{
    (void)c;
    (void)o;
}

void native_stop(void)
{
}

bool native_has(enum insn_feature feature)
{
    (void)feature;
    return false;
}

bool native_descriptor(uint16_t selector, uint32_t *rights, uint32_t *limit)
{
    (void)selector;
    (void)rights;
    (void)limit;
    return false;
}

const uint8_t *native_exit(void)
{
    return NULL;
}

const char *native_vendor(char text[13])
{
    text[0] = '\0';
    return text;
}

const char *native_name(char text[49])
{
    text[0] = '\0';
    return text;
}

#endif
