package io.adapt4j.kernels.internal.cuda;

/** CUDA is not there, or refused a call. The message names the call and what was wrong. */
public final class CudaException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  CudaException(String message) {
    super(message);
  }

  CudaException(String message, Throwable cause) {
    super(message, cause);
  }
}
