package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.exception.Adapt4jException;

/** Thrown when CUDA is unavailable or a call fails. The message names the call and the error. */
public final class CudaException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  CudaException(String message) {
    super(message);
  }

  CudaException(String message, Throwable cause) {
    super(message, cause);
  }
}
