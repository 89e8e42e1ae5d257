package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.core.plan.FineTunePlan;
import java.util.List;
import java.util.Set;

/**
 * Origin of a run's option values: set by the user or default, with warnings about unusual ones.
 */
public record RunChoices(TrainingDefaults defaults, Set<String> stated, List<String> questions) {

  /** Returns the values of the options whose defaults depend on method and task. */
  public List<FineTunePlan.Option> options(TrainingOptions training, int batchSize) {
    return List.of(
        option(
            "learningRate",
            TrainingDefaults.text(training.learningRate()),
            "usual are " + defaults.usualRates()),
        option("epochs", String.valueOf(training.epochs()), ""),
        option("batchSize", String.valueOf(batchSize), ""),
        option("warmup", warmup(training.warmup()), ""));
  }

  /** Returns whether rows of an earlier task are mixed in. */
  public boolean replays() {
    return stated.contains(Options.REPLAY.name());
  }

  /** Describes the initialization of a new classifier. */
  public FineTunePlan.Option headWarmStart(boolean on) {
    return option(
        "headWarmStart",
        on ? "on" : "off",
        on
            ? "the new classifier starts from a linear fit to the untrained model's vectors, the"
                + " frozen baseline, which a plan with timed steps and the evaluation before"
                + " training measure"
            : "the new classifier starts from random values");
  }

  private static String warmup(Warmup warmup) {
    return warmup instanceof Warmup.Ratio ratio
        ? ratio.ratio() + " of the steps"
        : ((Warmup.Steps) warmup).count() + " steps";
  }

  private FineTunePlan.Option option(String key, String value, String note) {
    return new FineTunePlan.Option(key, value, !stated.contains(key), note);
  }
}
