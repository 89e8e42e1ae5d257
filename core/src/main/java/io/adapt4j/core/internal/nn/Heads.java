package io.adapt4j.core.internal.nn;

/** The heads of an attention layer. */
public record Heads(int query, int keyValue, int dim, boolean interleaved, boolean pairs) {

  public static Heads grouped(int query, int keyValue, int dim) {
    return new Heads(query, keyValue, dim, false, false);
  }

  /** Heads whose queries, key and value lie side by side. */
  public static Heads interleaved(int query, int keyValue, int dim) {
    return new Heads(query, keyValue, dim, true, false);
  }

  /** The same heads, with rotary positions that turn pairs of neighbors. */
  public Heads rotatedInPairs() {
    return new Heads(query, keyValue, dim, interleaved, true);
  }

  public long queryWidth() {
    return (long) query * dim;
  }

  public long keyValueWidth() {
    return (long) keyValue * dim;
  }
}
