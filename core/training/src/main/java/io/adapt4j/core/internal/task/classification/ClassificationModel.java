package io.adapt4j.core.internal.task.classification;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.load.ClassNames;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.task.ClassificationTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Finds the checkpoint's model with a classification head. */
public final class ClassificationModel {

  private static final String LABELS = "id2label";

  private ClassificationModel() {}

  /**
   * Returns the model of a task, collecting labels from the data if the task does not state them.
   */
  public static TaskModel of(
      ClassificationTask task, Path folder, StoredModel stored, Dataset train) {
    ModelConfig base = stored.config();
    OutputLayer layer =
        task.problem() == ClassificationProblem.TOKEN
            ? OutputLayer.TOKEN_CLASSES
            : OutputLayer.CLASSES;
    Optional<List<String>> present =
        layer.isOf(base) && !task.replacesClassifier()
            ? Optional.of(ClassNames.of(base))
            : Optional.empty();
    List<String> labels = labels(task, base, present, train);
    ModelConfig config = withPadding(TaskModel.withOutput(base, layer), folder);
    return new TaskModel(
        folder,
        stored.weights(),
        withLabels(config, task.problem(), labels),
        labels,
        false,
        layer.isOf(base) && task.replacesClassifier());
  }

  private static List<String> labels(
      ClassificationTask task, ModelConfig base, Optional<List<String>> present, Dataset train) {
    if (task.problem() == ClassificationProblem.REGRESSION) {
      if (!task.labels().isEmpty()) {
        throw new IllegalArgumentException(
            "labels: expected none for a regression, found " + task.labels());
      }
      List<String> list = present.orElse(List.of("LABEL_0"));
      if (list.size() != 1) {
        throw other(base, list, "one number");
      }
      return list;
    }
    if (task.labels().isEmpty() && train == null) {
      throw new IllegalArgumentException(
          "no labels: give a dataset that has them, or state them with labels(...)");
    }
    List<String> wanted = task.labels().isEmpty() ? LabelSet.in(train).names() : task.labels();
    if (present.isEmpty()) {
      requireEnough(task.problem(), wanted);
      return wanted;
    }
    LabelSet known = LabelSet.of(present.get());
    boolean stated = !task.labels().isEmpty();
    boolean fits =
        stated
            ? wanted.equals(present.get())
            : wanted.stream().allMatch(label -> known.find(label).isPresent());
    if (!fits) {
      throw other(base, present.get(), "the classes " + wanted);
    }
    return present.get();
  }

  private static void requireEnough(ClassificationProblem problem, List<String> labels) {
    int least = problem == ClassificationProblem.MULTI_LABEL ? 1 : 2;
    if (labels.size() < least) {
      throw new IllegalArgumentException(
          ("labels: expected at least %s labels to tell apart, found %s. Check the field of"
                  + " the label, or state the labels.")
              .formatted(least, labels));
    }
  }

  private static RuntimeException other(ModelConfig base, List<String> found, String wanted) {
    return new IllegalArgumentException(
        ("%s: %s: the checkpoint scores the classes %s, but the task needs %s. Say"
                + " replaceClassifier() to train a new classifier in its place.")
            .formatted(base.fields().file(), LABELS, found, wanted));
  }

  /** Sets the padding token, by which Transformers' decoders find the last token of a text. */
  private static ModelConfig withPadding(ModelConfig config, Path folder) {
    if (config.padTokenId().isPresent()) {
      return config;
    }
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      return config.with("pad_token_id", IntNode.valueOf(tokenizer.paddingId()));
    }
  }

  private static ModelConfig withLabels(
      ModelConfig config, ClassificationProblem problem, List<String> labels) {
    ObjectNode byNumber = JsonNodeFactory.instance.objectNode();
    ObjectNode byName = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < labels.size(); i++) {
      byNumber.put(String.valueOf(i), labels.get(i));
      byName.put(labels.get(i), i);
    }
    ModelConfig named =
        config
            .with(LABELS, byNumber)
            .with("label2id", byName)
            .with("num_labels", IntNode.valueOf(labels.size()));
    return switch (problem) {
      case SINGLE_LABEL ->
          named.with("problem_type", TextNode.valueOf("single_label_classification"));
      case MULTI_LABEL ->
          named.with("problem_type", TextNode.valueOf("multi_label_classification"));
      case REGRESSION -> named.with("problem_type", TextNode.valueOf("regression"));
      case TOKEN -> named;
    };
  }
}
