package io.adapt4j.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a run will do, known before any weight is read.
 *
 * @param steps optimizer steps
 * @param trainExamples rows trained on
 * @param validationExamples rows held out
 * @param leftOut rows that cannot be used: too long, or nothing to learn in them
 * @param truncated rows that are cut to the sequence limit
 * @param split rows that are split to the sequence limit
 * @param targetTokensPerEpoch tokens learned from in one pass; texts where labels are of texts
 * @param trainableParameters values that train
 * @param totalParameters values of the base model
 * @param options what the run does about learning rate, epochs, batch size and warm-up
 * @param questions what is unusual about the run, but no reason to refuse it; see {@code
 *     FineTuner.questions}
 * @param forecast predicted memory, in a plan of {@code FineTuner.plan}
 * @param timed how long some steps took, where they were asked for
 * @param rollouts what is generated, in reinforcement learning
 * @param notes what is to be known of the run, one sentence each
 */
public record FineTunePlan(
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
    Optional<Forecast> forecast,
    Optional<TimedSteps> timed,
    Optional<RolloutPlan> rollouts,
    List<String> notes) {

  /**
   * Copies the lists.
   *
   * @param steps optimizer steps
   * @param trainExamples rows trained on
   * @param validationExamples rows held out
   * @param leftOut rows that cannot be used
   * @param truncated rows that are cut to the sequence limit
   * @param split rows that are split to the sequence limit
   * @param targetTokensPerEpoch tokens learned from in one pass
   * @param trainableParameters values that train
   * @param totalParameters values of the base model
   * @param options what the run does about learning rate, epochs, batch size and warm-up
   * @param questions what is unusual about the run
   * @param forecast predicted memory
   * @param timed how long some steps took
   * @param rollouts what is generated
   * @param notes what is to be known of the run
   */
  public FineTunePlan {
    options = List.copyOf(options);
    questions = List.copyOf(questions);
    notes = List.copyOf(notes);
  }

  /**
   * An option whose default depends on the method and the task.
   *
   * @param name its key
   * @param value its value
   * @param isDefault whether it was not stated
   * @param note what the default is for and what is usual; may be empty
   */
  public record Option(String name, String value, boolean isDefault, String note) {

    private String text() {
      String origin = isDefault ? "default" : "stated";
      return String.format(
          Locale.ROOT,
          "  %-15s%s (%s)%n",
          name,
          value,
          note.isEmpty() ? origin : origin + "; " + note);
    }

    private JsonNode json() {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      json.put("name", name);
      json.put("value", value);
      json.put("default", isDefault);
      json.put("note", note);
      return json;
    }
  }

  /**
   * Makes a plan of counts alone.
   *
   * @param steps optimizer steps
   * @param trainExamples rows trained on
   * @param validationExamples rows held out
   * @param leftOut rows that cannot be used
   * @param truncated rows that are cut to the sequence limit
   * @param split rows that are split to the sequence limit
   * @param targetTokensPerEpoch tokens learned from in one pass
   * @param trainableParameters values that train
   * @param totalParameters values of the base model
   */
  public FineTunePlan(
      int steps,
      int trainExamples,
      int validationExamples,
      int leftOut,
      int truncated,
      int split,
      long targetTokensPerEpoch,
      long trainableParameters,
      long totalParameters) {
    this(
        steps,
        trainExamples,
        validationExamples,
        leftOut,
        truncated,
        split,
        targetTokensPerEpoch,
        trainableParameters,
        totalParameters,
        List.of(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  /** What is learned from in an epoch. */
  private String learned() {
    return rollouts
        .map(RolloutPlan::text)
        .orElseGet(
            () ->
                String.format(
                    Locale.ROOT, "%,d tokens learned from an epoch", targetTokensPerEpoch));
  }

  /**
   * Returns the share of the base model's size that trains.
   *
   * @return trainable over total parameters; can exceed 1 only for adapters larger than the model
   */
  public double trainableRatio() {
    return (double) trainableParameters / totalParameters;
  }

  /**
   * Writes the plan for people.
   *
   * @return lines, the last one ended as well
   */
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
    return questions.stream().map(one -> "Warning: " + one + "\n").collect(Collectors.joining())
        + counts
        + options.stream().map(Option::text).collect(Collectors.joining())
        + forecast.map(one -> "memory:\n" + one.text()).orElse("")
        + timed.map(TimedSteps::text).orElse("")
        + notes.stream().map(note -> "note: " + note + "\n").collect(Collectors.joining());
  }

  /**
   * Writes the plan as JSON.
   *
   * @return the text of an object with the names of the components; {@code memory} holds the
   *     forecast
   */
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
    options.forEach(one -> chosen.add(one.json()));
    questions.forEach(json.putArray("warnings")::add);
    notes.forEach(json.putArray("notes")::add);
    rollouts.ifPresent(
        one ->
            json.putObject("rollouts")
                .put("prompts", one.prompts())
                .put("completions", one.completions())
                .put("completionsPerPrompt", one.completionsPerPrompt())
                .put("maxNewTokens", one.maxNewTokens())
                .put("mostTokens", one.mostTokens())
                .put("passes", one.passes()));
    forecast.ifPresent(one -> json.set("memory", Json.written(one.json())));
    timed.ifPresent(one -> json.set("timed", Json.written(one.json())));
    return Json.indented(json);
  }
}
