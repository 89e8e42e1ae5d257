package io.adapt4j.rag.index;

/**
 * How vectors are held for searching. The whole vectors are kept on disk in any case, and what was
 * found by shortened ones is ordered by the whole ones.
 */
enum Quantization {
  /** Four bytes an entry. */
  NONE,
  /** One byte an entry, of which 7 bits are used: a quarter of the memory. */
  INT7,
  /** Half a byte an entry: an eighth of the memory, and less exact. Dimensions must be even. */
  INT4
}
