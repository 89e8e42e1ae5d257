package io.adapt4j.kernels.internal.cuda;

/** Converts the driver's statuses to exceptions that name the call, the error and its text. */
record DriverCalls(Driver driver) {

  static final int OUT_OF_MEMORY = 2;

  /** Checks a call. */
  void check(int status, String call) {
    if (status != 0) {
      throw new CudaException(call + ": " + describe(status));
    }
  }

  /** Returns the name, number and text of a status. */
  String describe(int status) {
    String name = driver.errorName(status);
    String text = driver.errorText(status);
    return (name == null ? "an error unknown to the driver" : name)
        + " ("
        + status
        + (text == null ? "" : ", " + text)
        + ")";
  }

  /** Allocates memory. */
  long allocate(long bytes) {
    long[] address = new long[1];
    int status = driver.allocate(address, bytes);
    if (status == OUT_OF_MEMORY) {
      throw new CudaException(
          "cuMemAlloc: %s: asked for %d bytes%s. Free memory on the device, or load a smaller model."
              .formatted(describe(status), bytes, memory()));
    }
    check(status, "cuMemAlloc of " + bytes + " bytes");
    return address[0];
  }

  private String memory() {
    long[] memory = new long[2];
    return driver.memory(memory) == 0
        ? ", of " + memory[1] + " bytes " + memory[0] + " are free"
        : "";
  }
}
