package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.RopeScalingReader;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Report;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/** Checks rotary frequencies, read from a configuration, and their cosines and sines. */
final class RopeCheck {

  private static final double TOLERANCE = 1e-6;
  private static final String LENGTH = ".seq_len";

  private RopeCheck() {}

  static void run(GoldenSource source, Report.Section section) {
    try (GoldenFolder golden = GoldenFolder.open(source, section)) {
      section.each(
          "",
          source.json().path("cases"),
          (name, values) -> {
            RotaryFrequencies frequencies = frequencies(source, values);
            for (String table : golden.names("inv_freq." + name)) {
              String own = table.substring("inv_freq.".length());
              if (own.equals(name) || own.startsWith(name + LENGTH)) {
                compare(golden, own, frequencies, values);
              }
            }
          });
    }
  }

  private static RotaryFrequencies frequencies(GoldenSource source, JsonNode values) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.set("rope_parameters", values.path("rope_parameters"));
    config.set("max_position_embeddings", values.path("max_position_embeddings"));
    ConfigReader reader = ConfigReader.parse(source.path(), config.toString());
    return RotaryFrequencies.of(
        values.at("/rope_parameters/rope_theta").asDouble(10000),
        values.path("head_dim").asInt(),
        values.path("max_position_embeddings").asInt(),
        RopeScalingReader.scaling(reader, Optional.empty()));
  }

  private static void compare(
      GoldenFolder golden, String name, RotaryFrequencies frequencies, JsonNode values) {
    int at = name.indexOf(LENGTH);
    int length =
        at < 0
            ? values.path("max_position_embeddings").asInt()
            : Integer.parseInt(name.substring(at + LENGTH.length()));
    float[] found = frequencies.inverseFrequencies(length);
    float[] wanted = golden.floats("inv_freq." + name);
    golden.compared(name + " inv_freq", Deviation.of(found, wanted, 0, TOLERANCE));
    golden.compared(
        name + " attention_factor",
        Deviation.of(
            frequencies.attentionFactor(),
            values.path("attention_factor").path(name),
            0,
            TOLERANCE));
    for (String table : List.of("cos", "sin")) {
      DoubleUnaryOperator function = table.equals("cos") ? Math::cos : Math::sin;
      float[] angles = turned(golden.longs("positions"), found, frequencies, function);
      golden.compared(
          name + " " + table,
          Deviation.relative(angles, golden.floats(table + "." + name), TOLERANCE));
    }
  }

  /** Returns a function of the angles, computed in double precision from the frequencies. */
  private static float[] turned(
      long[] positions,
      float[] inverse,
      RotaryFrequencies frequencies,
      DoubleUnaryOperator function) {
    float[] values = new float[positions.length * inverse.length];
    for (int i = 0; i < values.length; i++) {
      double angle = (double) positions[i / inverse.length] * inverse[i % inverse.length];
      values[i] = (float) (function.applyAsDouble(angle) * frequencies.attentionFactor());
    }
    return values;
  }
}
