package io.adapt4j.core.internal.task.rl;

import com.google.common.util.concurrent.Uninterruptibles;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.Threads;
import io.adapt4j.core.train.TrainingException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Draws the next rollout on a second thread while the present one trains, one at most at a time.
 * Which weights it is drawn from does not depend on the speed of either thread: they are copied
 * when it is started. Used by the training thread only.
 */
final class RolloutsAhead implements AutoCloseable {

  private final SamplingPolicy policy;
  private final RolloutDrawing drawing;
  private final CancellationToken cancellation;
  private final long rollouts;

  /** Rollouts to draw; empty to end. */
  private final BlockingQueue<Optional<FutureTask<Rollout>>> work = new LinkedBlockingQueue<>();

  private final Thread thread;
  private Optional<Pending> pending = Optional.empty();

  /** A rollout that is being drawn, or waits to train. */
  private record Pending(int number, Future<Rollout> drawn) {}

  /**
   * Starts the thread for a run of a number of rollouts. This object closes the policy to draw
   * from; the token ends its generation.
   */
  RolloutsAhead(
      SamplingPolicy policy,
      RolloutDrawing drawing,
      CancellationToken cancellation,
      long rollouts) {
    this.policy = policy;
    this.drawing = drawing;
    this.cancellation = cancellation;
    this.rollouts = rollouts;
    this.thread = Threads.startDaemon(this::work, "rollouts-ahead");
  }

  private void work() {
    Optional<FutureTask<Rollout>> task = Uninterruptibles.takeUninterruptibly(work);
    while (task.isPresent()) {
      task.get().run();
      task = Uninterruptibles.takeUninterruptibly(work);
    }
  }

  /** Drawing of a rollout by its number. */
  interface Order {

    /** Draws the completions of a rollout. */
    RolloutDrawing.Drawn draw(RolloutDrawing drawing, int number);
  }

  /** Returns a drawn rollout and starts the next one, from the present weights. */
  Rollout take(int number, Order order) {
    long begun = System.nanoTime();
    if (pending.filter(next -> next.number() == number).isEmpty()) {
      start(number, number, order);
    }
    Rollout rollout = get(pending.orElseThrow());
    rollout.metrics().add(MetricNames.WAITING, (System.nanoTime() - begun) / 1e9);
    pending = Optional.empty();
    if (number + 1 < rollouts) {
      start(number + 1, number, order);
    }
    return rollout;
  }

  /** Starts a rollout after {@code trained} ones have trained. */
  private void start(int number, int trained, Order order) {
    settle();
    policy.update();
    FutureTask<Rollout> task =
        new FutureTask<>(
            () -> {
              RolloutDrawing.Drawn drawn = order.draw(drawing, number);
              drawn.metrics().add(MetricNames.STALENESS, number - trained);
              return new Rollout(number, drawn.samples(), drawn.metrics(), 0);
            });
    work.add(Optional.of(task));
    pending = Optional.of(new Pending(number, task));
  }

  /**
   * Waits until no rollout is being drawn, so that rewards and environments are free; a failure is
   * thrown when the rollout is needed.
   */
  void settle() {
    pending.ifPresent(
        next -> {
          try {
            Uninterruptibles.getUninterruptibly(next.drawn());
          } catch (ExecutionException e) {
            // Thrown by get.
          }
        });
  }

  /** Waits for the rollout ahead and returns it, for the state of the run. */
  Optional<Rollout> waiting() {
    return pending.map(RolloutsAhead::get);
  }

  /** Takes over the rollout ahead of a restored run. */
  void restore(Optional<Rollout> saved) {
    settle();
    pending =
        saved.map(
            rollout -> {
              FutureTask<Rollout> done = new FutureTask<>(() -> rollout);
              done.run();
              return new Pending(rollout.number(), done);
            });
  }

  private static Rollout get(Pending pending) {
    try {
      return Uninterruptibles.getUninterruptibly(pending.drawn());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw new TrainingException("A rollout could not be drawn: " + e.getCause(), e.getCause());
    }
  }

  /** Ends a rollout that is being drawn, and frees the copy of the weights. */
  @Override
  public void close() {
    cancellation.cancel();
    work.add(Optional.empty());
    Uninterruptibles.joinUninterruptibly(thread);
    policy.close();
  }
}
