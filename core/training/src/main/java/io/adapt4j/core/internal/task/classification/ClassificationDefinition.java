package io.adapt4j.core.internal.task.classification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.TaskDefinition;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.task.ClassificationTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Classification and regression of texts, and classification of their words. */
public final class ClassificationDefinition implements TaskDefinition<ClassificationTask> {

  private static final String LABELS = "labels";
  private static final String REPLACE = "replaceClassifier";

  private static final List<ClassificationTask> TASKS =
      List.of(
          Task.classification(), Task.multiLabel(), Task.regression(), Task.tokenClassification());

  private static String name(ClassificationTask task) {
    return switch (task.problem()) {
      case SINGLE_LABEL -> "classification";
      case MULTI_LABEL -> "multiLabel";
      case REGRESSION -> "regression";
      case TOKEN -> "tokenClassification";
    };
  }

  @Override
  public Class<ClassificationTask> type() {
    return ClassificationTask.class;
  }

  @Override
  public List<String> names() {
    return TASKS.stream().map(ClassificationDefinition::name).toList();
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return TASKS.stream()
        .filter(task -> name(task).equals(name))
        .findFirst()
        .map(task -> read(task, options));
  }

  private static Task read(ClassificationTask task, Fields options) {
    boolean hasClasses = task.problem() != ClassificationProblem.REGRESSION;
    List<String> labels = hasClasses ? options.texts(LABELS) : List.of();
    ClassificationTask labeled = task.labels(labels.toArray(String[]::new));
    return options.flag(REPLACE).orElse(false) ? labeled.replaceClassifier() : labeled;
  }

  @Override
  public Optional<JsonNode> write(ClassificationTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    ObjectNode options = keys.putObject(name(task));
    if (!task.labels().isEmpty()) {
      task.labels().forEach(options.putArray(LABELS)::add);
    }
    options.put(REPLACE, task.replacesClassifier());
    return Optional.of(keys);
  }

  @Override
  public TaskKind kind(ClassificationTask task) {
    return TaskKind.CLASSIFICATION;
  }

  /** Keeps the wording of the first version, whose states can be resumed. */
  @Override
  public String identity(ClassificationTask task) {
    String problem =
        switch (task.problem()) {
          case SINGLE_LABEL -> "ONE_LABEL";
          case MULTI_LABEL -> "MANY_LABELS";
          case REGRESSION -> "NUMBER";
          case TOKEN -> "TOKEN_LABELS";
        };
    return "Labelled[problem=%s, labels=%s, replacesClassifier=%s]"
        .formatted(problem, task.labels(), task.replacesClassifier());
  }

  @Override
  public boolean masksRows(ClassificationTask task) {
    return true;
  }

  @Override
  public List<String> metrics(ClassificationTask task) {
    return switch (task.problem()) {
      case SINGLE_LABEL -> List.of("accuracy", "macro_f1");
      case MULTI_LABEL -> List.of("micro_f1", "macro_f1", "exact_match");
      case REGRESSION -> List.of("mse", "pearson", "spearman");
      case TOKEN ->
          List.of("accuracy", "macro_f1", "entity_precision", "entity_recall", "entity_f1");
    };
  }

  @Override
  public TaskModel model(ClassificationTask task, Path folder, StoredModel stored, Dataset train) {
    return ClassificationModel.of(task, folder, stored, train);
  }

  @Override
  public boolean startsHead(Network declared) {
    return HeadWarmStart.concerns(declared);
  }

  @Override
  public PreparedTask<?> prepare(
      ClassificationTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedClassification.of(task, settings, tokenizer);
  }
}
