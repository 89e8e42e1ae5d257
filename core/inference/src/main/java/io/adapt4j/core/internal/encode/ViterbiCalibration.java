package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.config.ConfigReader;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reader of {@code viterbi_calibration.json}, the biases of a token classifier's transitions. */
public final class ViterbiCalibration {

  public static final String FILE = "viterbi_calibration.json";

  private static final String POINTS = "operating_points";
  private static final String BIASES = "biases";
  private static final String PREFIX = "transition_bias_";

  private static final List<String> NAMES =
      List.of(
          "background_stay",
          "background_to_start",
          "inside_to_continue",
          "inside_to_end",
          "end_to_background",
          "end_to_start");

  private ViterbiCalibration() {}

  public static BioesBiases read(Path file, String point) {
    ConfigReader all = ConfigReader.read(file);
    requireOnly(all, Set.of(POINTS));
    ConfigReader points =
        all.child(POINTS)
            .orElseThrow(() -> all.invalid(POINTS, "an object", "Add it, or remove the file."));
    ConfigReader own =
        points
            .child(point)
            .orElseThrow(
                () ->
                    points.invalid(
                        point,
                        "one of the operating points " + fields(points),
                        "Choose one of them, or add it."));
    requireOnly(own, Set.of(BIASES));
    ConfigReader biases =
        own.child(BIASES).orElseThrow(() -> own.invalid(BIASES, "an object", "Add it."));
    Set<String> known = new HashSet<>();
    NAMES.forEach(name -> known.add(PREFIX + name));
    requireOnly(biases, known);
    double[] values = NAMES.stream().mapToDouble(name -> bias(biases, PREFIX + name)).toArray();
    return new BioesBiases(values[0], values[1], values[2], values[3], values[4], values[5]);
  }

  private static double bias(ConfigReader biases, String name) {
    double value = biases.optionalNumber(name).orElse(Double.NaN);
    if (!Double.isFinite(value)) {
      throw biases.invalid(name, "a number", "Add it; 0 for no bias.");
    }
    return value;
  }

  private static void requireOnly(ConfigReader object, Set<String> known) {
    for (String field : fields(object)) {
      if (!known.contains(field)) {
        throw object.invalid(
            field, "only " + known.stream().sorted().toList(), "This build knows no other field.");
      }
    }
  }

  private static List<String> fields(ConfigReader object) {
    return object.json().properties().stream().map(Map.Entry::getKey).toList();
  }
}
