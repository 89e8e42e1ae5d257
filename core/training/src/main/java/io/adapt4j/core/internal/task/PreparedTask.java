package io.adapt4j.core.internal.task;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.plan.RolloutPlan;
import io.adapt4j.core.internal.train.WorkerGroup;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A task with encoded data, ready to train. */
public interface PreparedTask<B> {

  /** Purpose of loading a network. */
  enum Purpose {
    /** To train to the end and save. */
    TRAINING,
    /** To train a few steps at increasing learning rates; nothing is written. */
    RANGE_TEST,
    /** To time steps; nothing is written. */
    TIMING
  }

  /** The largest micro-batch, which determines the memory of a step. */
  record LargestBatch(int rows, int longest) {}

  EncodedData data();

  /** {@return the number of micro-batches in an epoch} */
  int batches();

  /** Returns the largest micro-batch; by default all its examples have the maximum length. */
  default LargestBatch largestBatch(int examples) {
    return new LargestBatch(examples, data().longest());
  }

  /** Adds the memory that the run needs besides the trained network. */
  default Planner beside(Planner planner, Network declared) {
    return planner;
  }

  /** Returns the training rows of a task that can mask them. */
  default Optional<MaskableRows> maskable() {
    return Optional.empty();
  }

  /** Returns the number of completions to generate, for reinforcement learning. */
  default Optional<RolloutPlan> rollouts() {
    return Optional.empty();
  }

  /** Returns the chat template that rows were encoded with. */
  default Optional<ChatTemplate> chatTemplate() {
    return Optional.empty();
  }

  /** Returns the identities of the terms added to the loss. */
  default List<String> regularizations() {
    return List.of();
  }

  /** Initializes a new output layer to suit the training data. By default does nothing. */
  default Runnable startHead(Network network, WorkerGroup workers) {
    return () -> {};
  }

  /** Opens the resources for training besides the network, runs an action and closes them. */
  <R> R with(
      Network network, Adaptation adaptation, Purpose purpose, Function<Training<B>, R> action);
}
