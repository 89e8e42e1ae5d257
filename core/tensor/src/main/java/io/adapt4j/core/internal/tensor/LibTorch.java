package io.adapt4j.core.internal.tensor;

import ai.djl.util.Utils;
import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.CudaProbe;
import io.adapt4j.core.internal.NativeCache;
import io.adapt4j.core.internal.NativeCacheException;
import io.adapt4j.core.internal.NativePlatform;
import io.adapt4j.core.internal.tensor.host.ComputeThreads;
import io.adapt4j.core.internal.tensor.host.HostAllocator;
import io.adapt4j.core.internal.tensor.host.WaitPolicy;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * Starts DJL's PyTorch engine and calls its native layer.
 *
 * <p>All calls go through one TorchScript module ({@link ScriptArchive}), so dtypes are plain
 * integers that libtorch itself validates: DJL's own dtype table, which crashes the process on
 * bfloat16, is never used. The natives are called through method handles, because DJL's public
 * methods either run in inference mode, whose tensors can never be differentiated, or wrap every
 * value in an {@code NDArray} with a manager.
 */
final class LibTorch {

  private static final String NATIVES = "ai.djl.pytorch.jni.PyTorchLibrary";

  /** Never fails on initialization: an error is thrown at every call, not only at the first one. */
  private static final Natives BINDING = Natives.start();

  private static final MethodHandle RUN =
      BINDING.find(
          "moduleRunMethod",
          long.class,
          long.class,
          String.class,
          long[].class,
          boolean.class,
          boolean.class);
  private static final MethodHandle TENSOR_TO_VALUE =
      BINDING.find("iValueFromTensor", long.class, long.class);
  private static final MethodHandle TENSORS_TO_VALUE =
      BINDING.find("iValueFromTensorList", long.class, long[].class);
  private static final MethodHandle LONG_TO_VALUE =
      BINDING.find("iValueFromLong", long.class, long.class);
  private static final MethodHandle LONGS_TO_VALUE =
      BINDING.find("iValueFromLongList", long.class, long[].class);
  private static final MethodHandle DOUBLE_TO_VALUE =
      BINDING.find("iValueFromDouble", long.class, double.class);
  private static final MethodHandle DOUBLES_TO_VALUE =
      BINDING.find("iValueFromDoubleList", long.class, double[].class);
  private static final MethodHandle BOOL_TO_VALUE =
      BINDING.find("iValueFromBool", long.class, boolean.class);
  private static final MethodHandle STRING_TO_VALUE =
      BINDING.find("iValueFromString", long.class, String.class);
  private static final MethodHandle VALUE_TO_TENSOR =
      BINDING.find("iValueToTensor", long.class, long.class);
  private static final MethodHandle VALUE_TO_TENSORS =
      BINDING.find("iValueToTensorList", long[].class, long.class);
  private static final MethodHandle VALUE_TO_LONG =
      BINDING.find("iValueToLong", long.class, long.class);
  private static final MethodHandle VALUE_TO_DOUBLE =
      BINDING.find("iValueToDouble", double.class, long.class);
  private static final MethodHandle DELETE_VALUE =
      BINDING.find("torchDeleteIValue", void.class, long.class);
  private static final MethodHandle DELETE_TENSOR =
      BINDING.find("torchDeleteTensor", void.class, long.class);
  private static final MethodHandle SIZES = BINDING.find("torchSizes", long[].class, long.class);
  private static final MethodHandle IS_CONTIGUOUS =
      BINDING.find("torchIsContiguous", boolean.class, long.class);
  private static final MethodHandle DIRECT_BUFFER =
      BINDING.find("torchDirectByteBuffer", ByteBuffer.class, long.class);
  private static final MethodHandle DEVICE = BINDING.find("torchDevice", int[].class, long.class);
  private static final MethodHandle SET_GRAD_MODE =
      BINDING.find("torchSetGradMode", void.class, boolean.class);
  private static final MethodHandle SET_EXECUTOR_OPTIMIZE =
      BINDING.find("setGraphExecutorOptimize", void.class, boolean.class);
  private static final MethodHandle MANUAL_SEED =
      BINDING.find("torchManualSeed", void.class, long.class);
  private static final MethodHandle GET_THREADS = BINDING.find("torchGetNumThreads", int.class);
  private static final MethodHandle SET_THREADS =
      BINDING.find("torchSetNumThreads", void.class, int.class);
  private static final MethodHandle LOAD_MODULE =
      BINDING.find(
          "moduleLoad",
          long.class,
          InputStream.class,
          int[].class,
          boolean.class,
          byte[].class,
          long.class);

  /**
   * Tracks which threads are set up: grad mode and executor settings are per thread in libtorch.
   */
  private static final ThreadLocal<Boolean> THREAD_READY = ThreadLocal.withInitial(() -> false);

  private LibTorch() {}

  /** Loads an archive of operators, which stays in memory; returns the module's handle. */
  static long load(byte[] archive) {
    int[] cpu = {0, -1};
    try {
      return (long)
          LOAD_MODULE.invokeExact(
              (InputStream) new ByteArrayInputStream(archive), cpu, false, new byte[1 << 16], -1L);
    } catch (Throwable e) {
      throw failure("load", e);
    }
  }

