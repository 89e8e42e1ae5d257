package io.adapt4j.verification.golden;

import static java.util.Map.entry;

import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import java.util.Map;

/** Registry of the checks of methods, each of a part in a JSON file of its name. */
final class Methods2Check {

  /** Checks by the file name of their part. */
  private static final Map<String, Kind.Check> PARTS =
      Map.ofEntries(
          // One line for each part.
          entry("merging.json", MergingCheck::run),
          entry("optimizers.json", OptimizersCheck::run),
          entry("packing.json", PackingCheck::run),
          entry("rope.json", RopeCheck::run));

  static final Kind KIND =
      new Kind(
          "methods2",
          source ->
              source.isFile()
                  && source.hasAny("versions", "notes")
                  && PARTS.containsKey(part(source)),
          (source, section) -> PARTS.get(part(source)).run(source, section));

  private Methods2Check() {}

  private static String part(GoldenSource source) {
    return String.valueOf(source.path().getFileName());
  }
}
