package io.adapt4j.core.regularization;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.train.Penalty;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What keeps a model close to what it was, so that it learns something new and forgets less. "The
 * base" is the model as it was before the run's first step.
 */
public sealed interface Regularisation permits Ewc, L2ToBase, KlToBase {

  /**
   * What a penalty is made for.
   *
   * @param decoder the model, with the adaptation on it
   * @param adaptation what trains
   * @param base folder of the base's weights
   * @param encoder turns rows into samples
   * @param output where the run keeps what is expensive to compute; empty to keep nothing
   * @param batchSize examples a batch
   * @param recompute whether layers are recomputed in the backward pass to save memory
   * @param seed decides the order of examples
   */
  record Run(
      Decoder decoder,
      Adaptation adaptation,
      Path base,
      ExampleEncoder encoder,
      Optional<Path> output,
      int batchSize,
      boolean recompute,
      long seed) {}

  /**
   * Describes everything that decides what the term does, its data included.
   *
   * @param encoder turns rows into samples
   * @return a text that is the same for the same term
   */
  String identity(ExampleEncoder encoder);

  /**
   * Returns the examples of what is not to be forgotten.
   *
   * @return the data; empty if the term looks at none
   */
  Optional<Dataset> reference();

  /**
   * Makes the term, with the trained values as they are now as its base.
   *
   * @param run what it is made for
   * @return the term, closed by the caller
   */
  Penalty start(Run run);
}