  /** DJL's native methods, or the reason they are missing. */
  private static final class Natives {

    private MethodHandles.Lookup lookup;
    private Class<?> type;
    private Object lib;
    private EngineException failure;

    private interface Step {
      void run() throws Throwable;
    }

    static Natives start() {
      Natives natives = new Natives();
      natives.attempt(LibTorch::startEngine);
      natives.attempt(natives::bind);
      return natives;
    }

    private void bind() throws Throwable {
      type = Class.forName(NATIVES);
      lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
      lib = lookup.findStaticGetter(type, "LIB", type).invoke();
    }

    /** Runs a step unless an earlier one has failed. */
    void attempt(Step step) {
      if (failure != null) {
        return;
      }
      try {
        step.run();
      } catch (EngineException e) {
        failure = e;
      } catch (Throwable e) {
        failure =
            new EngineException(
                "DJL's PyTorch natives could not be bound; Adapt4J needs pytorch-engine 0.36.0 and"
                    + " the matching pytorch-jni and pytorch-native artifacts on the class path: "
                    + e.getMessage(),
                e);
      }
    }

    MethodHandle find(String name, Class<?> result, Class<?>... arguments) {
      MethodHandle[] found = new MethodHandle[1];
      attempt(
          () ->
              found[0] =
                  lookup
                      .findVirtual(type, name, MethodType.methodType(result, arguments))
                      .bindTo(lib));
      return found[0];
    }
  }

  /** Starts the engine with DJL's usage reporting over the network disabled. */
  private static void startEngine() {
    if (System.getProperty("OPT_OUT_TRACKING") == null) {
      System.setProperty("OPT_OUT_TRACKING", "true");
    }
    Optional<String> problem = NativePlatform.problem();
    // A libtorch of the user's own, which DJL finds there, may run anywhere.
    if (problem.isPresent() && Utils.getEnvOrSystemProperty("PYTORCH_LIBRARY_PATH") == null) {
      throw new EngineException("libtorch was not loaded: " + problem.get());
    }
    try {
      NativeCache.prepare();
      WaitPolicy.prepare();
      HostAllocator.prepare();
      NativeCache.verifyTorch(LibTorch.class.getClassLoader());
      CudaProbe.without(() -> ai.djl.engine.Engine.getEngine("PyTorch"));
    } catch (NativeCacheException e) {
      throw new EngineException("libtorch was not loaded. " + e.getMessage(), e);
    } catch (RuntimeException | LinkageError | AssertionError e) {
      throw new EngineException(
          "DJL's PyTorch engine did not start: "
              + reasons(e)
              + ". Maven adds libtorch for the platform that it runs on; for another one, and with"
              + " Gradle, add ai.djl.pytorch:pytorch-native-cpu with the classifier of yours",
          e);
    }
  }

  /**
   * Returns the messages of a failure and its causes: the outermost says that it failed, an inner
   * one says why.
   */
  private static String reasons(Throwable failure) {
    StringBuilder reasons = new StringBuilder(String.valueOf(failure.getMessage()));
    for (Throwable at = failure.getCause(); at != null; at = at.getCause()) {
      if (at.getMessage() != null && reasons.indexOf(at.getMessage()) < 0) {
        reasons.append(": ").append(at.getMessage());
      }
    }
    return reasons.toString();
  }

  /** Runs a method of a loaded archive; returns the handle of the resulting tensor. */
  static long tensor(long module, String method, Object... arguments) {
    long value = call(module, method, arguments);
    try {
      return (long) VALUE_TO_TENSOR.invokeExact(value);
    } catch (Throwable e) {
      throw failure(method, e);
    } finally {
      deleteValue(value);
    }
  }

  static long[] tensors(long module, String method, Object... arguments) {
    long value = call(module, method, arguments);
    try {
      return (long[]) VALUE_TO_TENSORS.invokeExact(value);
    } catch (Throwable e) {
      throw failure(method, e);
    } finally {
      deleteValue(value);
    }
  }

  static double number(long module, String method, Object... arguments) {
    long value = call(module, method, arguments);
    try {
      return (double) VALUE_TO_DOUBLE.invokeExact(value);
    } catch (Throwable e) {
      throw failure(method, e);
    } finally {
      deleteValue(value);
    }
  }

  static long integer(long module, String method, Object... arguments) {
    long value = call(module, method, arguments);
    try {
      return (long) VALUE_TO_LONG.invokeExact(value);
    } catch (Throwable e) {
      throw failure(method, e);
    } finally {
      deleteValue(value);
    }
  }

  static void run(long module, String method, Object... arguments) {
    deleteValue(call(module, method, arguments));
  }

  private static long call(long module, String method, Object... arguments) {
    prepareThread();
    long[] values = new long[arguments.length];
    int made = 0;
    try {
      for (; made < arguments.length; made++) {
        values[made] = toValue(method, arguments[made]);
      }
      return (long) RUN.invokeExact(module, method, values, true, false);
    } catch (Throwable e) {
      throw failure(method, e);
    } finally {
      for (int i = 0; i < made; i++) {
        deleteValue(values[i]);
      }
    }
  }

