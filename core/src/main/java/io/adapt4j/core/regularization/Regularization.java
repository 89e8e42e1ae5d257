package io.adapt4j.core.regularization;

import io.adapt4j.core.data.Dataset;
import java.util.Optional;

/**
 * What keeps a model close to what it was, so that it learns something new and forgets less. "The
 * base" is the model as it was before the run's first step.
 */
public sealed interface Regularization permits Ewc, L2ToBase, KlToBase {

  /** {@return the examples of what is not to be forgotten; empty if the term looks at none} */
  Optional<Dataset> reference();
}
