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
import io.adapt4j.core.internal.nn.StoredModel;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
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
 * Everything that a run asks of a task: its keys, its checks, the model it needs and its data made
 * ready. A task is one package with a definition, and a line in {@code
 * META-INF/services/io.adapt4j.core.internal.task.TaskDefinition}; what all tasks do alike, to
 * plan, train, time and find a learning rate, is {@link TaskRun}.
 */
public interface TaskDefinition<T extends Task> {

  /** {@return the type of the options} */
  Class<T> type();

  /** Lists the names that descriptions can give under the key {@code task}. */
  List<String> names();

  /** Reads the options of a description. */
  Optional<Task> read(String name, Fields options);

  /** Writes a task as a description. */
  Optional<JsonNode> write(T task);

  /**
   * Returns what the task is as far as the defaults of a run depend on it: whose learning rate,
   * epochs and batch size suit it.
   */
  TaskKind kind(T task);

  /**
   * Returns everything of a task that decides how a run goes. States hold it, and are resumed by
   * tasks with the same text only.
   */
  String identity(T task);

  /** Lists what the task measures beside the loss. */
  default List<String> metrics(T task) {
    return List.of();
  }

  /**
   * Checks the task and what is asked of the run together. By default options that concern next
   * tokens are refused.
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

  /** Refuses options that concern next tokens. */
  static void requireNoTokenOptions(Draft draft, Checks checks) {
    String remedy = " is for the task nextTokens; leave it out for this task";
    checks.require(draft.get(Options.REGULARIZE).isEmpty(), "regularize" + remedy);
    checks.require(
        !TokenChoices.concernGeneration(draft),
        "packing, groupByLength, lossOn or overlap" + remedy);
  }

  /**
   * Finds the model of the task: the checkpoint's, with the output layer that the task needs.
   *
   * @param train the training data, where labels may be; null if it is missing
   */
  TaskModel model(T task, Path folder, StoredModel stored, Dataset train);

  /** Says what else keeps the task from a model. */
  default List<String> problems(T task, Network declared, MethodMechanics method) {
    return List.of();
  }

  /**
   * Returns whether the task can give a model's new output layer first values that suit the data.
   */
  default boolean startsHead(Network declared) {
    return false;
  }

  /** Puts warnings before listeners. */
  default TrainingListener warning(List<TrainingListener> listeners) {
    return EarlyWarnings.before(listeners);
  }

  /** Returns what turns rows into the tokens that are trained on. */
  default Optional<ExampleEncoder> encoder(FineTuneSettings settings, Tokenizer tokenizer) {
    return Optional.empty();
  }

  /** Tokenizes the data once to find the rows that can be used. */
  PreparedTask<?> prepare(T task, FineTuneSettings settings, Tokenizer tokenizer);

  /** Tokenizes the data as one of several workers. By default each tokenizes all of it. */
  default PreparedTask<?> prepare(
      T task, FineTuneSettings settings, Tokenizer tokenizer, WorkerGroup workers) {
    return prepare(task, settings, tokenizer);
  }
}
