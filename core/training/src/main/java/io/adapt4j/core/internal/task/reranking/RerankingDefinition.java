package io.adapt4j.core.internal.task.reranking;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.encode.ChoicePrompt;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.task.RerankingTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reranking by a language model that answers yes or no. */
public final class RerankingDefinition extends FixedDefinition<RerankingTask> {

  private static final String NAME = "reranking";
  private static final String INSTRUCTION = "instruction";

  public RerankingDefinition() {
    super(RerankingTask.class, TaskKind.RERANKING, List.of(NAME));
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    RerankingTask[] task = {Task.reranking()};
    options
        .text(INSTRUCTION)
        .ifPresent(text -> options.attempt(INSTRUCTION, () -> task[0] = task[0].instruction(text)));
    return Optional.of(task[0]);
  }

  @Override
  public Optional<JsonNode> write(RerankingTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.putObject(NAME).put(INSTRUCTION, task.instruction());
    return Optional.of(keys);
  }

  @Override
  public String identity(RerankingTask task) {
    return "Reranking[instruction=" + task.instruction() + "]";
  }

  @Override
  public List<String> metrics(RerankingTask task) {
    return List.of(RerankingScores.ACCURACY, RerankingScores.MRR);
  }

  @Override
  public TaskModel model(RerankingTask task, Path folder, StoredModel stored, Dataset train) {
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      ChoicePrompt.id(folder, tokenizer, ChoicePrompt.REJECTED);
      ChoicePrompt.id(folder, tokenizer, ChoicePrompt.CHOSEN);
    }
    return TaskModel.generating(stored, folder);
  }

  @Override
  public List<String> problems(RerankingTask task, Network declared, MethodMechanics method) {
    return declared instanceof Decoder decoder && decoder.head().bias() != null
        ? List.of(
            "model: expected a family whose output over the vocabulary has no bias; this one cannot"
                + " be trained as a reranker. Train it as a classifier of pairs")
        : List.of();
  }

  @Override
  public PreparedTask<?> prepare(
      RerankingTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedReranking.of(task, settings, tokenizer);
  }
}
