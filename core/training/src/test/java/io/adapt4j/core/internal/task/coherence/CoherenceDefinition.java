package io.adapt4j.core.internal.task.coherence;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.TaskDefinition;
import io.adapt4j.core.internal.task.classification.ClassificationModel;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Telling whether two halves belong to one text. */
public final class CoherenceDefinition implements TaskDefinition<CoherenceTask> {

  @Override
  public Class<CoherenceTask> type() {
    return CoherenceTask.class;
  }

  @Override
  public List<String> names() {
    return List.of("coherence");
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return Optional.of(new CoherenceTask());
  }

  @Override
  public Optional<JsonNode> write(CoherenceTask task) {
    return Optional.of(TextNode.valueOf("coherence"));
  }

  @Override
  public TaskKind kind(CoherenceTask task) {
    return TaskKind.CLASSIFICATION;
  }

  @Override
  public String identity(CoherenceTask task) {
    return "coherence";
  }

  @Override
  public List<String> metrics(CoherenceTask task) {
    return List.of("accuracy", "macro_f1");
  }

  @Override
  public TaskModel model(CoherenceTask task, Path folder, StoredModel stored, Dataset train) {
    return ClassificationModel.of(Task.classification().labels("no", "yes"), folder, stored, train);
  }

  @Override
  public PreparedTask<?> prepare(
      CoherenceTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedCoherence.of(settings, tokenizer);
  }
}
