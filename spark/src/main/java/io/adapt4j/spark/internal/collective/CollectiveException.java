package io.adapt4j.spark.internal.collective;

/** A worker cannot go on with the others: one of them has failed, hangs or is out of reach. */
public final class CollectiveException extends RuntimeException {

  private static final long serialVersionUID = 1;

  CollectiveException(String message) {
    super(message);
  }

  CollectiveException(String message, Throwable cause) {
    super(message, cause);
  }
}
