package io.adapt4j.core.internal.memory;

import java.lang.management.ManagementFactory;

/**
 * Part of the Java heap that a run touches. It holds nothing large, but the short-lived tensor
 * handles fill it until the collector runs, which lets the young generation grow to a share of the
 * initial heap.
 */
record JavaHeap(long initialBytes) {

  /** Bytes touched when the first step begins, which remain so until the first collection. */
  private static final long BEGINNING = 33_000_000;

  /** Bytes of garbage in a layer's forward and backward pass, measured. */
  private static final long GARBAGE_OF_A_LAYER = 30_000;

  /**
   * Bytes of garbage in a layer's inference pass, and its extra with DoRA and with 4-bit weights;
   * measured.
   */
  private static final long GARBAGE_OF_A_FORWARD = 5_000;

  private static final long GARBAGE_OF_DORA = 6_000;
  private static final long GARBAGE_OF_4_BITS = 11_000;

  /** Garbage before the young generation begins to grow. */
  private static final long BEFORE_GROWTH = 40_000_000;

  /**
   * The part of {@link #BEFORE_GROWTH} that generation uses up at once: classes and their
   * initialization.
   */
  private static final long FIRST_DRAWING = 25_000_000;

  /** G1's largest young generation, as a share of the heap: its G1MaxNewSizePercent. */
  private static final double YOUNG = 0.6;

  /** Returns the heap of a JVM configured like this one. */
  static JavaHeap ofThisMachine() {
    return new JavaHeap(
        Math.max(0, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getInit()));
  }

  /** Estimates the resident bytes of the heap at the end of a run. */
  long resident(
      long layers, long forwards, boolean dora, boolean packed, boolean draws, long arrays) {
    long before = BEFORE_GROWTH - (draws ? FIRST_DRAWING : 0);
    long ofForward =
        GARBAGE_OF_A_FORWARD + (dora ? GARBAGE_OF_DORA : 0) + (packed ? GARBAGE_OF_4_BITS : 0);
    long garbage = layers * GARBAGE_OF_A_LAYER + forwards * ofForward;
    long grown = Math.max(0, garbage - before);
    long most = Math.max(0, (long) (YOUNG * initialBytes) - BEGINNING);
    return BEGINNING + arrays + Math.min(grown, most);
  }
}
