package io.adapt4j.spark.internal.collective;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a worker cannot continue with the others: one of them has failed, hangs or is
 * unreachable.
 */
public class CollectiveException extends RuntimeException {

  private static final long serialVersionUID = 1;

  CollectiveException(String message) {
    super(message);
  }

  CollectiveException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Thrown when another worker is gone, which knows the reason. */
  public static final class LostWorkerException extends CollectiveException {

    private static final long serialVersionUID = 1;

    LostWorkerException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
