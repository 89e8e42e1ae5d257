package io.adapt4j.core;

import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.encode.ChoicePrompt;
import io.adapt4j.core.internal.encode.Classifier;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * A model that scores how relevant documents are to a query by reading each together with it.
 *
 * <p>Two kinds of models are supported. Cross-encoders (Nogueira and Cho 2019), such as
 * cross-encoder/ms-marco-MiniLM-L6-v2 or BAAI/bge-reranker-v2-m3, classify the pair: with one class
 * the score is that class's, with two the second one's; the folder says whether it is a logit or a
 * probability. Language models, such as Qwen3-Reranker, are asked for yes or no in the prompt of
 * Qwen3-Reranker, and the score is the probability of yes relative to both.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class TextReranker implements AutoCloseable {

  private static final int MOST_CLASSES = 2;

  /** Maximum number of tokens, which Qwen3-Reranker was trained with. */
  private static final int MOST_TOKENS = 8192;

  private final Scorer scorer;

  /** Scores documents with either kind of model. */
  private interface Scorer extends AutoCloseable {

    double[] scores(String instruction, String query, List<String> documents);

    @Override
    void close();
  }

  private TextReranker(Scorer scorer) {
    this.scorer = scorer;
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the folder is neither that of a
   *     classifier of texts nor that of a language model, or if the weights do not match
   * @throws IllegalArgumentException if it has more than two classes, if a language model's
   *     tokenizer does not have yes and no as tokens, or if an adapter does not fit
   */
  public static TextReranker load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static TextReranker load(ModelSource source, Precision precision, Adapter... adapters) {
    Path folder = source.folder();
    ModelConfig config = StoredModel.read(folder, WeightFormat.asStored()).config();
    boolean classifies =
        EncoderTask.scoresClasses(config)
            || AdapterMechanics.of(List.of(adapters)).stream()
                .anyMatch(adapter -> adapter.modelConfig(config).isPresent());
    boolean generates =
        config.architectures().stream()
            .anyMatch(name -> name.endsWith("ForCausalLM") || name.endsWith("LMHeadModel"));
    return new TextReranker(
        generates && !classifies
            ? Choices.load(folder, precision, adapters)
            : Pairs.load(source, precision, adapters));
  }

  /**
   * Scores documents.
   *
   * @param query the query
   * @param documents the documents; may be empty
   * @return one score per document, in their order; higher is better
   */
  public double[] scores(String query, List<String> documents) {
    return scores(query, documents, ChoicePrompt.INSTRUCTION);
  }

  /**
   * Scores documents with a custom instruction.
   *
   * @param instruction the task of a document; used by language models only
   * @return one score per document, in their order; higher is better
   */
  public double[] scores(String query, List<String> documents, String instruction) {
    Texts.require("query", query);
    Texts.requireAll("documents", documents);
    Texts.require("instruction", instruction);
    return scorer.scores(instruction, query, documents);
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    scorer.close();
  }

  /** A classifier of pairs, and the index of its class for relevant pairs. */
  private record Pairs(TextClassifier classifier, int relevant) implements Scorer {

    static Scorer load(ModelSource source, Precision precision, Adapter... adapters) {
      TextClassifier classifier = TextClassifier.load(source, precision, adapters);
      List<String> labels = classifier.labels();
      if (labels.size() > MOST_CLASSES) {
        classifier.close();
        throw new IllegalArgumentException(
            source + ": expected a model with one class or two, relevant or not, found " + labels);
      }
      return new Pairs(classifier, labels.size() - 1);
    }

    @Override
    public double[] scores(String instruction, String query, List<String> documents) {
      return classifier.classifyPairs(query, documents).stream()
          .mapToDouble(classification -> classification.scores().get(relevant).score())
          .toArray();
    }

    @Override
    public void close() {
      classifier.close();
    }
  }

  /** A language model that is asked for yes or no. */
  private static final class Choices implements Scorer {

    private final Classifier classifier;
    private final ChoicePrompt prompt;
    private final SingleUse use;

    private Choices(LoadedEncoder model, int maxTokens) {
      this.classifier = new Classifier(model.encoder(), model.tokenizer(), maxTokens);
      this.prompt = new ChoicePrompt(model.tokenizer(), maxTokens);
      this.use = new SingleUse("TextReranker", model::close);
    }

    static Scorer load(Path folder, Precision precision, Adapter... adapters) {
      int rejected;
      int chosen;
      try (Tokenizer tokenizer = Tokenizer.load(folder)) {
        rejected = ChoicePrompt.id(folder, tokenizer, ChoicePrompt.REJECTED);
        chosen = ChoicePrompt.id(folder, tokenizer, ChoicePrompt.CHOSEN);
      }
      LoadedEncoder model =
          LoadedEncoder.choosing(
              folder, precision, AdapterMechanics.of(List.of(adapters)), rejected, chosen);
      try {
        OptionalInt most = OptionalInt.of(MOST_TOKENS);
        return new Choices(
            model, LoadedEncoder.maxTokens(model.encoder(), model.tokenizer(), most));
      } catch (RuntimeException | Error e) {
        model.close();
        throw e;
      }
    }

    @Override
    public double[] scores(String instruction, String query, List<String> documents) {
      return use.call(
          () ->
              classifier
                  .logitsOf(
                      documents.stream()
                          .map(document -> prompt.of(instruction, query, document))
                          .toList())
                  .stream()
                  .mapToDouble(logits -> 1 / (1 + Math.exp(-logits[0])))
                  .toArray());
    }

    @Override
    public void close() {
      use.close();
    }
  }
}
