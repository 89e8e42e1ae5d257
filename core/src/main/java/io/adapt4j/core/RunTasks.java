package io.adapt4j.core;

import io.adapt4j.core.task.Task;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.task.TextProblem;
import io.adapt4j.core.internal.describe.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The key {@code task}. */
final class RunTasks {

  private static final String NEXT_TOKENS = "nextTokens";
  private static final String MASKED_TOKENS = "maskedTokens";
  private static final String EMBEDDINGS = "embeddings";
  private static final String REWARD = "reward";
  private static final String MARGIN = "margin";
  private static final String CENTRING = "centring";
  private static final String SCALE = "scale";
  private static final String QUERY_PROMPT = "queryPrompt";
  private static final String PASSAGE_PROMPT = "passagePrompt";
  private static final String LABELS = "labels";
  private static final String REPLACE = "replaceClassifier";
  private static final String PROBABILITY = "probability";

  private static final List<Task.Labelled> LABELLED =
      List.of(
          Task.classification(), Task.multiLabel(), Task.regression(), Task.tokenClassification());

  private RunTasks() {}

  private static String name(Task.Labelled task) {
    return switch (task.problem()) {
      case ONE_LABEL -> "classification";
      case MANY_LABELS -> "multiLabel";
      case NUMBER -> "regression";
      case TOKEN_LABELS -> "tokenClassification";
    };
  }

  static Optional<Task> read(Fields fields) {
    Optional<Fields.Named> named = fields.named("task");
    if (named.isEmpty()) {
      return Optional.empty();
    }
    Fields options = named.get().options();
    String name = named.get().name();
    if (name.equals(RunReinforcement.GRPO) || name.equals(RunReinforcement.PPO)) {
      return RunReinforcement.read(name, options);
    }
    Optional<Task> task =
        switch (name) {
          case NEXT_TOKENS -> Optional.of(Task.nextTokens());
          case MASKED_TOKENS -> Optional.of(masked(options));
          case EMBEDDINGS -> Optional.of(embeddings(options));
          case REWARD -> Optional.of(reward(options));
          default ->
              RunPreferences.NAMES.contains(name)
                  ? RunPreferences.read(name, options)
                  : LABELLED.stream()
                      .filter(one -> name(one).equals(name))
                      .findFirst()
                      .map(one -> labelled(one, options));
        };
    if (task.isPresent() || RunPreferences.NAMES.contains(name)) {
      options.finish();
    } else {
      List<String> names = new ArrayList<>(List.of(NEXT_TOKENS, MASKED_TOKENS, EMBEDDINGS, REWARD));
      LABELLED.forEach(one -> names.add(name(one)));
      names.addAll(RunPreferences.NAMES);
      names.addAll(List.of(RunReinforcement.GRPO, RunReinforcement.PPO));
      fields.refuse("task", name, names);
    }
    return task;
  }

  private static Task masked(Fields options) {
    return Task.maskedTokens(
        options
            .number(PROBABILITY, "above 0 and below 1", value -> value > 0 && value < 1)
            .orElse(Task.MASKING));
  }

  private static Task embeddings(Fields options) {
    Task.Embeddings usual = Task.embeddings();
    return new Task.Embeddings(
        options.number(SCALE, "above 0", value -> value > 0).orElse(usual.scale()),
        options.text(QUERY_PROMPT).orElse(usual.queryPrompt()),
        options.text(PASSAGE_PROMPT).orElse(usual.passagePrompt()));
  }

  private static Task reward(Fields options) {
    return new Task.Reward(
        options.text(MARGIN).orElse(""),
        options.number(CENTRING, "of at least 0", value -> value >= 0).orElse(0.0));
  }

  private static Task labelled(Task.Labelled task, Fields options) {
    boolean hasClasses = task.problem() != TextProblem.NUMBER;
    List<String> labels = hasClasses ? options.texts(LABELS) : List.of();
    Task.Labelled labelled = task.labels(labels.toArray(String[]::new));
    return options.flag(REPLACE).orElse(false) ? labelled.replaceClassifier() : labelled;
  }

  /** Tells a task; empty if part of it is code. */
  static Optional<JsonNode> write(Task task) {
    if (task instanceof Task.Reinforced reinforced) {
      return RunReinforcement.write(reinforced.algorithm()).map(JsonNode.class::cast);
    }
    return Optional.of(told(task));
  }

  private static JsonNode told(Task task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    if (task instanceof Task.MaskedTokens masked) {
      keys.putObject(MASKED_TOKENS).put(PROBABILITY, masked.probability());
      return keys;
    }
    if (task instanceof Task.Reward reward) {
      ObjectNode options = keys.putObject(REWARD);
      if (!reward.marginField().isEmpty()) {
        options.put(MARGIN, reward.marginField());
      }
      options.put(CENTRING, reward.centring());
      return keys;
    }
    if (task instanceof Task.Embeddings embeddings) {
      keys.putObject(EMBEDDINGS)
          .put(SCALE, embeddings.scale())
          .put(QUERY_PROMPT, embeddings.queryPrompt())
          .put(PASSAGE_PROMPT, embeddings.passagePrompt());
      return keys;
    }
    if (task instanceof Task.Preferences preferences) {
      return RunPreferences.write(preferences);
    }
    if (task instanceof Task.Labelled labelled) {
      ObjectNode options = keys.putObject(name(labelled));
      if (!labelled.labels().isEmpty()) {
        labelled.labels().forEach(options.putArray(LABELS)::add);
      }
      options.put(REPLACE, labelled.replacesClassifier());
      return keys;
    }
    return TextNode.valueOf(NEXT_TOKENS);
  }
}
