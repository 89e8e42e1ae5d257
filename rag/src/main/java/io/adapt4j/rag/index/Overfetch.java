package io.adapt4j.rag.index;

/** Number of candidates fetched per list, of which the best after fusion and scoring are kept. */
final class Overfetch {

  private static final int TIMES = 4;

  private Overfetch() {}

  static int candidates(int limit, int searchBeam) {
    return (int) Math.max(searchBeam, Math.min((long) limit * TIMES, Integer.MAX_VALUE / 2));
  }
}
