package io.adapt4j.core.internal.train;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Human-readable description of a run's settings. */
public final class SettingsText {

  /** The setting that names the run's folder. */
  public static final String OUTPUT = "output";

  /** The setting for the files of an earlier run in that folder. */
  public static final String EARLIER_RUN = "earlier run";

  /** Value of {@link #EARLIER_RUN}: they are replaced. */
  public static final String REPLACED = "replaced";

  /** Parts of the run's identity that the options do not contain. */
  private static final List<String> FROM_IDENTITY =
      List.of("method", "training data", "validation data", "batch");

  private SettingsText() {}

  static Map<String, String> of(TrainingOptions options, Path output) {
    Map<String, String> text = new LinkedHashMap<>();
    Map<String, String> identity = options.states().identity();
    FROM_IDENTITY.stream()
        .filter(identity::containsKey)
        .forEach(name -> text.put(name, identity.get(name)));
    text.put("accumulation", options.accumulation() + " micro-batches a step");
    text.put("learning rate", options.learningRate() + ", " + options.schedule());
    text.put("warm-up", warmup(options.warmup()));
    TrainingStep.Settings step = options.step();
    text.put("optimizer", step.optimizer().toString());
    text.put("weight decay", String.valueOf(step.weightDecay()));
    text.put(
        "gradient clipping",
        step.maxGradientNorm() > 0 ? "to a norm of " + step.maxGradientNorm() : "none");
    text.put("gradient checkpointing", step.recompute() ? "on" : "off");
    step.rates()
        .forEach(rate -> text.put("learning rate of " + rate.names(), "times " + rate.factor()));
    text.put("evaluation", every(options.evaluationInterval()));
    text.put("best checkpoint", options.keepBest() ? "kept" : "not kept");
    text.put(
        "early stopping",
        options
            .earlyStopping()
            .map(rule -> "after " + rule.patience() + " evaluations without improvement")
            .orElse("off"));
    text.put(
        "states to resume from",
        options.states().kept() > 0
            ? every(options.states().interval()) + ", the newest " + options.states().kept()
            : "none");
    text.put("seed", String.valueOf(options.seed()));
    text.put(OUTPUT, output.toString());
    return text;
  }

  private static String warmup(Warmup warmup) {
    if (warmup instanceof Warmup.Ratio ratio) {
      return ratio.ratio() + " of the steps";
    }
    return ((Warmup.Steps) warmup).count() + " steps";
  }

  private static String every(int interval) {
    return interval == 0 ? "each epoch" : "every " + interval + " steps";
  }
}
