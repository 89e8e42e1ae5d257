package io.adapt4j.core.internal.nn.linear;

/** Memory of a quantized weight, in bytes. */
public record QuantizedSize(long codes, long scales, long tables) {

  /** No memory. */
  public static final QuantizedSize NONE = new QuantizedSize(0, 0, 0);

  /** Adds the size of another weight. */
  public QuantizedSize plus(QuantizedSize other) {
    return new QuantizedSize(codes + other.codes, scales + other.scales, tables + other.tables);
  }

  /** Returns the total in bytes. */
  public long total() {
    return codes + scales + tables;
  }
}
