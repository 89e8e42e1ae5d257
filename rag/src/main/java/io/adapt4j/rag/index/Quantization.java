package io.adapt4j.rag.index;

/**
 * Quantization of vectors for search. Full-precision vectors are always kept on disk and used to
 * rescore hits found with quantized ones.
 */
enum Quantization {
  /** Four bytes per component. */
  NONE,
  /** One byte per component, of which 7 bits are used: a quarter of the memory. */
  INT7,
  /**
   * Half a byte per component: an eighth of the memory, and less accurate. The dimension must be
   * even.
   */
  INT4
}
