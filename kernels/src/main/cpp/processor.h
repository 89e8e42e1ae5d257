#pragma once

// Which instruction sets the processor has and the operating system saves.

#include <cstdint>

#if defined(__x86_64__)
#define ADAPT4J_X86 1
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#endif

namespace adapt4j {

// Of each architecture from the plainest to the most capable; each can do what those before it can.
enum Variant { SCALAR, AVX2, AVX512, AVX512_BF16, AMX, NEON, NEON_DOT, NEON_I8MM, VARIANTS };

#if defined(ADAPT4J_X86)

struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

inline Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers r;
  __get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d);
  return r;
}

inline bool has(unsigned bits, int bit) { return (bits >> bit & 1) != 0; }

inline uint64_t savedStates() {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

// Linux gives the tile registers to processes that ask for them.
inline bool tilesPermitted() {
#if defined(__linux__) && defined(SYS_arch_prctl)
  const int requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
#else
  return false;
#endif
}

inline Variant detect() {
  Registers one = cpuid(1, 0);
  bool fma = has(one.c, 12), osxsave = has(one.c, 27), f16c = has(one.c, 29);
  if (!osxsave || !fma || !f16c) {
    return SCALAR;
  }
  uint64_t saved = savedStates();
  Registers seven = cpuid(7, 0);
  if ((saved & 0x6) != 0x6 || !has(seven.b, 5)) {
    return SCALAR;
  }
  bool avx512 = has(seven.b, 16) && has(seven.b, 17) && has(seven.b, 30) && has(seven.b, 31);
  if ((saved & 0xE0) != 0xE0 || !avx512) {
    return AVX2;
  }
  // Products in 8 bits come with those in bfloat16.
  if (!has(cpuid(7, 1).a, 5) || !has(seven.c, 11)) {
    return AVX512;
  }
  bool amx = has(seven.d, 22) && has(seven.d, 24);
  if ((saved & 0x60000) != 0x60000 || !amx || !tilesPermitted()) {
    return AVX512_BF16;
  }
  return AMX;
}

// Whether AVX-512 has products in 8 bits, as all processors with those in bfloat16 and many before.
inline bool detectVnni() { return has(cpuid(7, 0).c, 11); }

#elif defined(__aarch64__)

#if defined(__linux__)

// The numbers of linux/hwcap.h, which older headers lack.
inline bool hasDotProducts() { return (getauxval(AT_HWCAP) >> 20 & 1) != 0; }
inline bool hasMatrixProducts() { return (getauxval(AT_HWCAP2) >> 13 & 1) != 0; }

#elif defined(__APPLE__)

inline bool feature(const char* name) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, nullptr, 0) == 0 && value != 0;
}

inline bool hasDotProducts() { return feature("hw.optional.arm.FEAT_DotProd"); }
inline bool hasMatrixProducts() { return feature("hw.optional.arm.FEAT_I8MM"); }

#else

inline bool hasDotProducts() { return false; }
inline bool hasMatrixProducts() { return false; }

#endif

// All 64-bit processors have NEON.
inline Variant detect() {
  return !hasDotProducts() ? NEON : !hasMatrixProducts() ? NEON_DOT : NEON_I8MM;
}

inline bool detectVnni() { return false; }

#else

inline Variant detect() { return SCALAR; }

inline bool detectVnni() { return false; }

#endif

// The most capable variant that runs here.
inline Variant best() {
  static const Variant found = detect();
  return found;
}

// Of use where AVX-512 is.
inline bool hasVnni() {
  static const bool found = detectVnni();
  return found;
}

}  // namespace adapt4j
