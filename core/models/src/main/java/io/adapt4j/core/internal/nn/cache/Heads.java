package io.adapt4j.core.internal.nn.cache;

/** Number, width and layout of the heads in an attention layer. */
public record Heads(int query, int keyValue, int dim, boolean interleaved, boolean pairs) {

  public static Heads grouped(int query, int keyValue, int dim) {
    return new Heads(query, keyValue, dim, false, false);
  }

  /** Creates heads whose queries, key and value are adjacent. */
  public static Heads interleaved(int query, int keyValue, int dim) {
    return new Heads(query, keyValue, dim, true, false);
  }

  /** Returns the same heads with rotary positions on adjacent pairs. */
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
