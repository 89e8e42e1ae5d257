package io.adapt4j.core.internal.task.reward;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.classification.ClassificationModel;
import io.adapt4j.core.task.RewardTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Training of reward models. */
public final class RewardDefinition extends FixedDefinition<RewardTask> {

  private static final String NAME = "reward";
  private static final String MARGIN = "margin";
  private static final String CENTERING = "centering";

  public RewardDefinition() {
    super(RewardTask.class, TaskKind.REWARD, List.of(NAME));
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return Optional.of(
        new RewardTask(
            options.text(MARGIN).orElse(""),
            options.number(CENTERING, "of at least 0", value -> value >= 0).orElse(0.0)));
  }

  @Override
  public Optional<JsonNode> write(RewardTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    ObjectNode options = keys.putObject(NAME);
    if (!task.marginField().isEmpty()) {
      options.put(MARGIN, task.marginField());
    }
    options.put(CENTERING, task.centering());
    return Optional.of(keys);
  }

  @Override
  public String identity(RewardTask task) {
    return "Reward[marginField=" + task.marginField() + ", centering=" + task.centering() + "]";
  }

  @Override
  public List<String> metrics(RewardTask task) {
    return List.of("accuracy", "margin");
  }

  @Override
  public TaskModel model(RewardTask task, Path folder, StoredModel stored, Dataset train) {
    return ClassificationModel.of(Task.regression(), folder, stored, train);
  }

  @Override
  public PreparedTask<?> prepare(RewardTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedReward.of(task, settings, tokenizer);
  }
}
