package io.adapt4j.kernels.internal;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Instruction-set variants of the C++ kernels, numbered as in C++: for any processor, then those of
 * each architecture in ascending order of capability.
 */
enum CpuVariant {
  /** Any processor. */
  SCALAR(0),
  /** x86-64 with AVX2, FMA and F16C. */
  AVX2(1),
  /** AVX-512 F, BW, DQ and VL. */
  AVX512(2),
  /** The same with its bfloat16 instructions. */
  AVX512BF16(3),
  /** The same with AMX's bfloat16 tiles. */
  AMX(4),
  /** Any 64-bit ARM processor. */
  NEON(5),
  /** 64-bit ARM with dot products in 8 bits. */
  NEONDOT(6),
  /** The same with matrix products in 8 bits. */
  NEONI8MM(7);

  /** System property that selects a variant instead of the most capable one. */
  static final String PROPERTY = "adapt4j.qlora.cpu";

  /** The variant's number in C++. */
  final int number;

  CpuVariant(int number) {
    this.number = number;
  }

  static CpuVariant numbered(int number) {
    return Arrays.stream(values())
        .filter(variant -> variant.number == number)
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("its library is of another version of Adapt4J"));
  }

  /** Returns whether a processor whose most capable variant is given can run this one. */
  boolean runsOn(CpuVariant best) {
    return this == SCALAR || (isArm() == best.isArm() && compareTo(best) <= 0);
  }

  private boolean isArm() {
    return number >= NEON.number;
  }

  /** Returns whether it has dot products of bfloat16. */
  boolean hasBrainProducts() {
    return this == AVX512BF16 || this == AMX;
  }

  /** Returns whether its products of many tokens at once are those of a few to the same bits. */
  boolean multipliesMany() {
    return this != SCALAR && this != AVX2;
  }

  /**
   * Returns whether decoding steps are the fastest way to process prompts of any length and weight:
   * without bfloat16 instructions, libtorch's products take five times as long as those in fp32.
   */
  boolean readsLongPrompts() {
    return this == AVX512;
  }

  /** Returns the variant's name in the system property. */
  String propertyName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads the system property. */
  static CpuVariant of(String name) {
    return Arrays.stream(values())
        .filter(variant -> variant.propertyName().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s: expected one of %s, found '%s'".formatted(PROPERTY, names(), name)));
  }

  private static List<String> names() {
    return Arrays.stream(values()).map(CpuVariant::propertyName).toList();
  }
}
