package io.adapt4j.eval.advise;

/** How a model is trained. */
public enum TuningMethod {
  /** An adapter of low rank beside the weights, which stay as they are (Hu et al. 2022). */
  LORA("LoRA"),
  /** LoRA on weights that are held in 4 bits (Dettmers et al. 2023). */
  QLORA("QLoRA"),
  /** Every weight. */
  FULL("full fine-tuning"),
  /** Pairs of a better and a worse answer (Rafailov et al. 2023), on an adapter. */
  PREFERENCE("preference optimization");

  /** Weight, gradient and two moments of AdamW, each in fp32, as Adapt4J trains. */
  private static final double FULL_BYTES = 16;

  /** Frozen weights in bf16, and a fifth more for adapter and activations. */
  private static final double LORA_BYTES = 2.4;

  /** 65 billion parameters on 48 GB (Dettmers et al. 2023, abstract). */
  private static final double QLORA_BYTES = 48.0 / 65;

  private final String label;

  TuningMethod(String label) {
    this.label = label;
  }

  /** {@return what texts call it} */
  public String label() {
    return label;
  }

  /**
   * Estimates the memory that training takes, without the activations of long batches. Adapt4J's
   * planner works it out for a run; this is for choosing what to plan.
   *
   * @param parameters of the model
   * @return bytes
   */
  public double bytes(long parameters) {
    return switch (this) {
      case FULL -> FULL_BYTES * parameters;
      case LORA -> LORA_BYTES * parameters;
      case QLORA, PREFERENCE -> QLORA_BYTES * parameters;
    };
  }
}
