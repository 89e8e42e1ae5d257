package io.adapt4j.core.internal.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.monitor.EarlyWarnings;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.MaskedRowKeys;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Service provider of a task: its keys, its checks, the model it needs and the preparation of its
 * data. A task is a package with a definition and a line in {@code
 * META-INF/services/io.adapt4j.core.internal.task.TaskDefinition}. {@link TaskRunner} does what all
 * tasks share: planning, training, timing and the learning-rate range test.
 */
public interface TaskDefinition<T extends Task> {

  /** {@return the type of the options} */
  Class<T> type();

  /** Returns the names for the key {@code task} in descriptions. */
  List<String> names();

  Optional<Task> read(String name, Fields options);

  Optional<JsonNode> write(T task);

  /**
   * Returns the kind of the task, which determines the default learning rate, epochs and batch
   * size.
   */
  TaskKind kind(T task);

  /**
   * Returns the identity of a task: everything that affects the run. Saved states contain it and
   * can only be resumed with an equal identity.
   */
  String identity(T task);

  /** Returns whether training rows can be masked ({@link MaskedRowKeys}). */
  default boolean masksRows(T task) {
    return false;
  }

  /** Returns the names of the task's metrics besides the loss. */
  default List<String> metrics(T task) {
    return List.of();
  }

  /**
   * Checks the task together with the options of the run. By default rejects options for next-token
   * prediction.
   */
  default void check(T task, Draft draft, int batchSize, Checks checks) {
    Overflow overflow = draft.get(Options.OVERFLOW);
    checks.require(
        overflow == Overflow.TRUNCATE_RIGHT,
        "overflow "
            + overflow
            + " is for tasks that predict next tokens; this one cuts texts at their end");
    requireNoTokenOptions(draft, checks);
  }

  /** Rejects options for next-token prediction. */
  static void requireNoTokenOptions(Draft draft, Checks checks) {
    String remedy = " is for the task nextTokens; leave it out for this task";
    checks.require(draft.get(Options.REGULARIZE).isEmpty(), "regularize" + remedy);
    checks.require(
        !TokenChoices.concernGeneration(draft),
        "packing, groupByLength, lossOn or overlap" + remedy);
  }

  /** Returns the model of the task: the checkpoint's with the output layer that the task needs. */
  TaskModel model(T task, Path folder, StoredModel stored, Dataset train);

  /** Returns further reasons why the task cannot train a model. */
  default List<String> problems(T task, Network declared, MethodMechanics method) {
    return List.of();
  }

  /** Returns whether the task can initialize a model's new output layer from the data. */
  default boolean startsHead(Network declared) {
    return false;
  }

  /** Wraps listeners with early warnings. */
  default TrainingListener warning(List<TrainingListener> listeners) {
    return EarlyWarnings.before(listeners);
  }

  /** Returns the encoder of rows, if the task predicts next tokens. */
  default Optional<ExampleEncoder> encoder(FineTuneSettings settings, Tokenizer tokenizer) {
    return Optional.empty();
  }

  /** Tokenizes the data once to find the usable rows. */
  PreparedTask<?> prepare(T task, FineTuneSettings settings, Tokenizer tokenizer);

  /** Tokenizes the data as one of several workers. By default each tokenizes all of it. */
  default PreparedTask<?> prepare(
      T task, FineTuneSettings settings, Tokenizer tokenizer, WorkerGroup workers) {
    return prepare(task, settings, tokenizer);
  }
}
