package io.adapt4j.core.monitor;

import io.adapt4j.core.train.RunStart;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Facts known when a run starts, by name, in the order to show them. */
final class RunFacts {

  private RunFacts() {}

  /** Returns a short name of the model: the last part of its path, without settings. */
  static String title(RunStart start) {
    String path = start.model().split(", ", 2)[0].replaceAll("[/\\\\]+$", "");
    String name = path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
    return name.isBlank() ? start.model() : name;
  }

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
