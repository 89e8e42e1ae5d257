package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.train.TrainingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Prompts of rows with their answers as demonstrations, for the teacher of self-distillation. */
final class Demonstrations {

  private static final String BETWEEN = "\n\n";

  private final Map<String, int[]> prompts = new HashMap<>();
  private final int padId;

  private Demonstrations(int padId) {
    this.padId = padId;
  }

  static Demonstrations of(List<Dataset> datasets, ExampleEncoder encoder) {
    Demonstrations all = new Demonstrations(encoder.paddingId());
    for (Dataset dataset : datasets) {
      for (int row = 0; row < dataset.size(); row++) {
        EncodedRow<TrainingSample> own = encoder.encodeRow(dataset, row);
        if (!own.samples().isEmpty()) {
          all.add(own.sample(), encoder.encode(demonstrated(dataset, row)));
        }
      }
    }
    return all;
  }

  private void add(TrainingSample own, EncodedRow<TrainingSample> demonstrated) {
    // Where the demonstration leaves no room for an answer, the teacher sees the prompt alone.
    TrainingSample shown = demonstrated.samples().isEmpty() ? own : demonstrated.sample();
    prompts.put(
        RowHash.of(own.ids(), own.labels()), Arrays.copyOf(shown.ids(), shown.firstLabel()));
  }

  private static Example demonstrated(Dataset dataset, int row) {
    Example example = dataset.get(row);
    if (example instanceof Example.PromptCompletion pair) {
      return new Example.PromptCompletion(
          pair.prompt() + BETWEEN + pair.completion(), pair.completion());
    }
    if (example instanceof Example.Chat chat) {
      Optional<Example> shown = demonstrated(chat);
      if (shown.isPresent()) {
        return shown.get();
      }
    }
    throw new TrainingException(
        dataset.locate(row)
            + ": expected a prompt with a completion, or a question of a user with the answer of"
            + " the assistant, found another row. Self-distillation shows the answer to the"
            + " teacher.");
  }

  /** Returns the conversation to its first answer, with that after the question. */
  private static Optional<Example> demonstrated(Example.Chat chat) {
    List<ChatMessage> messages = new ArrayList<>();
    for (ChatMessage message : chat.messages()) {
      int last = messages.size() - 1;
      if (message.role().equals("assistant")) {
        if (last < 0
            || !messages.get(last).role().equals("user")
            || !(messages.get(last).content() instanceof String question)
            || !(message.content() instanceof String answer)) {
          return Optional.empty();
        }
        messages.set(last, messages.get(last).with("content", question + BETWEEN + answer));
        messages.add(message);
        return Optional.of(new Example.Chat(messages, chat.tools()));
      }
      messages.add(message);
    }
    return Optional.empty();
  }

  /** Returns a batch with its prompts replaced by those with demonstrations. */
  DistillationBatch shown(Batch batch, Batch rows) {
    List<int[]> ids = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      int[] prompt = prompts.get(RowHash.of(rows, row));
      int from = row * batch.length() + StudentSampling.promptLength(batch, row);
      int to = from;
      while (to < (row + 1) * batch.length() && batch.attentionMask()[to] == 1) {
        to++;
      }
      ids.add(joined(prompt, Arrays.copyOfRange(batch.ids(), from, to)));
      int[] ignored = new int[prompt.length];
      Arrays.fill(ignored, Batch.IGNORED);
      labels.add(joined(ignored, Arrays.copyOfRange(batch.labels(), from, to)));
    }
    Batch padded = Batch.padded(ids, padId);
    return new DistillationBatch(
        batch, padded.with(padded.typeIds(), Batch.matrix(labels, padded.length(), Batch.IGNORED)));
  }

  private static int[] joined(int[] prompt, long[] rest) {
    int[] all = Arrays.copyOf(prompt, prompt.length + rest.length);
    for (int i = 0; i < rest.length; i++) {
      all[prompt.length + i] = Math.toIntExact(rest[i]);
    }
    return all;
  }
}
