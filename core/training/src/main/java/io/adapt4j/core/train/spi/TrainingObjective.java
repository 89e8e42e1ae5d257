package io.adapt4j.core.train.spi;

import io.adapt4j.core.data.Example;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A custom training task: encodes rows for the model and computes the loss of its outputs. Use it
 * with {@code Task.custom}; it runs with evaluation, best checkpoint and resume like any other
 * task.
 *
 * <p>All methods are called on the training thread. An objective has no state, so one may serve
 * several runs at the same time.
 */
public interface TrainingObjective {

  /**
   * Returns the objective's name for logs and the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the objective as text. A run resumes only under the same name, options
   * and data.
   *
   * @return all options that change the loss; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns the number of outputs per text that the loss uses.
   *
   * @return outputs per text, computed by a new output layer; 0, the default, for the logits of a
   *     decoder at the positions of a sample
   */
  default int textOutputs() {
    return 0;
  }

  /**
   * Encodes a row as input of the model and of the loss.
   *
   * @param row a row of the training or validation data
   * @param tokenizer the model's tokenizer
   * @param maxLength maximum number of tokens of a sample
   * @return the sample; empty to leave the row out
   * @throws IllegalArgumentException if the row cannot be used; the run then names the row
   */
  Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int maxLength);

  /**
   * Computes the loss of a batch, and its derivative by each output. Also called for evaluation,
   * where the derivative is not read.
   *
   * @param batch samples and outputs; receives the derivative, which is initially 0
   * @return the sum over the rows of the outputs, whose mean is reported; a run fails if it is not
   *     finite although the outputs are
   */
  double loss(ObjectiveBatch batch);

  /**
   * {@return the names of the metrics of {@link #measure}, which can select the best checkpoint;
   * higher is better; none by default}
   */
  default List<String> metrics() {
    return List.of();
  }

  /**
   * Computes the metrics of a batch of the validation data.
   *
   * @param batch samples and outputs
   * @return means over the rows of the outputs, by the names of {@link #metrics}
   */
  default Map<String, Double> measure(ObjectiveBatch batch) {
    return Map.of();
  }
}
