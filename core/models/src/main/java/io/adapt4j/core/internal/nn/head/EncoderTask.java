package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.config.ModelConfig;
import java.util.List;

/** Task that a network was saved for, according to the class name in its configuration. */
public enum EncoderTask {
  /** Hidden states only. */
  FEATURES,
  /** Prediction of masked tokens. */
  MASKED_TOKENS,
  /** Classification of texts. */
  CLASSES,
  /** Classification of tokens. */
  TOKEN_CLASSES;

  private static final int DEFAULT_CLASSES = 2;

  public static EncoderTask of(ModelConfig config) {
    List<String> classes = config.architectures();
    String name = classes.isEmpty() ? "" : classes.get(0);
    if (name.endsWith("ForMaskedLM") || name.endsWith("ForPreTraining")) {
      return MASKED_TOKENS;
    }
    if (name.endsWith(OutputLayer.CLASSES.suffix())) {
      return CLASSES;
    }
    if (name.endsWith(OutputLayer.TOKEN_CLASSES.suffix())) {
      return TOKEN_CLASSES;
    }
    if (name.isEmpty() || name.endsWith("Model")) {
      return FEATURES;
    }
    throw config
        .fields()
        .invalid(
            "architectures",
            "a class that ends in Model, ForMaskedLM, ForSequenceClassification or"
                + " ForTokenClassification",
            "This build has no such output layer.");
  }

  /**
   * Returns whether a configuration names a class without an output layer, such as {@code
   * Qwen3Model}, whose tensors have no prefix.
   */
  public static boolean isBaseModel(ModelConfig config) {
    return !config.architectures().isEmpty()
        && config.architectures().get(0).endsWith("Model")
        && !config.architectures().get(0).endsWith("LMHeadModel");
  }

  /** Returns whether a configuration names a decoder with a classification head. */
  public static boolean scoresClasses(ModelConfig config) {
    return config.architectures().stream()
        .anyMatch(
            name ->
                name.endsWith(OutputLayer.CLASSES.suffix())
                    || name.endsWith(OutputLayer.TOKEN_CLASSES.suffix()));
  }

  /**
   * Returns the number of classes: the size of {@code id2label}, otherwise {@code num_labels},
   * otherwise 2.
   */
  public static int classes(ModelConfig config) {
    return config
        .fields()
        .child("id2label")
        .map(labels -> labels.json().size())
        .orElse(config.fields().positiveInt("num_labels", DEFAULT_CLASSES));
  }
}
