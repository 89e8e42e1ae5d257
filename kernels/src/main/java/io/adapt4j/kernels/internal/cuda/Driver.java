package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;

/**
 * The required calls of the CUDA driver API. Each returns the driver's status, 0 for success, and
 * writes its results to the first entries of an array. Handles and addresses are plain numbers.
 * {@link DriverCalls} interprets statuses.
 */
interface Driver {

  int init();

  int driverVersion(int[] version);

  int deviceCount(int[] count);

  int deviceName(int device, String[] name);

  int capability(int device, int[] majorAndMinor);

  int retainPrimaryContext(int device, long[] context);

  int setCurrent(long context);

  int memory(long[] freeAndTotal);

  int allocate(long[] address, long bytes);

  int free(long address);

  /** Copies a direct buffer's remaining bytes. */
  int upload(long target, ByteBuffer source);

  /** Fills a direct buffer's remaining bytes. */
  int download(ByteBuffer target, long source);

  /** Loads PTX, ended by a zero byte, or a binary. */
  int loadModule(long[] module, byte[] image);

  int function(long[] function, long module, String name);

  /** Launches on the default stream; each argument is at the start of its eight bytes. */
  int launch(long function, int columns, int rows, int threads, long[] arguments);

  int synchronize();

  /** Returns the name of a status, or null. */
  String errorName(int status);

  /** Returns the description of a status, or null. */
  String errorText(int status);
}
