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
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.task.EmbeddingTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Training of text embeddings. */
public final class EmbeddingDefinition extends FixedDefinition<EmbeddingTask> {

  private static final String NAME = "embeddings";
  private static final String SCALE = "scale";
  private static final String QUERY_PROMPT = "queryPrompt";
  private static final String PASSAGE_PROMPT = "passagePrompt";
  private static final String MATRYOSHKA = "matryoshka";
  private static final String WEIGHTS = "matryoshkaWeights";
  private static final String HYBRID = "hybrid";
  private static final String DISTILLATION = "selfDistillation";
  private static final String TRUNCATE = "truncateDimension";

  public EmbeddingDefinition() {
    super(EmbeddingTask.class, TaskKind.EMBEDDINGS, List.of(NAME));
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    EmbeddingTask usual = Task.embeddings();
    EmbeddingTask task =
        new EmbeddingTask(
            options.number(SCALE, "above 0", value -> value > 0).orElse(usual.scale()),
            options.text(QUERY_PROMPT).orElse(usual.queryPrompt()),
            options.text(PASSAGE_PROMPT).orElse(usual.passagePrompt()));
    int[] dimensions =
        options.integers(MATRYOSHKA, 1).stream().mapToInt(Integer::intValue).toArray();
    double[] weights = options.numbers(WEIGHTS).stream().mapToDouble(Double::doubleValue).toArray();
    EmbeddingTask[] read = {task};
    options.attempt(MATRYOSHKA, () -> read[0] = read[0].matryoshka(dimensions));
    if (weights.length > 0) {
      options.attempt(WEIGHTS, () -> read[0] = read[0].matryoshkaWeights(weights));
    }
    options
        .integer(TRUNCATE, 1)
        .ifPresent(dimension -> read[0] = read[0].truncateDimension(dimension));
    boolean distills = options.flag(DISTILLATION).orElse(false);
    if (options.flag(HYBRID).orElse(false)) {
      options.attempt(HYBRID, () -> read[0] = read[0].hybrid(distills));
    } else if (distills) {
      options.problem(DISTILLATION, "expected with hybrid: true.");
    }
    return Optional.of(read[0]);
  }

  @Override
  public Optional<JsonNode> write(EmbeddingTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    ObjectNode options = keys.putObject(NAME);
    options
        .put(SCALE, task.scale())
        .put(QUERY_PROMPT, task.queryPrompt())
        .put(PASSAGE_PROMPT, task.passagePrompt());
    if (!task.dimensions().isEmpty()) {
      task.dimensions().forEach(options.putArray(MATRYOSHKA)::add);
      task.dimensionWeights().forEach(options.putArray(WEIGHTS)::add);
    }
    task.truncateDimension().ifPresent(dimension -> options.put(TRUNCATE, dimension));
    if (task.hybrid()) {
      options.put(HYBRID, true).put(DISTILLATION, task.selfDistillation());
    }
    return Optional.of(keys);
  }

  @Override
  public String identity(EmbeddingTask task) {
    String cuts =
        task.dimensions().isEmpty()
            ? ""
            : ", matryoshka=%s, weights=%s".formatted(task.dimensions(), task.dimensionWeights());
    String hybrid =
        task.hybrid() ? ", hybrid=true, selfDistillation=" + task.selfDistillation() : "";
    return "Embeddings[scale=%s, queryPrompt=%s, passagePrompt=%s%s%s]"
        .formatted(task.scale(), task.queryPrompt(), task.passagePrompt(), cuts, hybrid);
  }

  @Override
  public boolean masksRows(EmbeddingTask task) {
    return !task.hybrid();
  }

  @Override
  public List<String> metrics(EmbeddingTask task) {
    List<String> names = new ArrayList<>(List.of(RankingScores.MRR, RankingScores.ACCURACY));
    for (int dimension : task.dimensions()) {
      names.add(RankingScores.named(RankingScores.MRR, dimension));
      names.add(RankingScores.named(RankingScores.ACCURACY, dimension));
    }
    return List.copyOf(names);
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
      requireWidth(MATRYOSHKA, task.dimensions(), head.width());
      requireWidth(TRUNCATE, task.truncateDimension().stream().boxed().toList(), head.width());
    }
    return TaskModel.encoding(stored, folder, config);
  }

  private static void requireWidth(String option, List<Integer> dimensions, int width) {
    if (dimensions.stream().anyMatch(dimension -> dimension > width)) {
      throw new IllegalArgumentException(
          "%s: expected at most %s, the width of the model's vectors, found %s"
              .formatted(option, width, dimensions));
    }
  }

  @Override
  public PreparedTask<?> prepare(
      EmbeddingTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedEmbedding.of(task, settings, tokenizer);
  }
}
