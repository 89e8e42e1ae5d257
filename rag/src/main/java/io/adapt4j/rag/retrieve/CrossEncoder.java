package io.adapt4j.rag.retrieve;

import io.adapt4j.core.TextReranker;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.internal.WellFormed;
import io.adapt4j.rag.spi.Reranker;
import java.util.List;
import java.util.Optional;

/**
 * A reranker with a local model (Nogueira and Cho 2019), which reads question and passage together.
 * An encoder, such as cross-encoder/ms-marco-MiniLM-L6-v2, classifies the pair: with one class the
 * score is that class's, with two the second one's; it is a logit or a probability, depending on
 * the model's configuration. A language model, such as Qwen3-Reranker, is asked for yes or no, and
 * the score is the probability of yes ({@link TextReranker}).
 *
 * <p>Thread-safe; calls are serialized.
 */
public final class CrossEncoder implements Reranker, AutoCloseable {

  private final TextReranker reranker;
  private final Optional<String> instruction;

  private CrossEncoder(TextReranker reranker, Optional<String> instruction) {
    this.reranker = reranker;
    this.instruction = instruction;
  }

  /**
   * Loads a model.
   *
   * @param source location of the model
   * @param adapters adapters to attach, typically at most one
   * @return the reranker, closed by the caller
   * @throws io.adapt4j.core.exception.CheckpointException if the folder is neither that of a
   *     classifier nor that of a language model, or if the weights do not match
   * @throws IllegalArgumentException if it has more than two classes
   */
  public static CrossEncoder load(ModelSource source, Adapter... adapters) {
    return new CrossEncoder(TextReranker.load(source, adapters), Optional.empty());
  }

  /**
   * Sets the instruction of a language model, such as the one it was trained with. Other models
   * ignore it.
   *
   * @param text the criterion that relevant passages meet
   * @return a reranker of the same model; closing one of the two closes it
   */
  public CrossEncoder withInstruction(String text) {
    Texts.require("instruction", text);
    return new CrossEncoder(reranker, Optional.of(text));
  }

  @Override
  public double[] scores(String question, List<String> passages) {
    Texts.require("question", question);
    Texts.requireAll("passages", passages);
    List<String> clean = passages.stream().map(WellFormed::of).toList();
    String query = WellFormed.of(question);
    return instruction
        .map(text -> reranker.scores(query, clean, text))
        .orElseGet(() -> reranker.scores(query, clean));
  }

  /** Frees the model's memory. */
  @Override
  public void close() {
    reranker.close();
  }
}
