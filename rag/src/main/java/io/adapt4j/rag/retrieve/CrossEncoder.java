package io.adapt4j.rag.retrieve;

import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.internal.WellFormed;
import io.adapt4j.rag.spi.Reranker;
import java.util.List;

/**
 * A reranker that is an encoder in this process (Nogueira and Cho 2019): it reads question and
 * passage as a pair of texts, such as cross-encoder/ms-marco-MiniLM-L6-v2. With one class the score
 * is that class's, with two the second one's; what the numbers mean depends on the model: logits or
 * probabilities as its folder says.
 *
 * <p>Safe for use by several threads; calls run one after the other.
 */
public final class CrossEncoder implements Reranker, AutoCloseable {

  private static final int MOST_CLASSES = 2;

  private final TextClassifier classifier;
  private final int relevant;

  private CrossEncoder(TextClassifier classifier, int relevant) {
    this.classifier = classifier;
    this.relevant = relevant;
  }

  /**
   * Loads a model.
   *
   * @param source where the model is
   * @param adapters what to put on its weights; usually none or one
   * @return the reranker, closed by the caller
   * @throws io.adapt4j.core.exception.CheckpointException if the folder is not that of a
   *     classifier, or if the weights do not match
   * @throws IllegalArgumentException if it has more than two classes
   */
  public static CrossEncoder load(ModelSource source, Adapter... adapters) {
    TextClassifier classifier = TextClassifier.load(source, adapters);
    int classes = classifier.labels().size();
    if (classes > MOST_CLASSES) {
      List<String> labels = classifier.labels();
      classifier.close();
      throw new IllegalArgumentException(
          source + ": expected a model with one class or two, relevant or not, found " + labels);
    }
    return new CrossEncoder(classifier, classes - 1);
  }

  @Override
  public double[] scores(String question, List<String> passages) {
    Texts.require("question", question);
    Texts.requireAll("passages", passages);
    List<String> clean = passages.stream().map(WellFormed::of).toList();
    return classifier.classifyPairs(WellFormed.of(question), clean).stream()
        .mapToDouble(classification -> classification.scores().get(relevant).score())
        .toArray();
  }

  /** Frees the model's memory. */
  @Override
  public void close() {
    classifier.close();
  }
}
