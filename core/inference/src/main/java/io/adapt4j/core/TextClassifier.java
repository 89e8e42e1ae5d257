package io.adapt4j.core;

import io.adapt4j.core.Classification.LabelScore;
import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.encode.ClassScores;
import io.adapt4j.core.internal.encode.Classifier;
import io.adapt4j.core.internal.load.ClassNames;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A classifier of texts or text pairs: an encoder, or a decoder with a classification head on the
 * last token, as reward models have.
 *
 * <p>Scores are probabilities: a softmax over all classes, or a sigmoid per class if {@code
 * problem_type} is {@code multi_label_classification} or there is only one class. A model with
 * {@code problem_type} {@code regression}, or a cross-encoder saved with the identity as
 * activation, gives its raw output. Texts longer than the model's maximum length are truncated at
 * the end.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class TextClassifier implements AutoCloseable {

  private final List<String> labels;
  private final ClassScores scores;
  private final Classifier classifier;
  private final SingleUse use;

  private TextClassifier(LoadedEncoder model, List<String> labels, ClassScores scores) {
    this.labels = labels;
    this.scores = scores;
    int maxTokens =
        LoadedEncoder.maxTokens(model.encoder(), model.tokenizer(), OptionalInt.empty());
    this.classifier = new Classifier(model.encoder(), model.tokenizer(), maxTokens);
    this.use = new SingleUse("TextClassifier", model::close);
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration is missing,
   *     malformed, not that of an encoder, or names no classification head, or if the weights do
   *     not match it, or if there is no tokenizer that can be used
   * @throws IllegalArgumentException if an adapter does not fit, with every reason
   */
  public static TextClassifier load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static TextClassifier load(ModelSource source, Precision precision, Adapter... adapters) {
    return load(source, WeightFormat.asStored(), precision, adapters);
  }

  /**
   * Loads a model with its linear weights in a given format, such as 4 bits, and everything else,
   * including the classifier, in a given precision; otherwise as {@link #load(ModelSource,
   * Adapter...)}.
   *
   * @param weights format of the weights of the linear layers inside the transformer layers
   * @param precision data type of computation and of all other weights
   * @return the model, closed by the caller
   */
  public static TextClassifier load(
      ModelSource source, WeightFormat weights, Precision precision, Adapter... adapters) {
    Path folder = source.folder();
    LoadedEncoder model =
        LoadedEncoder.load(
            folder,
            precision,
            weights,
            AdapterMechanics.of(List.of(adapters)),
            TextClassifier::requireUsable);
    ModelConfig config = model.encoder().modelConfig();
    int classes = model.encoder().classes();
    return new TextClassifier(
        model, ClassNames.of(config, classes), ClassScores.of(config, classes));
  }

  private static void requireUsable(Encoder encoder, Tokenizer tokenizer) {
    ModelConfig config = encoder.modelConfig();
    if (encoder.classes() == 0 || encoder.classifiesTokens()) {
      throw config
          .fields()
          .invalid(
              "architectures",
              "a class that ends in ForSequenceClassification",
              "The model does not classify texts; fine-tune it for that first, or load it with"
                  + " TextEmbedder or TokenClassifier.");
    }
    ClassNames.of(config, encoder.classes());
    ClassScores.of(config, encoder.classes());
  }

  /**
   * Classifies a text.
   *
   * @param text the text
   * @return the score of every class
   */
  public Classification classify(String text) {
    Texts.require("text", text);
    return classifyAll(List.of(text)).get(0);
  }

  /**
   * Classifies texts, in batches of similar length.
   *
   * @param texts the texts; may be empty
   * @return one result per text, in their order
   */
  public List<Classification> classifyAll(List<String> texts) {
    Texts.requireAll("texts", texts);
    return use.call(() -> classifications(classifier.logits(texts)));
  }

  /**
   * Classifies a pair of texts, such as a premise and a hypothesis, or a query and a passage.
   *
   * @param first the first text
   * @param second the second text
   * @return the score of every class
   */
  public Classification classifyPair(String first, String second) {
    Texts.require("first", first);
    Texts.require("second", second);
    return classifyPairs(first, List.of(second)).get(0);
  }

  /**
   * Classifies pairs of one text with others, in batches of similar length, such as a query with
   * the passages to rank.
   *
   * @param first the first text of every pair
   * @param seconds the second texts; may be empty
   * @return one result per second text, in their order
   */
  public List<Classification> classifyPairs(String first, List<String> seconds) {
    Texts.require("first", first);
    Texts.requireAll("seconds", seconds);
    return use.call(() -> classifications(classifier.pairLogits(first, seconds)));
  }

  /**
   * Classifies pairs of texts, in batches of similar length.
   *
   * @param firsts the first texts; may be empty
   * @param seconds the second texts, as many
   * @return one result per pair, in their order
   * @throws IllegalArgumentException if there are not as many second as first texts
   */
  public List<Classification> classifyPairs(List<String> firsts, List<String> seconds) {
    Texts.requireAll("firsts", firsts);
    Texts.requireAll("seconds", seconds);
    if (firsts.size() != seconds.size()) {
      throw new IllegalArgumentException(
          "seconds: expected as many as there are first texts, %s, found %s"
              .formatted(firsts.size(), seconds.size()));
    }
    return use.call(() -> classifications(classifier.pairLogits(firsts, seconds)));
  }

  /**
   * Sets whether the scores of a text are bit-identical whatever else is in the call; default off,
   * where they agree up to rounding. Texts are then batched only with others of exactly their
   * length, which takes about the same time for hundreds of texts in a call, and longer for few.
   * Verified for weights in full and half precision, not for quantized ones. Results of machines
   * with other processors, or of other numbers of threads, may still differ.
   *
   * @param on true for the same results in every batch
   */
  public void batchInvariant(boolean on) {
    use.run(() -> classifier.batchInvariant(on));
  }

  private List<Classification> classifications(List<float[]> logits) {
    return logits.stream().map(this::classification).toList();
  }

  private Classification classification(float[] logits) {
    double[] values = scores.apply(logits);
    List<LabelScore> all = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      all.add(new LabelScore(labels.get(i), values[i]));
    }
    return new Classification(all);
  }

  /**
   * Returns the names of the classes.
   *
   * @return an immutable list, in the model's order
   */
  public List<String> labels() {
    return labels;
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
