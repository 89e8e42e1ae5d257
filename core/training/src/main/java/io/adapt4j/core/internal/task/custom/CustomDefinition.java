package io.adapt4j.core.internal.task.custom;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.TaskDefinition;
import io.adapt4j.core.internal.task.classification.ClassificationModel;
import io.adapt4j.core.task.ClassificationTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** User-defined objective. */
public final class CustomDefinition implements TaskDefinition<Task.Custom> {

  @Override
  public Class<Task.Custom> type() {
    return Task.Custom.class;
  }

  /** Returns no names: user code cannot be described. */
  @Override
  public List<String> names() {
    return List.of();
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return Optional.empty();
  }

  @Override
  public Optional<JsonNode> write(Task.Custom task) {
    return Optional.empty();
  }

  @Override
  public TaskKind kind(Task.Custom task) {
    return task.objective().textOutputs() == 0 ? TaskKind.NEXT_TOKENS : TaskKind.CLASSIFICATION;
  }

  @Override
  public String identity(Task.Custom task) {
    return "custom " + task.objective().name() + " [" + task.objective().options() + "]";
  }

  @Override
  public List<String> metrics(Task.Custom task) {
    return task.objective().metrics();
  }

  @Override
  public TaskModel model(Task.Custom task, Path folder, StoredModel stored, Dataset train) {
    int outputs = task.objective().textOutputs();
    return outputs == 0
        ? TaskModel.generating(stored, folder)
        : ClassificationModel.of(scoring(outputs), folder, stored, train);
  }

  private static ClassificationTask scoring(int outputs) {
    return outputs == 1
        ? Task.regression()
        : Task.multiLabel()
            .labels(
                IntStream.range(0, outputs)
                    .mapToObj(output -> "LABEL_" + output)
                    .toArray(String[]::new));
  }

  @Override
  public PreparedTask<?> prepare(Task.Custom task, FineTuneSettings settings, Tokenizer tokenizer) {
    CustomEncoder encoder =
        new CustomEncoder(
            task.objective(),
            tokenizer,
            settings.lengthLimit(),
            PreparedRows.paddingId(settings, tokenizer));
    return new PreparedRows<>(
        settings,
        encoder.maxLength(),
        encoder::rows,
        network ->
            new CustomTrainingTask(task.objective(), network, settings.objective().selection()));
  }
}
