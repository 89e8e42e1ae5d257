package io.adapt4j.core.internal.tensor;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.adapt4j.core.exception.EngineException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that libtorch computes with beside one of Java. Its OpenMP runtime starts them for
 * each thread of Java that computes, and ends the process where it cannot. Where the addresses of
 * the process are limited ({@code ulimit -v}) they are started before the thread computes anything,
 * and only if there is room for them.
 */
final class ComputeThreads {

  private static final Logger LOG = LoggerFactory.getLogger(ComputeThreads.class);

  /** Numbers of Linux on all processors that libtorch comes for. */
  private static final int RLIMIT_STACK = 3;

  private static final int RLIMIT_AS = 9;
  private static final int PROT_NONE = 0;
  private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
  private static final long MAP_FAILED = -1;

  /** A thread's stack where the process has no limit on it. */
  private static final long DEFAULT_STACK = 8 << 20;

  /** What starting a thread takes beside its stack. */
  private static final long BESIDE_STACK = 256 << 10;

  private static final Optional<ComputeThreads> CURRENT = find();

  private final Function parallel;
  private final Pointer nothing;
  private final NativeLibrary process;

  private ComputeThreads(Function parallel, NativeLibrary process) {
    this.parallel = parallel;
    this.process = process;
    this.nothing = process.getFunction("sched_yield");
  }

  private static Optional<ComputeThreads> find() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Optional.empty();
    }
    try {
      Optional<String> runtime = runtime();
      return runtime.map(
          file ->
              new ComputeThreads(
                  NativeLibrary.getInstance(file).getFunction("GOMP_parallel"),
                  NativeLibrary.getProcess()));
    } catch (IOException | RuntimeException | LinkageError e) {
      LOG.debug("the threads of libtorch are not known", e);
      return Optional.empty();
    }
  }

  /** The file of the runtime that libtorch has loaded. */
  private static Optional<String> runtime() throws IOException {
    try (Stream<String> maps =
        Files.lines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
      return maps.filter(line -> line.contains("/libgomp"))
          .map(line -> line.substring(line.indexOf('/')))
          .findFirst();
    }
  }

  /**
   * Starts the threads that compute beside this one, where the process might have no room for them.
   *
   * @param threads all that libtorch computes with, this one among them
   * @throws EngineException if there is no room for them
   */
  static void start(int threads) {
    if (threads > 1 && CURRENT.isPresent()) {
      synchronized (ComputeThreads.class) {
        CURRENT.get().startOthers(threads - 1);
      }
    }
  }

  private void startOthers(int count) {
    if (limit(RLIMIT_AS) < 0) {
      return;
    }
    long stack = limit(RLIMIT_STACK);
    long bytes = count * ((stack < 0 ? DEFAULT_STACK : stack) + BESIDE_STACK);
    if (!isFree(bytes)) {
      throw new EngineException(
          "There is no memory for the "
              + count
              + " threads that libtorch computes with beside '"
              + Thread.currentThread().getName()
              + "': their stacks take "
              + bytes
              + " bytes. Raise the limit on the process's addresses (ulimit -v), or set"
              + " OMP_NUM_THREADS=1");
    }
    parallel.invokeVoid(new Object[] {nothing, Pointer.NULL, count + 1, 0});
  }

  /** A limit on the process in bytes, negative where there is none. */
  private long limit(int which) {
    try (Memory limits = new Memory(2L * Long.BYTES)) {
      limits.clear();
      int failed = process.getFunction("getrlimit").invokeInt(new Object[] {which, limits});
      return failed == 0 ? limits.getLong(0) : -1;
    }
  }

  private boolean isFree(long bytes) {
    long at =
        process
            .getFunction("mmap")
            .invokeLong(
                new Object[] {
                  Pointer.NULL, bytes, PROT_NONE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L
                });
    if (at == MAP_FAILED) {
      return false;
    }
    process.getFunction("munmap").invokeInt(new Object[] {new Pointer(at), bytes});
    return true;
  }
}
