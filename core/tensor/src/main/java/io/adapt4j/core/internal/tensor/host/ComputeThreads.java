package io.adapt4j.core.internal.tensor.host;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.adapt4j.core.internal.AddressSpace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts libtorch's worker threads in advance. Its OpenMP runtime starts them for each Java thread
 * that computes, and ends the process if that fails. If the address space of the process is
 * limited, they are therefore started before the thread computes anything, and only if there is
 * room.
 */
public final class ComputeThreads {

  private static final Logger LOG = LoggerFactory.getLogger(ComputeThreads.class);

  private ComputeThreads() {}

  /** Function {@code GOMP_parallel} of the runtime that libtorch has loaded. */
  private static final class OpenMp {

    private static final Optional<Function> PARALLEL = find();

    private static Optional<Function> find() {
      try (Stream<String> maps =
          Files.lines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
        return maps.filter(line -> line.contains("/libgomp"))
            .map(line -> line.substring(line.indexOf('/')))
            .findFirst()
            .map(file -> NativeLibrary.getInstance(file).getFunction("GOMP_parallel"));
      } catch (IOException | RuntimeException | LinkageError e) {
        LOG.debug("the threads of libtorch are not known", e);
        return Optional.empty();
      }
    }
  }

  /** Starts the worker threads of this thread if the process might have no room for them later. */
  public static void start(int threads) {
    if (threads > 1 && AddressSpace.isLimited() && OpenMp.PARALLEL.isPresent()) {
      startOthers(OpenMp.PARALLEL.get(), threads - 1);
    }
  }

  /** Synchronized, since each start uses up room that the next one checks for. */
  private static synchronized void startOthers(Function parallel, int count) {
    AddressSpace.requireStacks(
        count,
        "the threads that libtorch computes with beside '"
            + Thread.currentThread().getName()
            + "'");
    Pointer nothing = NativeLibrary.getProcess().getFunction("sched_yield");
    parallel.invokeVoid(new Object[] {nothing, Pointer.NULL, count + 1, 0});
  }
}
