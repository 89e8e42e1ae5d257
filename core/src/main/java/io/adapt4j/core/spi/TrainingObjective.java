package io.adapt4j.core.spi;

import io.adapt4j.core.data.Example;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a model is trained for: which tokens of a row it reads, and the loss of what it says of
 * them. {@code Task.custom} makes a task of it, which runs with evaluation, best checkpoint and
 * resume as any other.
 *
 * <p>All methods are called on the thread that trains. An objective has no state, so one may serve
 * several runs at the same time.
 */
public interface TrainingObjective {

  /**
   * Returns what the objective is called in logs and in the identity of a run.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the objective as text. A run resumes only under the same name, options
   * and data.
   *
   * @return all that changes the loss; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns which outputs of the model the loss is made of.
   *
   * @return so many numbers for each text, which a new output layer gives; 0, the default, for the
   *     scores of the vocabulary (logits) that a decoder gives at the positions of a sample
   */
  default int textOutputs() {
    return 0;
  }

  /**
   * Turns a row into what the model reads and the loss is told.
   *
   * @param row a row of the training or validation data
   * @param tokenizer the model's
   * @param maxLength the most tokens of a sample
   * @return the sample; empty to leave the row out
   * @throws IllegalArgumentException if the row cannot be used; the run then names the row
   */
  Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int maxLength);

  /**
   * Computes the loss of a batch, and its derivative by each output. Also called where nothing is
   * trained; the derivative is not read then.
   *
   * @param batch samples and outputs; takes the derivative, which is 0 before
   * @return the sum over the rows of the outputs, whose mean is reported; a run fails if it is not
   *     finite though the outputs are
   */
  double loss(ObjectiveBatch batch);

  /**
   * {@return the names of what {@link #measure} measures, by which the best checkpoint can be
   * chosen: more is better; none by default}
   */
  default List<String> metrics() {
    return List.of();
  }

  /**
   * Measures a batch of the validation data.
   *
   * @param batch samples and outputs
   * @return means over the rows of the outputs, by the names of {@link #metrics}
   */
  default Map<String, Double> measure(ObjectiveBatch batch) {
    return Map.of();
  }
}
