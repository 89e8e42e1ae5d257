package io.adapt4j.core.internal.task.causallm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.Peers;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.picture.PictureRule;
import io.adapt4j.core.internal.nn.picture.PictureTraining;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.task.CausalLmTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Next-token prediction. */
public final class CausalLmDefinition extends FixedDefinition<CausalLmTask> {

  private static final String NAME = "nextTokens";
  private static final String DYNAMIC = "dynamicFineTuning";
  private static final String SMOOTHING = "labelSmoothing";
  private static final String Z_LOSS = "zLoss";

  public CausalLmDefinition() {
    super(CausalLmTask.class, TaskKind.NEXT_TOKENS, List.of(NAME));
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    List<Task> made = new ArrayList<>();
    options.attempt(
        "",
        () ->
            made.add(
                new CausalLmTask(
                    options.flag(DYNAMIC).orElse(false),
                    options.number(SMOOTHING, "", value -> true).orElse(0.0),
                    options.number(Z_LOSS, "", value -> true).orElse(0.0))));
    return made.stream().findFirst();
  }

  @Override
  public Optional<JsonNode> write(CausalLmTask task) {
    if (task.equals(new CausalLmTask())) {
      return Optional.of(TextNode.valueOf(NAME));
    }
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.putObject(NAME)
        .put(DYNAMIC, task.dynamic())
        .put(SMOOTHING, task.labelSmoothing())
        .put(Z_LOSS, task.zLoss());
    return Optional.of(keys);
  }

  @Override
  public String identity(CausalLmTask task) {
    return task.equals(new CausalLmTask())
        ? "NextTokens[]"
        : "NextTokens[dynamic=%s, labelSmoothing=%s, zLoss=%s]"
            .formatted(task.dynamic(), task.labelSmoothing(), task.zLoss());
  }

  /** Accepts every option. */
  @Override
  public void check(CausalLmTask task, Draft draft, int batchSize, Checks checks) {}

  @Override
  public TaskModel model(CausalLmTask task, Path folder, StoredModel stored, Dataset train) {
    return TaskModel.generating(stored, folder).reading(pictures(folder, stored.config(), train));
  }

  /** Finds how to train on the pictures of data; empty if it has none. */
  private static Optional<PictureTraining> pictures(Path folder, ModelConfig config, Dataset rows) {
    if (PictureRule.of(config).tokenId() == 0 || !hasPictures(rows)) {
      return Optional.empty();
    }
    Optional<PictureTraining> found = PictureTraining.find(folder, config);
    if (found.isEmpty()) {
      throw new DatasetException(
          rows.name()
              + ": rows have pictures, but nothing on the class path reads them for models of type "
              + config.modelType()
              + ". Add adapt4j-vision, or take the images out of the rows.");
    }
    return found;
  }

  private static boolean hasPictures(Dataset rows) {
    for (int row = 0; row < rows.size(); row++) {
      if (rows.get(row) instanceof Example.Chat chat
          && !PictureTokens.sources(chat.messages()).isEmpty()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public Optional<ExampleEncoder> encoder(FineTuneSettings settings, Tokenizer tokenizer) {
    return Optional.of(settings.exampleEncoder(tokenizer));
  }

  @Override
  public boolean masksRows(CausalLmTask task) {
    return true;
  }

  @Override
  public PreparedTask<?> prepare(
      CausalLmTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedCausalLm.of(task, settings, tokenizer, Peers.NONE, true);
  }

  @Override
  public PreparedTask<?> prepare(
      CausalLmTask task, FineTuneSettings settings, Tokenizer tokenizer, WorkerGroup workers) {
    return PreparedCausalLm.of(
        task, settings, tokenizer, workers.sharesData() ? workers : Peers.NONE, workers.leads());
  }
}
