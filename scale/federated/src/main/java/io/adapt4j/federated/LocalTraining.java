package io.adapt4j.federated;

import io.adapt4j.core.finetune.FineTuner;
import java.io.Serializable;

/** Sets the options of a site's training in a round. */
@FunctionalInterface
public interface LocalTraining extends Serializable {

  /**
   * Sets options such as epochs, batch size, learning rate and task. Model, data, method and output
   * are overridden afterwards.
   *
   * @param builder builder of one site's training in one round
   * @param round the site and round
   */
  void configure(FineTuner.Builder builder, SiteRound round);
}
