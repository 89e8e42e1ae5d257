package io.adapt4j.core.internal.task.maskedlm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.task.MaskedLmTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Masked-token prediction. */
public final class MaskedLmDefinition extends FixedDefinition<MaskedLmTask> {

  private static final String NAME = "maskedTokens";
  private static final String PROBABILITY = "probability";

  public MaskedLmDefinition() {
    super(MaskedLmTask.class, TaskKind.MASKED_TOKENS, List.of(NAME));
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return Optional.of(
        Task.maskedTokens(
            options
                .number(PROBABILITY, "above 0 and below 1", value -> value > 0 && value < 1)
                .orElse(Task.MASKING)));
  }

  @Override
  public Optional<JsonNode> write(MaskedLmTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.putObject(NAME).put(PROBABILITY, task.probability());
    return Optional.of(keys);
  }

  @Override
  public String identity(MaskedLmTask task) {
    return "MaskedTokens[probability=" + task.probability() + "]";
  }

  @Override
  public TaskModel model(MaskedLmTask task, Path folder, StoredModel stored, Dataset train) {
    return TaskModel.encoding(
        stored, folder, TaskModel.withOutput(stored.config(), OutputLayer.MASKED_TOKENS));
  }

  @Override
  public PreparedTask<?> prepare(
      MaskedLmTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    int vocabulary =
        settings.objective().model().config().fields().requirePositiveInt("vocab_size");
    TokenMasking.Options options =
        new TokenMasking.Options(
            settings.lengthLimit(),
            task.probability(),
            Math.min(vocabulary, tokenizer.vocabularySize()),
            PreparedRows.paddingId(settings, tokenizer),
            settings.seed());
    return new PreparedRows<>(
        settings,
        settings.lengthLimit(),
        new TokenMasking(tokenizer, options)::rows,
        network -> new MaskedLmTrainingTask((Encoder) network));
  }
}
