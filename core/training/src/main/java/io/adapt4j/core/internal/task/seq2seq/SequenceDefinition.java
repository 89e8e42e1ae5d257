package io.adapt4j.core.internal.task.seq2seq;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.task.SequenceToSequenceTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Sequence-to-sequence training. */
public final class SequenceDefinition extends FixedDefinition<SequenceToSequenceTask> {

  private static final String NAME = "sequenceToSequence";
  private static final String SMOOTHING = "labelSmoothing";

  public SequenceDefinition() {
    super(SequenceToSequenceTask.class, TaskKind.NEXT_TOKENS, List.of(NAME));
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    return Optional.of(
        Task.sequenceToSequence()
            .labelSmoothing(
                options
                    .number(SMOOTHING, "at least 0 and below 1", value -> value >= 0 && value < 1)
                    .orElse(0.0)));
  }

  @Override
  public Optional<JsonNode> write(SequenceToSequenceTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.putObject(NAME).put(SMOOTHING, task.labelSmoothing());
    return Optional.of(keys);
  }

  @Override
  public String identity(SequenceToSequenceTask task) {
    return "SequenceToSequence[labelSmoothing=" + task.labelSmoothing() + "]";
  }

  @Override
  public TaskModel model(
      SequenceToSequenceTask task, Path folder, StoredModel stored, Dataset train) {
    return TaskModel.writing(stored, folder);
  }

  @Override
  public PreparedTask<?> prepare(
      SequenceToSequenceTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    SequenceEncoder encoder =
        new SequenceEncoder(
            tokenizer, settings.lengthLimit(), PreparedRows.paddingId(settings, tokenizer));
    return new PreparedRows<>(
        settings,
        encoder.maxLength(),
        data -> EncodedRows.of(data, encoder).collated(encoder::batch).groupedByLength(),
        network -> new SequenceTrainingTask((EncoderDecoder) network, task.labelSmoothing()));
  }
}
