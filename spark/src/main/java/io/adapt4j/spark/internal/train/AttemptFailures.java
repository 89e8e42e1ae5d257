package io.adapt4j.spark.internal.train;

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
 * Keeps the first failure of each attempt at a stage. The others only say that a worker is gone.
 */
final class AttemptFailures extends SparkListener {

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
    synchronized (first) {
      first.putIfAbsent("%09d.%09d".formatted(end.stageId(), end.stageAttemptId()), text);
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
