package io.adapt4j.core.model;

import io.adapt4j.core.config.ModelConfig;
import java.util.List;

/** What an encoder was saved for, told by the class name in {@code architectures}. */
enum EncoderTask {
  /** Hidden states only. */
  FEATURES,
  /** Scores of masked tokens. */
  MASKED_TOKENS,
  /** Scores of classes. */
  CLASSES;

  private static final int DEFAULT_CLASSES = 2;

  static EncoderTask of(ModelConfig config) {
    List<String> classes = config.architectures();
    String name = classes.isEmpty() ? "" : classes.get(0);
    if (name.endsWith("ForMaskedLM") || name.endsWith("ForPreTraining")) {
      return MASKED_TOKENS;
    }
    if (name.endsWith("ForSequenceClassification")) {
      return CLASSES;
    }
    if (name.isEmpty() || name.endsWith("Model")) {
      return FEATURES;
    }
    throw config
        .fields()
        .invalid(
            "architectures",
            "a class that ends in Model, ForMaskedLM or ForSequenceClassification",
            "This build has no such output layer.");
  }

  /** The number of classes: as many as {@code id2label} has, else {@code num_labels}, else 2. */
  static int classes(ModelConfig config) {
    return config
        .fields()
        .child("id2label")
        .map(labels -> labels.json().size())
        .orElse(config.fields().positiveInt("num_labels", DEFAULT_CLASSES));
  }
}
