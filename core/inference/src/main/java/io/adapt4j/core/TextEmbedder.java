package io.adapt4j.core;

import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.TooManyTokensException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.encode.Embedder;
import io.adapt4j.core.internal.encode.MatryoshkaSizes;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.load.StoredTask;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * An encoder, or a decoder such as Qwen3-Embedding, that embeds texts as vectors that are near if
 * their meanings are, as Sentence Transformers (Reimers and Gurevych 2019) does.
 *
 * <p>Reads sentence-transformers folders: the network, {@code modules.json} with pooling, dense
 * layers and normalization, the length limit, lower-casing and prompts. For the folder of a plain
 * encoder see {@link EmbeddingOptions}. Leading and trailing white space is ignored. Texts longer
 * than {@link #maxTokens} are truncated at the end; {@link #countTruncated} counts them.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class TextEmbedder implements AutoCloseable {

  private final LoadedEncoder model;
  private final Embedder embedder;
  private final Path source;
  private final Map<String, String> prompts;
  private final String defaultPrompt;
  private final int maxTokens;
  private final MatryoshkaSizes sizes;
  private final SingleUse use;

  private TextEmbedder(Path source, LoadedEncoder model, Loading loading) {
    this.source = source;
    this.model = model;
    this.embedder = loading.declared();
    this.prompts = loading.folder.prompts();
    this.defaultPrompt = loading.defaultPrompt();
    this.maxTokens = loading.maxTokens;
    this.sizes = MatryoshkaSizes.read(loading.folder.transformer());
    this.use = new SingleUse("TextEmbedder", this::free);
  }

  /**
   * Loads a model with its folder's settings, in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration is missing,
   *     malformed, not that of an encoder, or has a module of an unknown type, or if the weights do
   *     not match it, or if there is no tokenizer that can be used
   * @throws IllegalArgumentException if an adapter does not fit, with every reason
   */
  public static TextEmbedder load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static TextEmbedder load(ModelSource source, Precision precision, Adapter... adapters) {
    return load(source, EmbeddingOptions.builder().precision(precision).build(), adapters);
  }

  /**
   * Loads a model with options, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param options options that override the folder's settings
   * @return the model, closed by the caller
   * @throws IllegalArgumentException if the options ask for more tokens than the model reads, for
   *     more entries than its vectors have, or for a task that the model has no adapter for
   */
  public static TextEmbedder load(
      ModelSource source, EmbeddingOptions options, Adapter... adapters) {
    Texts.require("options", options);
    Path at = Texts.require("source", source).folder();
    SentenceFolder folder = SentenceFolder.read(at);
    Loading loading = new Loading(folder, options);
    LoadedEncoder model = null;
    try {
      model =
          LoadedEncoder.embedding(
              folder.transformer(),
              options.precision(),
              loading::weights,
              AdapterMechanics.of(Arrays.asList(adapters)),
              loading::declare);
      loading.declared().load(model.encoder().type());
      return new TextEmbedder(at, model, loading);
    } catch (RuntimeException | Error e) {
      loading.close();
      if (model != null) {
        model.close();
      }
      throw e;
    }
  }

  /** Declares the modules after the network before weights are loaded. */
  private static final class Loading {

    private final SentenceFolder folder;
    private final EmbeddingOptions options;
    private final Optional<StoredTask> task;
    private @Nullable Embedder embedder;
    private int maxTokens;

    Loading(SentenceFolder folder, EmbeddingOptions options) {
      this.folder = folder;
      this.options = options;
      this.task = options.task().map(name -> StoredTask.require(folder.transformer(), name));
    }

    Checkpoint weights(Checkpoint stored) {
      return task.map(found -> found.addedTo(stored)).orElse(stored);
    }

    String defaultPrompt() {
      return task.map(StoredTask::instruction)
          .or(() -> folder.defaultPrompt().map(folder.prompts()::get))
          .orElse("");
    }

    void declare(Encoder encoder, Tokenizer tokenizer) {
      int most = encoder.contextLength();
      if (options.maxTokens().orElse(0) > most) {
        throw new IllegalArgumentException(
            "maxTokens: expected at most %s, the positions of the model %s, found %s"
                .formatted(most, folder.transformer(), options.maxTokens().getAsInt()));
      }
      maxTokens =
          options
              .maxTokens()
              .orElse(LoadedEncoder.maxTokens(encoder, tokenizer, folder.maxTokens()));
      embedder =
          Embedder.declare(
              encoder,
              tokenizer,
              folder,
              new VectorHead.Changes(pooling(options), options.normalize(), dimension()),
              maxTokens);
    }

    private OptionalInt dimension() {
      return options.dimension().isPresent() ? options.dimension() : folder.dimension();
    }

    Embedder declared() {
      return Objects.requireNonNull(embedder, "declared with the network");
    }

    void close() {
      if (embedder != null) {
        embedder.close();
      }
    }
  }

  /**
   * Embeds a text, preceded by the instruction of the task in the options, or else by the folder's
   * default prompt, if there is one.
   *
   * @param text the text
   * @return its vector
   */
  public float[] embed(String text) {
    Texts.require("text", text);
    return embedAll(List.of(text)).get(0);
  }

  /**
   * Embeds a text preceded by a prompt, such as the model's prompt for queries.
   *
   * @param promptName one of {@link #prompts}
   * @return its vector
   * @throws IllegalArgumentException if there is no such prompt
   */
  public float[] embed(String text, String promptName) {
    Texts.require("text", text);
    Texts.require("promptName", promptName);
    return embedAll(List.of(text), promptName).get(0);
  }

  /**
   * Embeds texts, in batches of similar length. Each vector is what {@link #embed(String)} gives
   * for its text alone, up to rounding.
   *
   * @param texts the texts; may be empty
   * @return one vector per text, in their order
   */
  public List<float[]> embedAll(List<String> texts) {
    Texts.requireAll("texts", texts);
    return use.call(() -> embedder.embed(texts, defaultPrompt));
  }

  /**
   * Embeds texts preceded by a prompt, otherwise as {@link #embedAll(List)}.
   *
   * @return one vector per text, in their order
   * @throws IllegalArgumentException if there is no such prompt
   */
  public List<float[]> embedAll(List<String> texts, String promptName) {
    Texts.requireAll("texts", texts);
    Texts.require("promptName", promptName);
    String prompt = prompt(promptName);
    return use.call(() -> embedder.embed(texts, prompt));
  }

  /**
   * Sets whether the vector of a text is bit-identical whatever else is in the call; default off,
   * where vectors agree up to rounding. Texts are then batched only with others of exactly their
   * length, which takes about the same time for hundreds of texts in a call, and longer for few.
   * Verified for weights in full and half precision, not for quantized ones. Results of machines
   * with other processors, or of other numbers of threads, may still differ.
   *
   * @param on true for the same results in every batch
   */
  public void batchInvariant(boolean on) {
    use.run(() -> embedder.batchInvariant(on));
  }

  /**
   * Counts the texts that {@link #embedAll(List)} would truncate.
   *
   * @param texts the texts
   * @return number of texts with more than {@link #maxTokens} tokens
   */
  public int countTruncated(List<String> texts) {
    Texts.requireAll("texts", texts);
    return use.call(() -> embedder.countTruncated(texts, defaultPrompt));
  }

  /**
   * Counts the texts that {@link #embedAll(List, String)} would truncate.
   *
   * @return number of texts that have, with the prompt, more than {@link #maxTokens} tokens
   * @throws IllegalArgumentException if there is no such prompt
   */
  public int countTruncated(List<String> texts, String promptName) {
    Texts.requireAll("texts", texts);
    Texts.require("promptName", promptName);
    String prompt = prompt(promptName);
    return use.call(() -> embedder.countTruncated(texts, prompt));
  }

  /**
   * Counts the tokens of a text, special tokens included, without truncation. Does not wait for a
   * call in progress.
   *
   * @param text the text, without a prompt
   * @return the number of tokens
   */
  public int countTokens(String text) {
    Texts.require("text", text);
    return model.tokenizer().encode(text, true).length;
  }

  /**
   * Counts the tokens of a text, special tokens included, only as far as needed to know whether
   * they exceed a limit, so that little of a long text is read.
   *
   * @param most the limit
   * @return their number, or a number above {@code most}
   */
  public int countTokens(String text, int most) {
    Texts.require("text", text);
    try {
      return model.tokenizer().encode(text, true, most, () -> false).length;
    } catch (TooManyTokensException e) {
      return e.leastTokens();
    }
  }

  /** {@return the folder the model was read from; in the cache for a model of a hub} */
  public Path folder() {
    return source;
  }

  /** {@return the width of the vectors} */
  public int dimension() {
    return embedder.dimension();
  }

  /**
   * Returns whether vectors may be truncated to a size: the folder's {@code config.json} lists it
   * in {@code matryoshka_dimensions}, or has {@code is_matryoshka}.
   *
   * @param size number of entries
   * @return true also for {@link #dimension}
   */
  public boolean canTruncate(int size) {
    return sizes.allows(size, dimension());
  }

  /**
   * Truncates a vector of this model to its first entries; a normalized one is normalized again.
   *
   * @param vector the vector
   * @param size a size that {@link #canTruncate} allows
   * @return a new vector
   * @throws IllegalArgumentException if the model was not trained for this size
   */
  public float[] truncate(float[] vector, int size) {
    if (Texts.require("vector", vector).length != dimension() || !canTruncate(size)) {
      throw new IllegalArgumentException(
          "size: expected %d%s, found %d for a vector of %d entries, for the model %s"
              .formatted(
                  dimension(),
                  sizes.isAllowed() ? " or less, of " + sizes.sizes() + " if there are any" : "",
                  size,
                  vector.length,
                  source));
    }
    return size == vector.length ? vector.clone() : embedder.truncated(vector, size);
  }

  /** {@return the maximum number of tokens of a text, special tokens included} */
  public int maxTokens() {
    return maxTokens;
  }

  /**
   * Returns the model's prompts, which it was trained to see before texts, such as {@code query}
   * and {@code passage}.
   *
   * @return the texts by name; empty if the folder has none
   */
  public Map<String, String> prompts() {
    return prompts;
  }

  private String prompt(String name) {
    String prompt = prompts.get(name);
    if (prompt == null) {
      throw new IllegalArgumentException(
          "promptName: expected one of %s, found '%s', for the model %s"
              .formatted(prompts.keySet(), name, model.folder()));
    }
    return prompt;
  }

  private void free() {
    embedder.close();
    model.close();
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }

  private static Optional<io.adapt4j.core.internal.nn.head.Pooling> pooling(
      EmbeddingOptions options) {
    return options
        .pooling()
        .map(pooling -> io.adapt4j.core.internal.nn.head.Pooling.valueOf(pooling.name()));
  }
}
