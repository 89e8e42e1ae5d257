package io.adapt4j.verification.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.train.TrainingStep;
import java.util.LinkedHashMap;
import java.util.Map;

/** Worst deviations of named quantities over the steps of a run. */
public final class Series {

  private final Map<String, Deviation> worst = new LinkedHashMap<>();

  public void add(String quantity, Deviation deviation) {
    worst.merge(quantity, deviation, Deviation::or);
  }

  /** Adds the losses and the gradient norm of a step. */
  public void step(TrainingStep.Outcome found, JsonNode wanted, double tolerance) {
    JsonNode micro = wanted.path("micro_losses");
    for (int i = 0; i < found.microLosses().size(); i++) {
      add("micro_losses", Deviation.of(found.microLosses().get(i), micro.path(i), tolerance));
    }
    add("loss", Deviation.of(found.loss(), wanted.path("loss"), tolerance));
    JsonNode norm = wanted.path("grad_norm");
    add("grad_norm", Deviation.of(found.gradientNorm(), norm, tolerance, tolerance));
  }

  /** Reports every quantity, in order of its first deviation. */
  public void report(String prefix, Report.Section section) {
    worst.forEach((quantity, deviation) -> section.compared(prefix + quantity, deviation));
  }
}
