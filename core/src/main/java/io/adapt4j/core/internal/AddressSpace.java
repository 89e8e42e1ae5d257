package io.adapt4j.core.internal;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.adapt4j.core.exception.EngineException;
import java.util.function.BooleanSupplier;

/**
 * The addresses that this process may use ({@code ulimit -v} on Linux). Native libraries that end
 * the process where they get no memory are asked for nothing that there is no room for.
 */
public final class AddressSpace {

  private static final int RLIMIT_STACK = 3;
  private static final int RLIMIT_AS = 9;
  private static final int PROT_NONE = 0;
  private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
  private static final long MAP_FAILED = -1;

  /** A thread's stack where the process has no limit on it. */
  private static final long DEFAULT_STACK = 8 << 20;

  /** What starting a thread takes beside its stack. */
  private static final long BESIDE_STACK = 256 << 10;

  /** Asked once, since the answer is needed for every text. */
  private static final boolean LIMITED =
      System.getProperty("os.name").equals("Linux") && limit(RLIMIT_AS) >= 0;

  private AddressSpace() {}

  /** {@return whether the process could use only some addresses when this was first asked} */
  public static boolean isLimited() {
    return LIMITED;
  }

  /** Checks that the C library would give memory, where addresses are limited. */
  public static void requireMemory(long bytes, String use) {
    if (isLimited()) {
      require(() -> isGiven(bytes), bytes, use);
    }
  }

  /** Checks that there is room for the stacks of threads, where addresses are limited. */
  public static void requireStacks(int threads, String use) {
    if (isLimited()) {
      long limit = limit(RLIMIT_STACK);
      long bytes = threads * ((limit < 0 ? DEFAULT_STACK : limit) + BESIDE_STACK);
      require(() -> isFree(bytes), bytes, use);
    }
  }

  /** What the C library keeps of freed memory may be in the way. */
  private static void require(BooleanSupplier found, long bytes, String use) {
    if (!found.getAsBoolean() && ((int) call("malloc_trim", 0L) == 0 || !found.getAsBoolean())) {
      throw new EngineException(
          "There is no memory for "
              + use
              + ", which takes up to "
              + bytes
              + " bytes. Free some, or raise the limit on the process's addresses (ulimit -v)");
    }
  }

  /** A limit on the process in bytes, negative where there is none. */
  private static long limit(int which) {
    try (Memory limits = new Memory(2L * Long.BYTES)) {
      limits.clear();
      return (int) call("getrlimit", which, limits) == 0 ? limits.getLong(0) : -1;
    }
  }

  private static boolean isGiven(long bytes) {
    long at = call("malloc", bytes);
    if (at != 0) {
      free(at);
    }
    return at != 0;
  }

  private static boolean isFree(long bytes) {
    long at = call("mmap", Pointer.NULL, bytes, PROT_NONE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
    return at != MAP_FAILED && (int) call("munmap", new Pointer(at), bytes) == 0;
  }

  private static void free(long address) {
    NativeLibrary.getProcess().getFunction("free").invokeVoid(new Object[] {new Pointer(address)});
  }

  private static long call(String name, Object... arguments) {
    return NativeLibrary.getProcess().getFunction(name).invokeLong(arguments);
  }
}
