package io.adapt4j.lora;

/** Which biases of the base model train with the adapter. */
enum LoraBias {
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

  /** The value in {@code adapter_config.json}. */
  String peftName() {
    return peftName;
  }
}
