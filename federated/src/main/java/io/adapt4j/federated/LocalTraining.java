package io.adapt4j.federated;

import io.adapt4j.core.FineTuner;
import java.io.Serializable;

/** Sets the options of a site's training in a round. */
@FunctionalInterface
public interface LocalTraining extends Serializable {

  /**
   * Sets options such as epochs, batch size, learning rate and task. Model, data, method and output
   * are set afterwards, whatever is said of them here.
   *
   * @param builder the training of one site in one round
   * @param round which
   */
  void configure(FineTuner.Builder builder, SiteRound round);
}
