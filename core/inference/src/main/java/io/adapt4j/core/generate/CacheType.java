package io.adapt4j.core.generate;

/** Data type of the keys and values that a language model keeps of the tokens it has read. */
public enum CacheType {
  /** The data type of the computation: 2 bytes an entry in half precision, 4 in fp32. */
  PLAIN,

  /**
   * 8 bits an entry and one fp32 scale for each head's vector: about half of half precision. Each
   * entry is rounded to 127 steps of the vector's largest magnitude. Compressed keys of latent
   * attention and states of recurrent layers stay {@link #PLAIN}.
   */
  Q8
}
