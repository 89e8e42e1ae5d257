package io.adapt4j.lora.internal.peft;

/** Biases of the base model that train with the adapter. */
public enum LoraBias {
  /** None. */
  NONE("none"),
  /** Every bias of the model. */
  ALL("all"),
  /** The biases of the adapted projections. */
  LORA_ONLY("lora_only");

  private final String peftName;

  LoraBias(String peftName) {
    this.peftName = peftName;
  }

  /** Returns the value in {@code adapter_config.json}. */
  public String peftName() {
    return peftName;
  }
}
