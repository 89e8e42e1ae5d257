package io.adapt4j.core;

import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.encode.HybridRunner;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An encoder such as BAAI/bge-m3 (Chen et al. 2024) that embeds a text in three ways at once: as a
 * dense vector, as sparse token weights ({@code sparse_linear}) and as a vector per token ({@code
 * colbert_linear}). These layers are read from {@code .safetensors} files, or from {@code .pt}
 * files as long as they hold a dictionary of tensors and nothing else; nothing in them is executed.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class HybridEmbedder implements AutoCloseable {

  private final HybridRunner runner;
  private final LoadedEncoder model;
  private final SingleUse use;

  private HybridEmbedder(LoadedEncoder model, HybridRunner runner) {
    this.model = model;
    this.runner = runner;
    this.use = new SingleUse("HybridEmbedder", this::free);
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.exception.CheckpointException if the folder is not that of an embedding
   *     model, or if the weights do not match
   * @throws IllegalArgumentException if it has neither of the two layers, or if an adapter does not
   *     fit
   */
  public static HybridEmbedder load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static HybridEmbedder load(ModelSource source, Precision precision, Adapter... adapters) {
    Path at = source.folder();
    SentenceFolder folder = SentenceFolder.read(at);
    LoadedEncoder model =
        LoadedEncoder.embedding(
            folder.transformer(),
            precision,
            stored -> stored,
            AdapterMechanics.of(List.of(adapters)),
            (encoder, tokenizer) -> {});
    try {
      int most = LoadedEncoder.maxTokens(model.encoder(), model.tokenizer(), folder.maxTokens());
      Path layers = trained(at, adapters);
      HybridRunner runner =
          HybridRunner.read(model.encoder(), model.tokenizer(), folder, layers, most);
      if (!runner.isHybrid()) {
        runner.close();
        throw new IllegalArgumentException(
            at
                + ": expected sparse_linear or colbert_linear beside the weights, as .safetensors"
                + " or .pt, found neither. Load the model with TextEmbedder.");
      }
      return new HybridEmbedder(model, runner);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /**
   * Returns the folder with the sparse and multi-vector layers: that of an adapter trained with
   * them, else the model's.
   */
  private static Path trained(Path model, Adapter... adapters) {
    return AdapterMechanics.of(List.of(adapters)).stream()
        .map(AdapterMechanics::folder)
        .flatMap(Optional::stream)
        .filter(HybridRunner::hasLayers)
        .reduce((first, second) -> second)
        .orElse(model);
  }

  /**
   * Embeds a text.
   *
   * @param text the text
   * @return all embeddings that the model computes
   */
  public HybridEmbedding embed(String text) {
    Texts.require("text", text);
    return embedAll(List.of(text)).get(0);
  }

  /**
   * Embeds texts, in batches of similar length.
   *
   * @param texts the texts; may be empty
   * @return one result per text, in their order
   */
  public List<HybridEmbedding> embedAll(List<String> texts) {
    Texts.requireAll("texts", texts);
    return use.call(
        () ->
            runner.embed(texts).stream()
                .map(found -> new HybridEmbedding(found.dense(), found.lexical(), found.tokens()))
                .toList());
  }

  private void free() {
    runner.close();
    model.close();
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
