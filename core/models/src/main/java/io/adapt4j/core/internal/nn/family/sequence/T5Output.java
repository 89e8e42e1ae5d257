package io.adapt4j.core.internal.nn.family.sequence;

import io.adapt4j.core.internal.config.ModelConfig;

/**
 * Output matrix of the T5 family: whether it is tied to the embedding, and whether states are
 * scaled before it. T5 does both, T5 1.1 and mT5 neither. Before Transformers 5, one field stated
 * both; Transformers 5 writes {@code tie_word_embeddings} as true for every model, scales T5
 * according to {@code scale_decoder_outputs}, mT5 never and umT5 always.
 */
public final class T5Output {

  /** Field that states whether states are scaled by d_model^-0.5, whatever the matrix is. */
  public static final String SCALED = "scale_decoder_outputs";

  private static final String T5 = "t5";
  private static final String MT5 = "mt5";

  private T5Output() {}

  /** Returns whether the output matrix is tied to the embedding. */
  public static boolean isTied(ModelConfig model) {
    boolean tied = !model.modelType().equals(MT5) || model.isOfTransformers5();
    return model.fields().bool("tie_word_embeddings", tied);
  }

  /** Returns whether states are multiplied by d_model^-0.5 before the output matrix. */
  public static boolean isScaled(ModelConfig model) {
    boolean scaled =
        (model.isOfTransformers5() && !model.modelType().equals(T5))
            ? !model.modelType().equals(MT5)
            : isTied(model);
    return model.fields().bool(SCALED, scaled);
  }
}
