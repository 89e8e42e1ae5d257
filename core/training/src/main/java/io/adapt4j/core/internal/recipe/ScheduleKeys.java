package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.core.train.LearningRateSchedule;
import java.util.List;
import java.util.Optional;

/** The keys {@code schedule}, {@code warmupRatio} and {@code warmupSteps}. */
final class ScheduleKeys {

  static final List<String> NAMES =
      List.of(
          "constant", "linear", "cosine", "cosineWithRestarts", "polynomial", "warmupStableDecay");

  private ScheduleKeys() {}

  static Optional<LearningRateSchedule> read(Fields fields) {
    Optional<Fields.Named> named = fields.named("schedule");
    if (named.isEmpty()) {
      return Optional.empty();
    }
    Fields options = named.get().options();
    Optional<LearningRateSchedule> schedule =
        switch (named.get().name()) {
          case "constant" -> Optional.of(LearningRateSchedule.CONSTANT);
          case "linear" -> Optional.of(LearningRateSchedule.LINEAR);
          case "cosine" ->
              Optional.of(
                  end(options)
                      .map(LearningRateSchedule::cosineTo)
                      .orElse(LearningRateSchedule.COSINE));
          case "cosineWithRestarts" -> {
            options.require("cycles", "Write how often the rate falls.");
            yield options.integer("cycles", 1).map(LearningRateSchedule::cosineWithRestarts);
          }
          case "polynomial" -> {
            options.require("power", "Write 1 for a line.");
            double end = end(options).orElse(0.0);
            yield options
                .number("power", "above 0", value -> value > 0)
                .map(power -> LearningRateSchedule.polynomial(power, end));
          }
          case "warmupStableDecay" -> {
            options.require("decayRatio", "Write the share of the steps in which the rate falls.");
            yield options
                .number("decayRatio", "above 0 and up to 1", value -> value > 0 && value <= 1)
                .map(LearningRateSchedule::warmupStableDecay);
          }
          default -> {
            fields.refuse("schedule", named.get().name(), NAMES);
            yield Optional.empty();
          }
        };
    if (NAMES.contains(named.get().name())) {
      options.finish();
    }
    return schedule;
  }

  private static Optional<Double> end(Fields options) {
    return options.number("end", "of at least 0 and below 1", value -> value >= 0 && value < 1);
  }

  /** Writes a schedule; empty if it is user code. */
  static Optional<JsonNode> write(LearningRateSchedule schedule) {
    if (schedule.isCustom()) {
      return Optional.empty();
    }
    if (schedule.options().isEmpty()) {
      return Optional.of(TextNode.valueOf(schedule.name()));
    }
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    ObjectNode options = keys.putObject(schedule.name());
    schedule.options().forEach((name, value) -> options.set(name, number(value)));
    return Optional.of(keys);
  }

  private static JsonNode number(double value) {
    return value == Math.rint(value) ? IntNode.valueOf((int) value) : DoubleNode.valueOf(value);
  }

  static Optional<JsonNode> warmupRatio(Warmup warmup) {
    return warmup instanceof Warmup.Ratio one
        ? Optional.of(DoubleNode.valueOf(one.ratio()))
        : Optional.empty();
  }

  static Optional<JsonNode> warmupSteps(Warmup warmup) {
    return warmup instanceof Warmup.Steps one
        ? Optional.of(IntNode.valueOf(one.count()))
        : Optional.empty();
  }
}
