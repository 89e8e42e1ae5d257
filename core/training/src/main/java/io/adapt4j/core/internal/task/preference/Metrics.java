package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.preference.PreferenceLoss;
import java.util.ArrayList;
import java.util.List;

/** Names of the metrics besides the loss. */
public final class Metrics {

  static final String REWARD_CHOSEN = "reward_chosen";
  static final String REWARD_REJECTED = "reward_rejected";
  static final String MARGIN = "margin";
  static final String ACCURACY = "accuracy";
  static final String KL = "kl";
  static final String NLL = "nll";
  static final String LOGP_CHOSEN = "logp_chosen";
  static final String LOGP_REJECTED = "logp_rejected";
  static final String LENGTH_CHOSEN = "length_chosen";
  static final String LENGTH_REJECTED = "length_rejected";

  private Metrics() {}

  /** Returns the metrics that can select the best checkpoint with a loss. */
  public static List<String> selectable(PreferenceLoss loss) {
    List<String> names = new ArrayList<>(List.of(ACCURACY));
    if (!(LossSettings.of(loss) instanceof Kto)) {
      names.add(MARGIN);
    }
    return names;
  }
}
