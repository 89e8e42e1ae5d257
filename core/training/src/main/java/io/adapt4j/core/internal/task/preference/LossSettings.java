package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.preference.PreferenceLoss;
import java.util.Locale;

/**
 * Settings of a preference loss, one type per kind. Their string forms are part of a run's
 * identity.
 */
public sealed interface LossSettings permits Dpo, Kto, Orpo, SimPo, Cpo, CustomLoss {

  static LossSettings of(PreferenceLoss loss) {
    if (loss.custom().isPresent()) {
      return new CustomLoss(loss.custom().get());
    }
    double smoothing = loss.option("labelSmoothing");
    return switch (loss.name()) {
      case "kto" -> kto(loss, true);
      case "apo_zero_unpaired" -> kto(loss, false);
      case "orpo" -> new Orpo(loss.beta());
      case "simpo" -> new SimPo(loss.beta(), loss.option("gamma"), smoothing, loss.option("alpha"));
      case "cpo" -> new Cpo(loss.beta(), loss.option("alpha"), smoothing);
      default ->
          new Dpo(loss.beta(), Dpo.Form.valueOf(loss.name().toUpperCase(Locale.ROOT)), smoothing);
    };
  }

  private static Kto kto(PreferenceLoss loss, boolean estimatesDivergence) {
    return new Kto(
        loss.beta(),
        loss.option("desirableWeight"),
        loss.option("undesirableWeight"),
        estimatesDivergence);
  }
}
