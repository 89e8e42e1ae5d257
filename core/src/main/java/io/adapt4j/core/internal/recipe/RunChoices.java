package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.core.plan.FineTunePlan;
import java.util.List;
import java.util.Set;

/** Where the values of a run come from. */
public record RunChoices(TrainingDefaults defaults, Set<String> stated, List<String> questions) {

  /** What the run does about the options whose defaults depend on the method and the task. */
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

  /** What a new classifier starts from. */
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
