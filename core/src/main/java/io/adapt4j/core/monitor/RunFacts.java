package io.adapt4j.core.monitor;

import io.adapt4j.core.train.RunStart;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Words what is known when a run starts, by name, in the order to show it. */
final class RunFacts {

  private RunFacts() {}

  static Map<String, String> of(RunStart start) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model", start.model());
    facts.put("precision", start.precision());
    facts.put(
        "trained",
        String.format(
            Locale.ROOT,
            "%,d of %,d parameters (%.2f %%)",
            start.trainableParameters(),
            start.totalParameters(),
            100.0 * start.trainableParameters() / Math.max(1, start.totalParameters())));
    facts.put(
        "training examples",
        start.trainExamples() > 0
            ? String.format(Locale.ROOT, "%,d", start.trainExamples())
            : "streamed");
    facts.put(
        "validation examples",
        start.validationExamples() > 0
            ? String.format(Locale.ROOT, "%,d", start.validationExamples())
            : "none");
    facts.put("steps", String.format(Locale.ROOT, "%,d", start.totalSteps()));
    facts.put("epochs", String.valueOf(start.epochs()).replaceAll("\\.0$", ""));
    facts.putAll(start.settings());
    return facts;
  }
}
