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

/**
 * A task with its data encoded, ready to train.
 *
 * @param <B> a batch
 */
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

  /**
   * The largest micro-batch, which decides how much memory a step takes.
   *
   * @param rows sequences that are in memory together
   * @param longest tokens of each
   */
  record LargestBatch(int rows, int longest) {}

  /**
   * Returns what encoding came to.
   *
   * @return the reports
   */
  EncodedData data();

  /** {@return the micro-batches of an epoch} */
  int batches();

  /**
   * Returns the largest micro-batch; by default as many of the longest texts as it has examples.
   *
   * @param examples of a micro-batch, no more than there are
   * @return the batch
   */
  default LargestBatch largestBatch(int examples) {
    return new LargestBatch(examples, data().longest());
  }

  /**
   * Plans for memory that the run takes beside the network that trains.
   *
   * @param planner plans for that network
   * @param declared the network
   * @return plans for the rest as well
   */
  default Planner beside(Planner planner, Network declared) {
    return planner;
  }

  /**
   * Returns what is generated.
   *
   * @return the figures; empty where nothing is
   */
  default Optional<RolloutPlan> rollouts() {
    return Optional.empty();
  }

  /**
   * Returns the chat template that rows were encoded with.
   *
   * @return the template; empty if there was none to use
   */
  default Optional<ChatTemplate> chatTemplate() {
    return Optional.empty();
  }

  /**
   * Names the terms that are added to the loss.
   *
   * @return each one's identity
   */
  default List<String> regularizations() {
    return List.of();
  }

  /**
   * Gives a new output layer first values that suit the training data. By default nothing is done.
   *
   * @param network the network, with its weights, before a method is attached
   * @param workers those who train together
   */
  default void startHead(Network network, WorkerGroup workers) {}

  /**
   * Opens what training needs beside the network, does something with it and closes it.
   *
   * @param network the network
   * @param adaptation what trains of it
   * @param purpose what for
   * @param action what is done
   * @param <R> what comes of it
   * @return what came of it
   */
  <R> R with(
      Network network, Adaptation adaptation, Purpose purpose, Function<Training<B>, R> action);
}
