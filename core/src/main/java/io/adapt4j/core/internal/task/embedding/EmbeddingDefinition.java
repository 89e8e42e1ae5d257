package io.adapt4j.core.internal.task.embedding;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.StoredModel;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.TaskDefinition;
import io.adapt4j.core.task.EmbeddingTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Embedding queries near their passages. */
public final class EmbeddingDefinition implements TaskDefinition<EmbeddingTask> {

  private static final String NAME = "embeddings";
  private static final String SCALE = "scale";
  private static final String QUERY_PROMPT = "queryPrompt";
  private static final String PASSAGE_PROMPT = "passagePrompt";

  @Override
  public Class<EmbeddingTask> type() {
    return EmbeddingTask.class;
  }

  @Override
  public List<String> names() {
    return List.of(NAME);
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    EmbeddingTask usual = Task.embeddings();
    return Optional.of(
        new EmbeddingTask(
            options.number(SCALE, "above 0", value -> value > 0).orElse(usual.scale()),
            options.text(QUERY_PROMPT).orElse(usual.queryPrompt()),
            options.text(PASSAGE_PROMPT).orElse(usual.passagePrompt())));
  }

  @Override
  public Optional<JsonNode> write(EmbeddingTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.putObject(NAME)
        .put(SCALE, task.scale())
        .put(QUERY_PROMPT, task.queryPrompt())
        .put(PASSAGE_PROMPT, task.passagePrompt());
    return Optional.of(keys);
  }

  @Override
  public TaskKind kind(EmbeddingTask task) {
    return TaskKind.EMBEDDINGS;
  }

  @Override
  public String identity(EmbeddingTask task) {
    return "Embeddings[scale=%s, queryPrompt=%s, passagePrompt=%s]"
        .formatted(task.scale(), task.queryPrompt(), task.passagePrompt());
  }

  @Override
  public List<String> metrics(EmbeddingTask task) {
    return List.of("mrr", "accuracy");
  }

  @Override
  public TaskModel model(EmbeddingTask task, Path folder, StoredModel stored, Dataset train) {
    SentenceFolder sentences = SentenceFolder.read(folder);
    if (!sentences.transformer().normalize().equals(folder.normalize())) {
      throw new IllegalArgumentException(
          "model: expected the network in the folder itself, found it in "
              + sentences.transformer()
              + ". Save the model with a current version of Sentence Transformers.");
    }
    ModelConfig config = Architectures.embedding(stored.config());
    int hidden = Architectures.declareEncoder(config).dimensions().hiddenSize();
    try (VectorHead head = VectorHead.declare(hidden, sentences, VectorHead.Changes.NONE)) {
      boolean prompted = !(task.queryPrompt() + task.passagePrompt()).isEmpty();
      if (prompted && !head.includesPrompt()) {
        throw new IllegalArgumentException(
            "prompts: expected none, since the model's pooling says include_prompt: false, which"
                + " training does not follow. Leave the prompts out.");
      }
    }
    return TaskModel.encoding(stored, folder, config);
  }

  @Override
  public PreparedTask<?> prepare(
      EmbeddingTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedEmbedding.of(task, settings, tokenizer);
  }
}
