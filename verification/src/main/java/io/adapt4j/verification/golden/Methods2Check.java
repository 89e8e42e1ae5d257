package io.adapt4j.verification.golden;

import static java.util.Map.entry;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Map;

/** Checks numbers of methods, each part in a JSON file of its name. */
final class Methods2Check {

  /** Checks by the file name of their part. */
  private static final Map<String, Kind.Check> PARTS =
      Map.ofEntries(
          // One line for each part.
          entry("merging", MergingCheck::run), entry("optimizers", OptimizersCheck::run));

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
    return String.valueOf(source.path().getFileName()).replaceFirst("\\.json$", "");
  }

  /** Opens a part with the file of its tensors. */
  static GoldenFolder open(GoldenSource source, Report.Section section) {
    Path tensors = source.path().resolveSibling(part(source) + ".safetensors");
    return new GoldenFolder(source.path(), source.json(), Checkpoint.openFile(tensors), section);
  }

  /** Returns the worst deviation, tolerated relative to the larger of 1 and the expected value. */
  static Deviation relative(float[] found, float[] expected, double tolerance) {
    if (found.length != expected.length) {
      throw new GoldenException("expected " + expected.length + " values, found " + found.length);
    }
    return Deviation.worst(
        expected.length,
        i -> Deviation.of(found[i], expected[i], tolerance * Math.max(1, Math.abs(expected[i]))));
  }
}
