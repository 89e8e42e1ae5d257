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
 * A reranker that is a model in this process (Nogueira and Cho 2019): it reads question and passage
 * together. An encoder, such as cross-encoder/ms-marco-MiniLM-L6-v2, classifies the pair: with one
 * class the score is that class's, with two the second one's; what the numbers mean depends on the
 * model: logits or probabilities as its folder says. A language model, such as Qwen3-Reranker, is
 * asked for yes or no, and the score is the probability of yes ({@link TextReranker}).
 *
 * <p>Safe for use by several threads; calls run one after the other.
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
   * @param source where the model is
   * @param adapters what to put on its weights; usually none or one
   * @return the reranker, closed by the caller
   * @throws io.adapt4j.core.exception.CheckpointException if the folder is neither that of a
   *     classifier nor that of a language model, or if the weights do not match
   * @throws IllegalArgumentException if it has more than two classes
   */
  public static CrossEncoder load(ModelSource source, Adapter... adapters) {
    return new CrossEncoder(TextReranker.load(source, adapters), Optional.empty());
  }

  /**
   * Asks a language model by an instruction of its own, such as the one it was trained with. Other
   * models do not read it.
   *
   * @param text what a passage has to do
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
