package io.adapt4j.gguf.internal.metadata;

/** Conventions of a family's official files for its tokenizer. */
public enum TokenizerStyle {
  /** Any tokenizer, described by its own files. */
  ANY,
  /** Byte-level BPE, whatever other files exist. */
  BYTE_LEVEL,
  /** Any tokenizer, with a key for a leading space where the configuration states one. */
  LLAMA,
  /** SentencePiece without a leading space. */
  GEMMA,
  /** As {@link #GEMMA}, with an end-of-turn token. */
  GEMMA_1,
  /** As {@link #GEMMA}, with merges rather than scores. */
  GEMMA_4,
  /** SentencePiece or byte-level BPE, by the class of the tokenizer. */
  PHI_3,
  /** SentencePiece, with a key for a stated leading space. */
  ERNIE,
  /** SentencePiece, with a key for the leading space of the model. */
  INTERN_LM;

  /** {@return whether it is Gemma's, in any version} */
  public boolean isGemma() {
    return this == GEMMA || this == GEMMA_1 || this == GEMMA_4;
  }
}
