package io.adapt4j.core;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.encode.MaskFiller;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.MaskPrediction;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * An encoder that predicts masked tokens (Devlin et al. 2019).
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class MaskedLanguageModel implements AutoCloseable {

  private final MaskFiller filler;
  private final String maskToken;
  private final SingleUse use;

  private MaskedLanguageModel(LoadedEncoder model) {
    Tokenizer tokenizer = model.tokenizer();
    int maskId = tokenizer.maskId().orElseThrow();
    int maxTokens = LoadedEncoder.maxTokens(model.encoder(), tokenizer, OptionalInt.empty());
    this.filler = new MaskFiller(model.encoder(), tokenizer, maskId, maxTokens);
    this.maskToken = tokenizer.token(maskId);
    this.use = new SingleUse("MaskedLanguageModel", model::close);
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration is missing,
   *     malformed, not that of an encoder, or names no head for masked tokens, or if the weights do
   *     not match it, or if there is no tokenizer that can be used, or it has no mask token
   * @throws IllegalArgumentException if an adapter does not fit, with every reason
   */
  public static MaskedLanguageModel load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static MaskedLanguageModel load(
      ModelSource source, Precision precision, Adapter... adapters) {
    Path folder = source.folder();
    return new MaskedLanguageModel(
        LoadedEncoder.load(
            folder,
            precision,
            AdapterMechanics.of(List.of(adapters)),
            (encoder, tokenizer) -> requireUsable(folder, encoder, tokenizer)));
  }

  private static void requireUsable(Path folder, Encoder encoder, Tokenizer tokenizer) {
    if (!encoder.predictsTokens()) {
      throw encoder
          .modelConfig()
          .fields()
          .invalid(
              "architectures",
              "a class that ends in ForMaskedLM",
              "The model has no head for masked tokens; load it with TextEmbedder or"
                  + " TextClassifier.");
    }
    if (tokenizer.maskId().isEmpty()) {
      throw new CheckpointException(
          folder.resolve("tokenizer_config.json")
              + ": expected a mask_token, found none. Add the field, or fetch the model's original"
              + " file.");
    }
  }

  /**
   * Predicts the masked tokens of a text, all at once and independently of each other.
   *
   * @param text a text with one or more {@link #maskToken mask tokens}
   * @param best number of predictions per mask, at least 1
   * @return one prediction per mask, in order
   * @throws IllegalArgumentException if the text has no mask token, is longer than the model reads,
   *     or {@code best} is below 1
   */
  public List<MaskPrediction> fill(String text, int best) {
    Texts.require("text", text);
    if (best < 1) {
      throw new IllegalArgumentException("best: expected at least 1, found " + best);
    }
    return use.call(() -> filler.fill(text, best));
  }

  /** {@return the mask token, such as {@code [MASK]}} */
  public String maskToken() {
    return maskToken;
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
