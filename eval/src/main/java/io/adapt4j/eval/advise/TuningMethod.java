package io.adapt4j.eval.advise;

/** Training methods. */
public enum TuningMethod {
  /** A low-rank adapter on frozen weights (Hu et al. 2022). */
  LORA("LoRA"),
  /** LoRA on 4-bit weights (Dettmers et al. 2023). */
  QLORA("QLoRA"),
  /** Full fine-tuning of every weight. */
  FULL("full fine-tuning"),
  /**
   * Preference optimization of an adapter on pairs of a better and a worse answer (Rafailov et al.
   * 2023).
   */
  PREFERENCE("preference optimization");

  /** Weight, gradient and two moments of AdamW, each in fp32, as Adapt4J trains. */
  private static final double FULL_BYTES = 16;

  /** Frozen weights in bf16, plus a fifth for adapter and activations. */
  private static final double LORA_BYTES = 2.4;

  /** 65 billion parameters on 48 GB (Dettmers et al. 2023, abstract). */
  private static final double QLORA_BYTES = 48.0 / 65;

  private final String label;

  TuningMethod(String label) {
    this.label = label;
  }

  /** {@return its display name} */
  public String label() {
    return label;
  }

  /**
   * Estimates the training memory, without the activations of long batches. Adapt4J's planner
   * computes it for a run; this estimate helps choose what to plan.
   *
   * @param parameters number of parameters of the model
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
