package io.adapt4j.core.internal.nn;

/** What a weight takes that is held in fewer bits than numbers to compute with. */
public record QuantizedSize(long codes, long scales, long tables) {

  /** Nothing at all. */
  public static final QuantizedSize NONE = new QuantizedSize(0, 0, 0);

  /** Adds another weight. */
  public QuantizedSize plus(QuantizedSize other) {
    return new QuantizedSize(codes + other.codes, scales + other.scales, tables + other.tables);
  }

  /**
   * Adds up the parts.
   *
   * @return bytes
   */
  public long total() {
    return codes + scales + tables;
  }
}
