package io.adapt4j.core.internal;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.adapt4j.core.exception.EngineException;
import java.util.function.BooleanSupplier;

/**
 * Limit on this process's address space ({@code ulimit -v} on Linux). Native libraries that abort
 * the process when an allocation fails are only called after checking that there is room.
 */
public final class AddressSpace {

  private static final int RLIMIT_STACK = 3;
  private static final int RLIMIT_AS = 9;
  private static final int PROT_NONE = 0;
  private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
  private static final long MAP_FAILED = -1;

  /** Stack size of a thread when the process has no stack limit. */
  private static final long DEFAULT_STACK = 8 << 20;

  /** Bytes needed to start a thread, in addition to its stack. */
  private static final long BESIDE_STACK = 256 << 10;

  /** Cached, since it is needed for every text. */
  private static final boolean LIMITED =
      System.getProperty("os.name").equals("Linux") && limit(RLIMIT_AS) >= 0;

  private AddressSpace() {}

  /** {@return whether the address space was limited when this class was loaded} */
  public static boolean isLimited() {
    return LIMITED;
  }

  /** Checks that the C library can allocate this much memory, if the address space is limited. */
  public static void requireMemory(long bytes, String use) {
    if (isLimited()) {
      require(() -> isGiven(bytes), bytes, use);
    }
  }

  /** Checks that there is room for the stacks of threads, if the address space is limited. */
  public static void requireStacks(int threads, String use) {
    if (isLimited()) {
      long limit = limit(RLIMIT_STACK);
      long bytes = threads * ((limit < 0 ? DEFAULT_STACK : limit) + BESIDE_STACK);
      require(() -> isFree(bytes), bytes, use);
    }
  }

  /**
   * Retries once after {@code malloc_trim}: freed memory that the C library keeps may occupy the
   * space.
   */
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

  /** Returns a resource limit of the process in bytes; negative if there is none. */
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
