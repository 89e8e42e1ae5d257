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

/** A task with its data encoded, ready to train. */
public interface PreparedTask<B> {

  /** What a network is loaded for. */
  enum Purpose {
    /** To be trained to the end and saved. */
    TRAINING,
    /** To be trained a few steps at growing rates; nothing is written. */
    RANGE_TEST,
    /** To see how long steps take; nothing is written. */
    TIMING
  }

  /** The largest micro-batch, which decides how much memory a step takes. */
  record LargestBatch(int rows, int longest) {}

  /** Returns what encoding came to. */
  EncodedData data();

  /** {@return the micro-batches of an epoch} */
  int batches();

  /**
   * Returns the largest micro-batch; by default as many of the longest texts as it has examples.
   */
  default LargestBatch largestBatch(int examples) {
    return new LargestBatch(examples, data().longest());
  }

  /** Plans for memory that the run takes beside the network that trains. */
  default Planner beside(Planner planner, Network declared) {
    return planner;
  }

  /** Returns what is generated. */
  default Optional<RolloutPlan> rollouts() {
    return Optional.empty();
  }

  /** Returns the chat template that rows were encoded with. */
  default Optional<ChatTemplate> chatTemplate() {
    return Optional.empty();
  }

  /** Names the terms that are added to the loss. */
  default List<String> regularizations() {
    return List.of();
  }

  /**
   * Gives a new output layer first values that suit the training data. By default nothing is done.
   */
  default void startHead(Network network, WorkerGroup workers) {}

  /** Opens what training needs beside the network, does something with it and closes it. */
  <R> R with(
      Network network, Adaptation adaptation, Purpose purpose, Function<Training<B>, R> action);
}
