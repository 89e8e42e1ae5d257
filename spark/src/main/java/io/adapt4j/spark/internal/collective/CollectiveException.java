package io.adapt4j.spark.internal.collective;

import org.jspecify.annotations.Nullable;

/** A worker cannot go on with the others: one of them has failed, hangs or is out of reach. */
public class CollectiveException extends RuntimeException {

  private static final long serialVersionUID = 1;

  CollectiveException(String message) {
    super(message);
  }

  CollectiveException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Another worker is gone; it knows why. */
  public static final class LostWorkerException extends CollectiveException {

    private static final long serialVersionUID = 1;

    LostWorkerException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