  private static void prepareThread() {
    if (!THREAD_READY.get()) {
      ComputeThreads.start(threads());
      try {
        SET_GRAD_MODE.invokeExact(false);
        // The profiling executor re-specializes on every new shape; plain interpretation does not.
        SET_EXECUTOR_OPTIMIZE.invokeExact(false);
      } catch (Throwable e) {
        throw failure("thread set-up", e);
      }
      THREAD_READY.set(true);
    }
  }

  /** Handle of a libtorch tensor as an argument, without an owner. */
  record Handle(long address) {}

  private static long toValue(String method, Object argument) throws Throwable {
    if (argument instanceof Tensor tensor) {
      return (long) TENSOR_TO_VALUE.invokeExact(tensor.handle());
    }
    if (argument instanceof Handle tensor) {
      return (long) TENSOR_TO_VALUE.invokeExact(tensor.address());
    }
    if (argument instanceof Integer number) {
      return (long) LONG_TO_VALUE.invokeExact((long) number);
    }
    if (argument instanceof Long number) {
      return (long) LONG_TO_VALUE.invokeExact((long) number);
    }
    if (argument instanceof Double number) {
      return (long) DOUBLE_TO_VALUE.invokeExact((double) number);
    }
    if (argument instanceof Boolean flag) {
      return (long) BOOL_TO_VALUE.invokeExact((boolean) flag);
    }
    if (argument instanceof Tensor[] tensors) {
      return (long) TENSORS_TO_VALUE.invokeExact(handles(List.of(tensors)));
    }
    if (argument instanceof List<?> tensors) {
      return (long) TENSORS_TO_VALUE.invokeExact(handles(tensors));
    }
    if (argument instanceof long[] numbers) {
      return (long) LONGS_TO_VALUE.invokeExact(numbers);
    }
    if (argument instanceof double[] numbers) {
      return (long) DOUBLES_TO_VALUE.invokeExact(numbers);
    }
    if (argument instanceof String text) {
      return (long) STRING_TO_VALUE.invokeExact(text);
    }
    if (argument instanceof DType type) {
      return (long) LONG_TO_VALUE.invokeExact((long) type.code());
    }
    throw new IllegalArgumentException("Operator " + method + " got an argument " + argument);
  }

  private static long[] handles(List<?> tensors) {
    long[] handles = new long[tensors.size()];
    for (int i = 0; i < handles.length; i++) {
      handles[i] = ((Tensor) tensors.get(i)).handle();
    }
    return handles;
  }

  static long[] sizes(long handle) {
    try {
      return (long[]) SIZES.invokeExact(handle);
    } catch (Throwable e) {
      throw failure("sizes", e);
    }
  }

  static boolean isContiguous(long handle) {
    try {
      return (boolean) IS_CONTIGUOUS.invokeExact(handle);
    } catch (Throwable e) {
      throw failure("is_contiguous", e);
    }
  }

  static ByteBuffer directBuffer(long handle) {
    try {
      return ((ByteBuffer) DIRECT_BUFFER.invokeExact(handle)).order(ByteOrder.nativeOrder());
    } catch (Throwable e) {
      throw failure("data", e);
    }
  }

  /** Returns ATen's device type: 0 for the CPU, 1 for CUDA. */
  static int deviceKind(long handle) {
    try {
      return ((int[]) DEVICE.invokeExact(handle))[0];
    } catch (Throwable e) {
      throw failure("device", e);
    }
  }

  static void deleteTensor(long handle) {
    try {
      DELETE_TENSOR.invokeExact(handle);
    } catch (Throwable e) {
      throw failure("close", e);
    }
  }

  private static void deleteValue(long value) {
    try {
      DELETE_VALUE.invokeExact(value);
    } catch (Throwable e) {
      throw failure("close", e);
    }
  }

  static void seed(long seed) {
    try {
      MANUAL_SEED.invokeExact(seed);
    } catch (Throwable e) {
      throw failure("seed", e);
    }
  }

  static int threads() {
    try {
      return (int) GET_THREADS.invokeExact();
    } catch (Throwable e) {
      throw failure("threads", e);
    }
  }

  static void threads(int count) {
    try {
      SET_THREADS.invokeExact(count);
    } catch (Throwable e) {
      throw failure("threads", e);
    }
  }

  private static RuntimeException failure(String method, Throwable cause) {
    EngineException start = BINDING.failure;
    if (start != null) {
      return new EngineException(start.getMessage(), start.getCause());
    }
    if (cause instanceof Error error) {
      throw error;
    }
    if (cause instanceof EngineException || cause instanceof IllegalStateException) {
      return (RuntimeException) cause;
    }
    return new EngineException("Operator " + method + " failed: " + reason(cause), cause);
  }

  /** Extracts the reason from the interpreter's long trace: the line after "RuntimeError:". */
  private static String reason(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    int at = message.lastIndexOf("RuntimeError: ");
    return at < 0 ? message : message.substring(at + "RuntimeError: ".length()).strip();
  }
}
