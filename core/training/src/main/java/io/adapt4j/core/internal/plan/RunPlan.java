package io.adapt4j.core.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.plan.Advice;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.plan.TimedSteps;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** Plan of a run, with a breakdown of its memory. */
public record RunPlan(
    int steps,
    int trainExamples,
    int validationExamples,
    int leftOut,
    int truncated,
    int split,
    long targetTokensPerEpoch,
    long trainableParameters,
    long totalParameters,
    List<Option> options,
    List<String> questions,
    List<String> dataFindings,
    Optional<Forecast> forecast,
    Optional<TimedSteps> timed,
    Map<String, Double> frozenBaseline,
    Optional<RolloutPlan> rollouts,
    List<String> notes)
    implements FineTunePlan {

  /** The largest share of the frozen classifier's errors in docs/tasks.md that tuning removed. */
  private static final double MOST_ERRORS_REMOVED = 0.21;

  /** Copies the lists. */
  public RunPlan {
    options = List.copyOf(options);
    questions = List.copyOf(questions);
    dataFindings = List.copyOf(dataFindings);
    notes = List.copyOf(notes);
    frozenBaseline = Collections.unmodifiableMap(new LinkedHashMap<>(frozenBaseline));
  }

  /** Describes the amount of training data in an epoch. */
  private String learned() {
    return rollouts
        .map(RolloutPlan::text)
        .orElseGet(
            () ->
                String.format(
                    Locale.ROOT, "%,d tokens learned from an epoch", targetTokensPerEpoch));
  }

  @Override
  public OptionalLong peakBytes() {
    return forecast
        .map(memory -> OptionalLong.of(memory.memory().peakBytes()))
        .orElse(OptionalLong.empty());
  }

  @Override
  public boolean fits() {
    return forecast.map(Forecast::fits).orElse(true);
  }

  @Override
  public List<Advice> advice() {
    return forecast.map(Forecast::advice).orElse(List.of());
  }

  @Override
  public String text() {
    String counts =
        String.format(
            Locale.ROOT,
            "%,d steps over %,d examples (%,d held out, %,d left out, %,d cut, %,d split)%n"
                + "%s%n"
                + "%,d of %,d parameters train (%.4f %%)%n",
            steps,
            trainExamples,
            validationExamples,
            leftOut,
            truncated,
            split,
            learned(),
            trainableParameters,
            totalParameters,
            100 * trainableRatio());
    return questions.stream().map(part -> "Warning: " + part + "\n").collect(Collectors.joining())
        + dataFindings.stream().map(part -> "Data: " + part + "\n").collect(Collectors.joining())
        + counts
        + options.stream().map(RunPlan::text).collect(Collectors.joining())
        + forecast.map(part -> "memory:\n" + part.text()).orElse("")
        + timed.map(TimedSteps::text).orElse("")
        + baseline()
        + notes.stream().map(note -> "note: " + note + "\n").collect(Collectors.joining());
  }

  private String baseline() {
    return frozenBaseline.isEmpty()
        ? ""
        : "  frozen baseline: "
            + frozenBaseline.entrySet().stream()
                .map(
                    metric ->
                        String.format(Locale.ROOT, "%s %.4f", metric.getKey(), metric.getValue()))
                .collect(Collectors.joining(", "))
            + "\n"
            + frozenAdvice();
  }

  /** Says what fine-tuning may gain over a linear layer on the frozen model. */
  private String frozenAdvice() {
    Double accuracy = frozenBaseline.get("accuracy");
    if (accuracy == null) {
      return "";
    }
    double points = 100 * (1 - accuracy) * MOST_ERRORS_REMOVED;
    return String.format(
        Locale.ROOT,
        "    with text classifiers, fine-tuning removed at most %.0f %% of the frozen baseline's"
            + " errors, here %.1f points of accuracy%s%n",
        100 * MOST_ERRORS_REMOVED,
        points,
        points < 1
            ? ": a frozen encoder with a linear layer would do (full fine-tuning that trains only"
                + " the classifier)"
            : "");
  }

  @Override
  public String json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("steps", steps);
    json.put("trainExamples", trainExamples);
    json.put("validationExamples", validationExamples);
    json.put("leftOut", leftOut);
    json.put("truncated", truncated);
    json.put("split", split);
    json.put("targetTokensPerEpoch", targetTokensPerEpoch);
    json.put("trainableParameters", trainableParameters);
    json.put("totalParameters", totalParameters);
    ArrayNode chosen = json.putArray("options");
    options.forEach(part -> chosen.add(json(part)));
    questions.forEach(json.putArray("warnings")::add);
    dataFindings.forEach(json.putArray("data")::add);
    notes.forEach(json.putArray("notes")::add);
    rollouts.ifPresent(
        part ->
            json.putObject("rollouts")
                .put("prompts", part.prompts())
                .put("completions", part.completions())
                .put("completionsPerPrompt", part.completionsPerPrompt())
                .put("maxNewTokens", part.maxNewTokens())
                .put("mostTokens", part.mostTokens())
                .put("passes", part.passes()));
    forecast.ifPresent(part -> json.set("memory", Json.written(part.json())));
    timed.ifPresent(part -> json.set("timed", Json.written(part.json())));
    if (!frozenBaseline.isEmpty()) {
      ObjectNode baseline = json.putObject("frozenBaseline");
      frozenBaseline.forEach(baseline::put);
    }
    return Json.indented(json);
  }

  private static String text(Option option) {
    String origin = option.isDefault() ? "default" : "stated";
    return String.format(
        Locale.ROOT,
        "  %-15s%s (%s)%n",
        option.name(),
        option.value(),
        option.note().isEmpty() ? origin : origin + "; " + option.note());
  }

  private static JsonNode json(Option option) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", option.name());
    json.put("value", option.value());
    json.put("default", option.isDefault());
    json.put("note", option.note());
    return json;
  }
}
