package io.adapt4j.core;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.TimedSteps;
import java.util.Locale;
import java.util.Optional;

/**
 * What a run will do, known before any weight is read.
 *
 * @param steps optimizer steps
 * @param trainExamples rows trained on
 * @param validationExamples rows held out
 * @param leftOut rows that cannot be used: too long, or nothing to learn in them
 * @param truncated rows that are cut to the sequence limit
 * @param split rows that are split to the sequence limit
 * @param targetTokensPerEpoch tokens learned from in one pass; texts where labels are of texts; 0
 *     in reinforcement learning, whose tokens {@code rollouts} tells
 * @param trainableParameters values that train
 * @param totalParameters values of the base model
 * @param forecast predicted memory, in a plan of {@link FineTuner#plan}
 * @param timed how long some steps took, where they were asked for
 * @param rollouts what is generated, in reinforcement learning
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
    Optional<Forecast> forecast,
    Optional<TimedSteps> timed,
    Optional<RolloutPlan> rollouts) {

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
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  FineTunePlan with(Forecast memory, Optional<TimedSteps> time) {
    return new FineTunePlan(
        steps,
        trainExamples,
        validationExamples,
        leftOut,
        truncated,
        split,
        targetTokensPerEpoch,
        trainableParameters,
        totalParameters,
        Optional.of(memory),
        time,
        rollouts);
  }

  FineTunePlan with(RolloutPlan generated) {
    return new FineTunePlan(
        steps,
        trainExamples,
        validationExamples,
        leftOut,
        truncated,
        split,
        targetTokensPerEpoch,
        trainableParameters,
        totalParameters,
        forecast,
        timed,
        Optional.of(generated));
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
    return counts
        + forecast.map(one -> "memory:\n" + one.text()).orElse("")
        + timed.map(TimedSteps::text).orElse("");
  }

  /**
   * Writes the plan as JSON.
   *
   * @return an object with the names of the components; {@code memory} holds the forecast
   */
  public JsonNode json() {
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
    rollouts.ifPresent(
        one ->
            json.putObject("rollouts")
                .put("prompts", one.prompts())
                .put("completions", one.completions())
                .put("completionsPerPrompt", one.completionsPerPrompt())
                .put("maxNewTokens", one.maxNewTokens())
                .put("mostTokens", one.mostTokens())
                .put("passes", one.passes()));
    forecast.ifPresent(one -> json.set("memory", one.json()));
    timed.ifPresent(one -> json.set("timed", one.json()));
    return json;
  }
}
