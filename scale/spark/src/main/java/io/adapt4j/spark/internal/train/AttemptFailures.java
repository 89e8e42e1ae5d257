package io.adapt4j.spark.internal.train;

import io.adapt4j.spark.internal.collective.CollectiveException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.Success$;
import org.apache.spark.TaskEndReason;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * Records the first failure of each attempt of a stage, preferring a later one over a report that
 * another worker is gone.
 */
final class AttemptFailures extends SparkListener {

  private static final String LOST = CollectiveException.LostWorkerException.class.getName();

  private final Map<String, String> first = new TreeMap<>();

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    TaskEndReason reason = end.reason();
    if (reason == Success$.MODULE$ || reason instanceof TaskKilled) {
      return;
    }
    String text =
        "worker %s on executor %s: %s"
            .formatted(end.taskInfo().partitionId(), end.taskInfo().executorId(), said(reason));
    String attempt = "%09d.%09d".formatted(end.stageId(), end.stageAttemptId());
    synchronized (first) {
      String before = first.get(attempt);
      if (before == null || (before.contains(LOST) && !text.contains(LOST))) {
        first.put(attempt, text);
      }
    }
  }

  private static String said(TaskEndReason reason) {
    if (reason instanceof ExceptionFailure failure) {
      return failure.className() + ": " + failure.description();
    }
    return reason instanceof TaskFailedReason failed ? failed.toErrorString() : reason.toString();
  }

  List<String> all() {
    synchronized (first) {
      return new ArrayList<>(first.values());
    }
  }
}
