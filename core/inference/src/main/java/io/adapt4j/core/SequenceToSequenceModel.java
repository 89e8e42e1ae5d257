package io.adapt4j.core;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.load.FolderIdentity;
import io.adapt4j.core.internal.load.LoadedSequence;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.sequence.SequenceSettings;
import io.adapt4j.core.internal.sequence.SequenceWriter;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A sequence-to-sequence model, for example for summarization or translation. T5, FLAN-T5, mT5,
 * BART, Pegasus and MarianMT are such encoder-decoders.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class SequenceToSequenceModel implements AutoCloseable {

  /** Number of texts in a batch. */
  private static final int TOGETHER = 8;

  private final LoadedSequence model;
  private final List<AdapterMechanics> adapters;
  private final SequenceWriter writer;
  private final SingleUse use;

  private SequenceToSequenceModel(LoadedSequence model, List<AdapterMechanics> adapters) {
    this.model = model;
    this.adapters = adapters;
    this.writer = new SequenceWriter(model.network());
    this.use = new SingleUse("SequenceToSequenceModel", model::close);
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration is missing,
   *     malformed or not that of an encoder-decoder, or if the weights do not match it, or if the
   *     tokenizer cannot be used
   * @throws IllegalArgumentException if an adapter does not fit, with every reason
   */
  public static SequenceToSequenceModel load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static SequenceToSequenceModel load(
      ModelSource source, Precision precision, Adapter... adapters) {
    List<AdapterMechanics> mechanics = AdapterMechanics.of(List.of(adapters));
    return new SequenceToSequenceModel(
        LoadedSequence.load(source.folder(), precision, WeightFormat.asStored(), mechanics),
        mechanics);
  }

  /**
   * Returns whether a model is an encoder-decoder, from its configuration alone.
   *
   * @return true if {@link #load} can load it
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration is missing or
   *     malformed
   */
  public static boolean reads(ModelSource source) {
    ModelConfig config = StoredModel.read(source.folder(), WeightFormat.asStored()).config();
    return Architectures.writesSequences(config);
  }

  /**
   * Generates the output for a text with the model's own settings.
   *
   * @param text the input text
   * @return the generated text
   * @throws IllegalArgumentException if the text has more tokens than the model reads
   * @throws IllegalStateException if the model has no tokenizer
   */
  public String generate(String text) {
    return generate(text, SequenceOptions.defaults());
  }

  /**
   * Generates the output for a text.
   *
   * @param options generation options
   * @return the generated text
   * @throws IllegalArgumentException if the text has more tokens than the model reads
   * @throws IllegalStateException if the model has no tokenizer
   */
  public String generate(String text, SequenceOptions options) {
    return generateAll(List.of(text), options).get(0);
  }

  /**
   * Generates the outputs for several texts, in batches.
   *
   * @param texts the input texts
   * @return the generated texts, in order
   * @throws IllegalArgumentException if a text has more tokens than the model reads
   * @throws IllegalStateException if the model has no tokenizer
   */
  public List<String> generateAll(List<String> texts, SequenceOptions options) {
    texts.forEach(text -> Texts.require("text", text));
    return use.call(
        () -> {
          Tokenizer tokenizer = model.requireTokenizer();
          return written(tokenizer.encodeAll(texts, true), options).stream()
              .map(ids -> tokenizer.decode(ids, true))
              .toList();
        });
  }

  /**
   * Generates output tokens for tokenized inputs.
   *
   * @param sources the inputs, including the tokens that the tokenizer adds
   * @return the tokens of each output, without the start token and with the end token
   * @throws IllegalArgumentException if a source is empty, has more tokens than the model reads or
   *     a token that it does not know
   */
  public List<int[]> generateIds(List<int[]> sources, SequenceOptions options) {
    return use.call(() -> written(sources, options));
  }

  /**
   * Returns this model as a text generator, for example for an evaluation: the texts of the
   * messages are the input. Options that sample, penalize or constrain are refused; stop strings
   * are applied, and the limit on new tokens if these options set none.
   *
   * @return the model, which the caller still closes
   */
  public TextGenerator asGenerator(SequenceOptions options) {
    return new SequenceGenerator(this, options);
  }

  /** Generates the outputs for texts, with token counts. */
  List<GeneratedText> answers(List<String> texts, SequenceOptions options) {
    texts.forEach(text -> Texts.require("text", text));
    return use.call(
        () -> {
          Tokenizer tokenizer = model.requireTokenizer();
          List<int[]> sources = tokenizer.encodeAll(texts, true);
          List<int[]> written = written(sources, options);
          List<GeneratedText> answers = new ArrayList<>();
          for (int i = 0; i < sources.size(); i++) {
            int[] ids = written.get(i);
            boolean ended = ids.length > 0 && model.settings().eos().contains(ids[ids.length - 1]);
            answers.add(
                new GeneratedText(
                    tokenizer.decode(ids, true),
                    ended ? FinishReason.EOS : FinishReason.LENGTH,
                    Optional.of(new TokenUsage(sources.get(i).length, ids.length)),
                    /* cached= */ false));
          }
          return answers;
        });
  }

  /** Identity of the model for caches; empty if an adapter is not on disk. */
  Optional<String> identity() {
    String base = FolderIdentity.of(model.folder()) + " " + model.network().type();
    return adapters.stream().allMatch(adapter -> adapter.folder().isPresent())
        ? Optional.of(
            adapters.stream()
                .map(adapter -> " + " + FolderIdentity.of(adapter.folder().orElseThrow()))
                .collect(Collectors.joining("", base, "")))
        : Optional.empty();
  }

  private List<int[]> written(List<int[]> sources, SequenceOptions options) {
    SequenceSettings settings = model.settings().with(options, model.network().targetLimit());
    for (int i = 0; i < sources.size(); i++) {
      if (sources.get(i).length == 0) {
        throw new IllegalArgumentException(
            "Text " + i + ": expected at least one token, found none");
      }
      model.network().requireKnownIds(sources.get(i), "Text " + i);
    }
    List<int[]> texts = new ArrayList<>();
    for (int first = 0; first < sources.size(); first += TOGETHER) {
      int last = Math.min(sources.size(), first + TOGETHER);
      texts.addAll(writer.write(sources.subList(first, last), settings));
    }
    return texts;
  }

  /** {@return the padding token} */
  public int padTokenId() {
    return model.settings().padding();
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
