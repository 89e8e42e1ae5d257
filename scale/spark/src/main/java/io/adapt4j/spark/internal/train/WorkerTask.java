package io.adapt4j.spark.internal.train;

import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.task.TaskRunner;
import io.adapt4j.core.internal.task.WorkerRun;
import io.adapt4j.spark.internal.collective.Mesh;
import io.adapt4j.spark.internal.collective.Patience;
import io.adapt4j.spark.internal.serial.Sent;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.BarrierTaskContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/**
 * Task of the barrier stage: finds the other workers and trains with them. Permanent problems are
 * returned; transient ones, such as a lost worker, are thrown so that Spark retries the stage.
 */
final class WorkerTask extends AbstractFunction1<Iterator<Integer>, Iterator<WorkerTask.Result>>
    implements Serializable {

  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(WorkerTask.class);

  private final WorkerOrder order;

  WorkerTask(WorkerOrder order) {
    this.order = order;
  }

  /** Result of one worker's task: problems, or the report (rank 0 only). */
  record Result(int rank, List<String> problems, boolean told, @Nullable Sent<FinishedRun> report)
      implements Serializable {

    static Result refused(int rank, List<String> problems) {
      return new Result(rank, problems, false, null);
    }
  }

  @Override
  public Iterator<Result> apply(Iterator<Integer> ranks) {
    BarrierTaskContext context = BarrierTaskContext.get();
    return CollectionConverters.asScala(List.of(run(context)).iterator());
  }

  private Result run(BarrierTaskContext context) {
    int rank = context.partitionId();
    int attempt = context.stageAttemptNumber();
    Patience patience = new Patience(order.patience(), context::isInterrupted);
    try (Rendezvous rendezvous = Rendezvous.open(order)) {
      List<Introduction> all = rendezvous.meet(context);
      String refusal = Introduction.refusal(all);
      if (!refusal.isEmpty()) {
        return Result.refused(rank, List.of(refusal));
      }
      try (Mesh mesh = rendezvous.connect(rank, all, order, patience);
          SocketWorkers workers = new SocketWorkers(mesh, order.encoding(), order.data() != null)) {
        LOG.info("Worker {} of {}, attempt {}", rank, workers.size(), attempt);
        return train(workers, rank, attempt);
      }
    }
  }

  private Result train(SocketWorkers workers, int rank, int attempt) {
    WorkerRun.Start start = attempt == 0 ? order.start() : WorkerRun.Start.RESUME;
    EventSender events = new EventSender(order.events(), attempt);
    long begun = System.nanoTime();
    try {
      Optional<Split> data = Optional.ofNullable(order.data()).map(RunData::open);
      TaskRunner.Outcome outcome = WorkerRun.run(order.description(), start, data, events, workers);
      workers.finish();
      return new Result(
          rank,
          List.of(),
          false,
          workers.leads()
              ? Sent.of(
                  FinishedRun.of(outcome, attempt, events.steps(), workers.bytesSent(), begun))
              : null);
    } catch (SocketWorkers.ProblemException e) {
      return new Result(rank, List.of(said(e)), true, null);
    } catch (Adapt4jException e) {
      LOG.error("Worker {} cannot go on", rank, e);
      if (workers.tell(String.join("; ", problems(e)))) {
        return Result.refused(rank, problems(e));
      }
      throw e;
    }
  }

  /**
   * Returns the problems of a refusal without the enclosing sentences, which the driver adds again.
   */
  private static List<String> problems(Adapt4jException e) {
    return e instanceof SettingsException refusal
        ? List.copyOf(refusal.problems())
        : List.of(said(e));
  }

  private static String said(RuntimeException e) {
    return Objects.requireNonNullElse(e.getMessage(), e.getClass().getName());
  }
}
